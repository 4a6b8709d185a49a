metadata description = 'The types of the parameters. A value outside these types is refused before anything is created.'

@export()
@description('An Azure region of the public cloud, as templates spell it: westeurope. Whether it offers Flex Consumption and the redundancy is for the deployment to check.')
type region =
  | 'australiaeast'
  | 'australiasoutheast'
  | 'austriaeast'
  | 'belgiumcentral'
  | 'brazilsouth'
  | 'canadacentral'
  | 'canadaeast'
  | 'centralindia'
  | 'centralus'
  | 'chilecentral'
  | 'denmarkeast'
  | 'eastasia'
  | 'eastus'
  | 'eastus2'
  | 'francecentral'
  | 'germanywestcentral'
  | 'indonesiacentral'
  | 'israelcentral'
  | 'italynorth'
  | 'japaneast'
  | 'japanwest'
  | 'koreacentral'
  | 'malaysiawest'
  | 'mexicocentral'
  | 'newzealandnorth'
  | 'northcentralus'
  | 'northeurope'
  | 'norwayeast'
  | 'polandcentral'
  | 'qatarcentral'
  | 'southafricanorth'
  | 'southcentralus'
  | 'southeastasia'
  | 'southindia'
  | 'spaincentral'
  | 'swedencentral'
  | 'switzerlandnorth'
  | 'switzerlandwest'
  | 'uaenorth'
  | 'uksouth'
  | 'ukwest'
  | 'westcentralus'
  | 'westeurope'
  | 'westus'
  | 'westus2'
  | 'westus3'

@export()
@description('How a storage account is copied inside its region. Geo-redundant kinds copy to another region, so there are none.')
type redundancy = 'Standard_LRS' | 'Standard_ZRS'

@export()
@description('The two retention limits in whole hours. They can be shortened, never lengthened.')
type retention = {
  @description('A document is erased at most this long after its processing ended: 1 to 24 hours.')
  @minValue(1)
  @maxValue(24)
  processedHours: int

  @description('A document is erased at most this long after its upload: 1 to 48 hours.')
  @minValue(1)
  @maxValue(48)
  unprocessedHours: int
}

@export()
@description('How long each log is kept: 30 to 730 days.')
type logDays = {
  @description('What the program and its host log: ids, counts, times and codes. No document, no address.')
  @minValue(30)
  @maxValue(730)
  program: int

  @description('Who read, wrote and deleted in storage. Personal data: it holds the addresses of callers.')
  @minValue(30)
  @maxValue(730)
  access: int

  @description('Who used the vault. Personal data: it holds the addresses of callers.')
  @minValue(30)
  @maxValue(730)
  vault: int
}

@export()
@description('Instances that are kept running and billed while idle.')
type alwaysReady = {
  @description('For the interface: 0 to 20. More than 0 spares the first caller after a pause a start of some seconds.')
  @minValue(0)
  @maxValue(20)
  http: int

  @description('For documents that arrive: 0 to 20. With 0 the platform may not start the blob trigger for the first time.')
  @minValue(0)
  @maxValue(20)
  documents: int
}

@export()
@description('Size and number of instances.')
type instances = {
  @description('2048 MB has one core and reads one page at a time, 4096 MB two. A worker does not fit into 512 MB.')
  memoryMB: 2048 | 4096

  @description('Most instances of a group of functions: 40 to 1000.')
  @minValue(40)
  @maxValue(1000)
  maximum: int
}

@export()
@description('A public IPv4 range in CIDR form, for example 203.0.113.0/24.')
@minLength(9)
@maxLength(18)
type addressRange = string

@export()
@description('Tags on every resource that can have them.')
type stampTags = {
  workload: string
  env: string
  region: string
  owner: string
  'data-class': string
  'retention-days': string
  commit: string
}

@export()
@description('What the accounts accept from the network.')
type storageNetwork = {
  @description('Only private endpoints and the address ranges may connect.')
  closed: bool

  @description('Public ranges that may connect to a closed account.')
  addresses: addressRange[]
}

@export()
@description('A key of the customer that wraps the keys of the accounts.')
type wrappingKey = {
  @description('Id of the identity that may use the key.')
  identityId: string

  @description('URI of the vault.')
  vaultUri: string

  @description('Name of the key. No version is named, so a rotation is followed.')
  keyName: string
}

@export()
@description('Further settings of the program, by their whole names. No secret belongs here.')
type programSettings = {
  @description('One setting, for example LETHE_OIDC_ISSUER.')
  *: string
}
