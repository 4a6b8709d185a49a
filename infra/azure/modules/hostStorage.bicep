metadata description = 'The account of the Functions host: package, leases, timers, function keys. No document is in it.'

import { redundancy, stampTags, wrappingKey } from '../types.bicep'

@description('Name of the account.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Copies inside the region.')
param sku redundancy

@description('Container of the deployed package.')
param packages string

@description('Only private endpoints may connect.')
param closed bool

@description('The customer\'s key, if there is one.')
param key wrappingKey?

module account 'account.bicep' = {
  name: 'host-account'
  params: {
    name: name
    location: location
    tags: tags
    sku: sku
    containers: [packages]
    // Clients have no business here, whatever their address.
    network: { closed: closed, addresses: [] }
    key: key
  }
}
