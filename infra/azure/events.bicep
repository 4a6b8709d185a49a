metadata name = 'Lethe: the second stage'
metadata description = 'Sends the events of uploads to the app. It needs the deployed package: the host makes the key that is read here.'

targetScope = 'resourceGroup'

@description('Name of the topic: output topicName of the stamp.')
@minLength(3)
@maxLength(128)
param topicName string

@description('Name of the function app: output appName of the stamp.')
@minLength(2)
@maxLength(32)
param appName string

@description('Name of the account of documents: output documentsName of the stamp.')
@minLength(3)
@maxLength(24)
param documentsName string

@description('Events travel by queue, because Event Grid does not deliver to private endpoints: output privateNetwork of the stamp.')
param privateNetwork bool

@description('Hours after an upload in which its event is of use: output unprocessedHours of the stamp.')
@minValue(1)
@maxValue(48)
param unprocessedHours int = 48

resource documents 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: documentsName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

var filter = {
  includedEventTypes: ['Microsoft.Storage.BlobCreated']
  // With its slash: uploads2 would match without.
  subjectBeginsWith: '/blobServices/default/containers/uploads/'
  isSubjectCaseSensitive: true
  enableAdvancedFilteringOnArrays: false
  // Finished uploads only.
  advancedFilters: [{ operatorType: 'StringIn', key: 'data.api', values: ['PutBlob', 'PutBlockList'] }]
}
var deadLetter = {
  identity: { type: 'SystemAssigned' }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: documents.id, blobContainerName: 'deadletters' }
  }
}
var patience = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource webhook 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (!privateNetwork) {
  parent: topic
  name: 'uploads'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    filter: filter
    retryPolicy: patience
    deadLetterWithResourceIdentity: deadLetter
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.name}.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions.ocr&code=${listKeys('${app.id}/host/default', '2025-03-01').systemKeys.blobs_extension}'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
        minimumTlsVersionAllowed: '1.2'
      }
    }
  }
}

resource queue 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (privateNetwork) {
  parent: topic
  name: 'uploads-by-queue'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    filter: filter
    retryPolicy: patience
    deadLetterWithResourceIdentity: deadLetter
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: documents.id
          queueName: 'ocr-requeue'
          queueMessageTimeToLiveInSeconds: unprocessedHours * 3600
        }
      }
    }
  }
}
