metadata description = 'The topic of the account\'s events, with an identity of its own for what it writes.'

import { stampTags } from '../types.bicep'

@description('Name of the topic.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Name of the account of documents.')
param documentsName string

@description('Container of events that could not be delivered.')
param deadLetters string

@description('Queue that events travel by, if no webhook can be reached.')
param queueName string?

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var queueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'

resource documents 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: documentsName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = { name: deadLetters }
  }

  resource queues 'queueServices' existing = {
    name: 'default'

    resource queue 'queues' existing = { name: queueName ?? 'none' }
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  // Only a system-assigned identity passes the firewall of a closed account.
  identity: { type: 'SystemAssigned' }
  properties: {
    source: documents.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

// An event that no attempt could deliver is written where only this topic writes. It holds the name of a blob.
resource deadLetter 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: documents::blobs::container
  name: guid(documents.id, deadLetters, topic.id, blobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

// With the network closed nothing calls into the app: events wait in this queue.
resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (queueName != null) {
  scope: documents::queues::queue
  name: guid(documents.id, queueName ?? 'none', topic.id, queueDataMessageSender)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
  }
}
