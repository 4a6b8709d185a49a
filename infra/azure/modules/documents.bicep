metadata description = 'The account that holds documents for as long as they live, and what is known of them.'

import { redundancy, retention, stampTags, storageNetwork, wrappingKey } from '../types.bicep'

@description('Name of the account.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Copies inside the region.')
param sku redundancy

@description('The two retention limits.')
param clocks retention

@description('Containers of the program.')
param containers string[]

@description('The container among them of events that could not be delivered.')
param deadLetters string

@description('Queues of the program.')
param queues string[]

@description('Tables of the program.')
param tables string[]

@description('Who may connect.')
param network storageNetwork

@description('The customer\'s key, if there is one.')
param key wrappingKey?

@description('Origin of the page, or empty.')
param pageOrigin string

module account 'account.bicep' = {
  name: 'documents-account'
  params: {
    name: name
    location: location
    tags: tags
    sku: sku
    containers: containers
    queues: queues
    tables: tables
    network: network
    key: key
    pageOrigin: pageOrigin
  }
}

resource documents 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: name
}

// The backstop of the program's own sweep. Rules count whole days, so each limit is rounded up: never before a document's
// deadline, and no later than whole days allow. Work and dead letters belong to documents that are not processed yet.
var unprocessedDays = (clocks.unprocessedHours + 23) / 24
var processedDays = (clocks.processedHours + 23) / 24
var nets = [
  { container: 'uploads', days: unprocessedDays }
  { container: 'work', days: unprocessedDays }
  { container: 'results', days: processedDays }
  { container: deadLetters, days: unprocessedDays }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = {
  parent: documents
  name: 'default'
  dependsOn: [account]
  properties: {
    policy: {
      rules: [
        for net in nets: {
          name: net.container
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              // An upload link can create either kind.
              blobTypes: ['blockBlob', 'appendBlob']
              prefixMatch: ['${net.container}/']
            }
            actions: {
              baseBlob: { delete: { daysAfterCreationGreaterThan: net.days } }
              // Nothing makes any. One that exists all the same goes with the first run after a day.
              snapshot: { delete: { daysAfterCreationGreaterThan: 1 } }
              version: { delete: { daysAfterCreationGreaterThan: 1 } }
            }
          }
        }
      ]
    }
  }
}
