metadata name = 'Lethe: the stamp of one region'
metadata description = 'Everything one region needs, in one resource group. No stamp reads another one\'s data.'

targetScope = 'resourceGroup'

import { addressRange, alwaysReady, instances, logDays, programSettings, redundancy, region as azureRegion, retention } from 'types.bicep'

@description('Region of the stamp, which must be that of its resource group. Example: westeurope.')
param region azureRegion

@description('Address that alerts are sent to. Example: operations@example.org.')
@minLength(6)
@maxLength(254)
param alertEmail string

@description('Short name of the installation, 3 to 8 small letters and digits. Every name contains it. Example: lethe.')
@minLength(3)
@maxLength(8)
param workload string = 'lethe'

@description('What the stamp is for.')
param env 'prod' | 'test' = 'prod'

@description('Who answers for the stamp; a tag.')
@minLength(1)
@maxLength(64)
param owner string = 'operations'

@description('Version of the package that is deployed; a tag.')
@minLength(1)
@maxLength(64)
param commit string = 'none'

@description('Copies of storage: three zones of the region, or one data centre where a region has no zones.')
param storageRedundancy redundancy = 'Standard_ZRS'

@description('The two retention limits.')
param clocks retention = { processedHours: 24, unprocessedHours: 48 }

@description('Days that each log is kept.')
param logRetention logDays = { program: 30, access: 30, vault: 30 }

@description('Most gigabytes that are logged a day.')
@minValue(1)
@maxValue(100)
param dailyQuotaGb int = 5

@description('Private endpoints for storage, app and vault. Storage is then closed to the internet.')
param privateNetwork bool = false

@description('Address range of the private network, a /24 that overlaps no network it is joined with.')
param networkPrefix string = '10.90.0.0/24'

@description('A key of your own in the stamp\'s vault wraps the keys of both accounts. It cannot be switched off again.')
param customerKey bool = false

@description('Instances that are kept running.')
param ready alwaysReady = { http: 0, documents: 1 }

@description('Size and number of instances.')
param size instances = { memoryMB: 2048, maximum: 40 }

@description('Ranges that clients call from. They filter the app, and storage if there is a private network. Empty means everybody.')
@maxLength(100)
param allowedAddresses addressRange[] = []

@description('Id of the first application. Only its secret\'s hash is deployed.')
@maxLength(64)
param bootstrapApp string = ''

@description('SHA-256 of the first application\'s secret, 64 hex digits.')
@maxLength(64)
param bootstrapHash string = ''

@description('A new signing key for receipts. Empty leaves the one in the vault.')
@secure()
param signingKey string = ''

@description('While the signing key is replaced: the URI of its old version in the vault, as the secret\'s resource shows it. Nobody has to read the key.')
@maxLength(200)
param previousKeyUri string = ''

@description('Keep documents that made the engine fail until their deadline, so that two reviewers can look at them in a recorded case.')
param review bool = false

@description('Give the scopes operator, auditor and reviewer to secrets of applications too. Without it they come in tokens of an OpenID Connect issuer only.')
param rolesBySecret bool = false

@description('Tell applications at addresses of theirs what became of their tasks. Ids and times may then leave the region.')
param webhooks bool = false

@description('Origin of the page for people, whose scripts may send documents to storage: the address of the app, or your own name for it, without a slash at its end. Empty for no page.')
@maxLength(200)
param pageOrigin string = ''

@description('Further settings of the program, for example { LETHE_OIDC_ISSUER: \'https://login.example.org\' }. What the stamp itself sets, it keeps.')
param settings programSettings = {}

@description('Where the resource group lies. It is compared with the region; leave it out.')
param groupLocation string = resourceGroup().location

// A stamp that lay elsewhere than its group would be half in one region and half in another.
var location = groupLocation == region
  ? region
  : fail('region is ${region}, but the resource group lies in ${groupLocation}: make the group in ${region}')

// What no type can say.
var email = contains(alertEmail, '@')
  ? alertEmail
  : fail('alertEmail is no address; an example is operations@example.org')
var short = toLower(workload) == workload && !contains(workload, '-') && !contains(workload, '_')
  ? workload
  : fail('workload goes into names that take small letters and digits only; an example is lethe')
var firstApp = (empty(bootstrapApp) ? 0 : 64) == length(bootstrapHash)
  ? bootstrapApp
  : fail('bootstrapApp and bootstrapHash come together; the hash is SHA-256 in 64 hex digits')

var origin = empty(pageOrigin) || (startsWith(pageOrigin, 'https://') && length(split(pageOrigin, '/')) == 3 && !contains(
    pageOrigin,
    '*'
  ))
  ? pageOrigin
  : fail('pageOrigin is no origin; an example is https://ocr.example.org')

var strange = filter(items(settings), item => !startsWith(item.key, 'LETHE_'))
var further = empty(strange)
  ? settings
  : fail('settings holds ${strange[0].key}: names of the program\'s settings begin with LETHE_')

var base = '${short}-${env}-${region}'
var unique = take(uniqueString(subscription().id, base), 11)
var documentsName = 'st${short}doc${unique}'
var hostName = 'st${short}run${unique}'
var vaultName = 'kv-${short}-${unique}'
var appName = 'func-${short}-${unique}'
var identityName = 'id-${base}'
var keyIdentityName = 'id-${base}-key'
var workspaceName = 'log-${base}'
var insightsName = 'appi-${base}'
var topicName = 'egst-${base}'
var networkName = 'vnet-${base}'
var keyName = 'storage'
var secretName = 'signing-key'
var previousKey = empty(previousKeyUri) || (startsWith(previousKeyUri, 'https://${vaultName}.') && contains(
    previousKeyUri,
    '/secrets/${secretName}/'
  ))
  ? previousKeyUri
  : fail('previousKeyUri names no version of ${secretName} in ${vaultName}')

var tags = {
  workload: short
  env: env
  region: region
  owner: owner
  'data-class': 'confidential'
  'retention-days': string((clocks.unprocessedHours + 23) / 24)
  commit: commit
}

// What the program itself uses.
var deadLetters = 'deadletters'
var containers = ['uploads', 'work', 'results', deadLetters, 'ledger']
var queues = concat(['ocr-requeue', 'webjobs-blobtrigger-poison'], webhooks ? ['notify'] : [])
var tables = [
  'accesslog'
  'applications'
  'cases'
  'deliveries'
  'due'
  'idempotency'
  'parts'
  'pending'
  'receipts'
  'state'
  'tasks'
  'usage'
  'webhooks'
]
var packages = 'packages'
var eventQueue = 'ocr-requeue'

var key = customerKey
  ? {
      identityId: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', keyIdentityName)
      vaultUri: 'https://${vaultName}${environment().suffixes.keyvaultDns}'
      keyName: keyName
    }
  : null

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: identityName, location: location, tags: tags }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    closed: privateNetwork
    purgeProtection: customerKey
    secretName: secretName
    signingKey: signingKey
  }
}

module wrapping 'modules/customerKey.bicep' = if (customerKey) {
  name: 'customer-key'
  dependsOn: [vault]
  params: {
    vaultName: vaultName
    keyName: keyName
    identityName: keyIdentityName
    location: location
    tags: tags
  }
}

module documents 'modules/documents.bicep' = {
  name: 'documents'
  dependsOn: [wrapping]
  params: {
    name: documentsName
    location: location
    tags: tags
    sku: storageRedundancy
    clocks: clocks
    containers: containers
    deadLetters: deadLetters
    queues: queues
    tables: tables
    network: { closed: privateNetwork, addresses: allowedAddresses }
    key: key
    pageOrigin: origin
  }
}

module hostStorage 'modules/hostStorage.bicep' = {
  name: 'host-storage'
  dependsOn: [wrapping]
  params: {
    name: hostName
    location: location
    tags: tags
    sku: storageRedundancy
    packages: packages
    closed: privateNetwork
    key: key
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: workspaceName
    insightsName: insightsName
    location: location
    tags: tags
    days: logRetention
    dailyQuotaGb: dailyQuotaGb
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  dependsOn: [identity, documents, hostStorage, vault, monitoring]
  params: {
    identityName: identityName
    documentsName: documentsName
    hostName: hostName
    vaultName: vaultName
    insightsName: insightsName
    containers: containers
    tables: tables
  }
}

module topic 'modules/eventTopic.bicep' = {
  name: 'event-topic'
  dependsOn: [documents]
  params: {
    name: topicName
    location: location
    tags: tags
    documentsName: documentsName
    deadLetters: deadLetters
    queueName: privateNetwork ? eventQueue : null
  }
}

module diagnostics 'modules/diagnostics.bicep' = {
  name: 'diagnostics'
  dependsOn: [documents, hostStorage, monitoring, topic, vault]
  params: {
    workspaceName: workspaceName
    documentsName: documentsName
    hostName: hostName
    vaultName: vaultName
    topicName: topicName
  }
}

var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  sites: 'privatelink.azurewebsites.net'
  vault: 'privatelink.vaultcore.azure.net'
}
var documentsId = resourceId('Microsoft.Storage/storageAccounts', documentsName)
var hostId = resourceId('Microsoft.Storage/storageAccounts', hostName)
var endpoints = [
  { name: 'documents-blob', target: documentsId, group: 'blob', zone: zones.blob }
  { name: 'documents-queue', target: documentsId, group: 'queue', zone: zones.queue }
  { name: 'documents-table', target: documentsId, group: 'table', zone: zones.table }
  { name: 'host-blob', target: hostId, group: 'blob', zone: zones.blob }
  { name: 'host-queue', target: hostId, group: 'queue', zone: zones.queue }
  { name: 'host-table', target: hostId, group: 'table', zone: zones.table }
  { name: 'vault', target: resourceId('Microsoft.KeyVault/vaults', vaultName), group: 'vault', zone: zones.vault }
]

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    name: networkName
    location: location
    tags: tags
    addressPrefix: networkPrefix
    zoneNames: map(items(zones), zone => zone.value)
  }
}

module endpoint 'modules/privateEndpoint.bicep' = [
  for item in endpoints: if (privateNetwork) {
    name: 'endpoint-${item.name}'
    dependsOn: [network, documents, hostStorage, vault]
    params: {
      name: 'pe-${base}-${item.name}'
      location: location
      tags: tags
      targetId: item.target
      group: item.group
      subnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'endpoints')
      zoneId: resourceId('Microsoft.Network/privateDnsZones', item.zone)
    }
  }
]

module functionApp 'modules/functionApp.bicep' = {
  name: 'function-app'
  // Without its roles the host does not start, and in a closed network it needs its way to storage first.
  dependsOn: [roles, endpoint]
  params: {
    planName: 'asp-${base}'
    name: appName
    location: location
    tags: tags
    identityName: identityName
    documentsName: documentsName
    hostName: hostName
    packages: packages
    insightsName: insightsName
    vaultName: vaultName
    secretName: secretName
    previousKeyUri: previousKey
    review: review
    rolesBySecret: rolesBySecret
    webhooks: webhooks
    page: !empty(origin)
    settings: further
    clocks: clocks
    bootstrapApp: firstApp
    bootstrapHash: bootstrapHash
    ready: ready
    documentsGroup: privateNetwork ? 'function:requeue' : 'blob'
    size: size
    subnetId: privateNetwork ? resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'app') : null
    addresses: allowedAddresses
    webhook: !privateNetwork
  }
}

module appEndpoint 'modules/privateEndpoint.bicep' = if (privateNetwork) {
  name: 'endpoint-app'
  dependsOn: [functionApp, network]
  params: {
    name: 'pe-${base}-app'
    location: location
    tags: tags
    targetId: resourceId('Microsoft.Web/sites', appName)
    group: 'sites'
    subnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'endpoints')
    zoneId: resourceId('Microsoft.Network/privateDnsZones', zones.sites)
  }
}

module changeAlerts 'modules/changeAlerts.bicep' = {
  name: 'change-alerts'
  // Otherwise the first deployment would raise each of them.
  dependsOn: [diagnostics, functionApp]
  params: { prefix: base, tags: tags, email: email }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  dependsOn: [changeAlerts, identity, monitoring, topic]
  params: {
    prefix: base
    location: location
    tags: tags
    actionGroupId: resourceId('Microsoft.Insights/actionGroups', '${base}-people')
    workspaceName: workspaceName
    topicName: topicName
    documentsName: documentsName
    identityName: identityName
  }
}

@description('Address of the interface.')
output endpoint string = 'https://${appName}.azurewebsites.net'

@description('Name of the function app.')
output appName string = appName

@description('Name of the account of documents.')
output documentsName string = documentsName

@description('Name of the account of the host.')
output hostName string = hostName

@description('Name of the vault.')
output vaultName string = vaultName

@description('Name of the secret that holds the signing key.')
output secretName string = secretName

@description('Name of the topic, for the second stage.')
output topicName string = topicName

@description('Name of the workspace.')
output workspaceName string = workspaceName

@description('Hours after an upload in which its event is of use, for the second stage.')
output unprocessedHours int = clocks.unprocessedHours

@description('Whether events travel by queue, for the second stage.')
output privateNetwork bool = privateNetwork
