metadata description = 'The audit logs of every store of the stamp, sent to its workspace.'

@description('Name of the workspace.')
param workspaceName string

@description('Name of the account of documents.')
param documentsName string

@description('Name of the account of the host.')
param hostName string

@description('Name of the vault.')
param vaultName string

@description('Name of the topic.')
param topicName string

var everything = [
  { category: 'StorageRead', enabled: true }
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]
// The host polls its own account all day. What changes the package, keys or leases is what matters there.
var changes = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]
var traffic = [{ category: 'Transaction', enabled: true }]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource documents 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: documentsName

  resource blobs 'blobServices' existing = { name: 'default' }
  resource queues 'queueServices' existing = { name: 'default' }
  resource tables 'tableServices' existing = { name: 'default' }
}

resource host 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: hostName

  resource blobs 'blobServices' existing = { name: 'default' }
  resource queues 'queueServices' existing = { name: 'default' }
  resource tables 'tableServices' existing = { name: 'default' }
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource documentBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: documents::blobs
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: everything, metrics: traffic }
}

resource documentQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: documents::queues
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: everything, metrics: traffic }
}

resource documentTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: documents::tables
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: everything, metrics: traffic }
}

resource hostBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: host::blobs
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: changes, metrics: traffic }
}

resource hostQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: host::queues
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: changes, metrics: traffic }
}

resource hostTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: host::tables
  name: 'audit'
  properties: { workspaceId: workspace.id, logs: changes, metrics: traffic }
}

resource vaultAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspace.id
    // Otherwise entries go to a table whose retention is not set here.
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource topicFailures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'audit'
  properties: {
    workspaceId: workspace.id
    logs: [{ category: 'DeliveryFailures', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
