metadata description = 'Workspace and Application Insights, both in the region and both without keys.'

import { logDays, stampTags } from '../types.bicep'

@description('Name of the workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Days that each log is kept.')
param days logDays

@description('Most gigabytes a day. Beyond it nothing is written until the next day, and an alert says so.')
@minValue(1)
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
      // A deleted entry is not kept for its retention's rest.
      immediatePurgeDataOn30Days: true
    }
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
  }
}

var kept = concat(
  map(
    [
      'AppTraces'
      'AppRequests'
      'AppExceptions'
      'AppDependencies'
      'AppMetrics'
      'AppPerformanceCounters'
      'AegDeliveryFailureLogs'
    ],
    name => { table: name, days: days.program }
  ),
  // Personal data: the addresses of callers.
  map(['StorageBlobLogs', 'StorageQueueLogs', 'StorageTableLogs'], name => { table: name, days: days.access }),
  map(['AZKVAuditLogs'], name => { table: name, days: days.vault })
)

// One after the other: the workspace refuses changes of its tables at the same time.
@batchSize(1)
resource table 'Microsoft.OperationalInsights/workspaces/tables@2025-07-01' = [
  for item in kept: {
    parent: workspace
    name: item.table
    properties: {
      plan: 'Analytics'
      retentionInDays: item.days
      // The same: nothing is archived.
      totalRetentionInDays: item.days
    }
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableIpMasking: false
    DisableLocalAuth: true
  }
}
