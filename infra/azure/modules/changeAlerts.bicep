metadata description = 'Who is notified, and alerts on changes of the stamp that somebody must have intended: each deployment raises these too.'

import { stampTags } from '../types.bicep'

@description('Begin of the alerts\' names.')
param prefix string

@description('Tags of the stamp.')
param tags stampTags

@description('Address that alerts are sent to.')
param email string

var changes = [
  {
    name: 'role-changed'
    description: 'A role in this group was granted or taken away. If nobody deployed: find who did it in the activity log and undo it.'
    operations: ['Microsoft.Authorization/roleAssignments/write', 'Microsoft.Authorization/roleAssignments/delete']
  }
  {
    name: 'audit-changed'
    description: 'A diagnostic setting was changed or removed: reads of documents may go unlogged. If nobody deployed: deploy again.'
    operations: ['Microsoft.Insights/diagnosticSettings/write', 'Microsoft.Insights/diagnosticSettings/delete']
  }
  {
    name: 'deletion-changed'
    description: 'A setting that decides whether deleted means gone was changed: account, blob service, lifecycle. If nobody deployed: deploy again and run the configuration check.'
    operations: [
      'Microsoft.Storage/storageAccounts/write'
      'Microsoft.Storage/storageAccounts/blobServices/write'
      'Microsoft.Storage/storageAccounts/managementPolicies/write'
      'Microsoft.Storage/storageAccounts/managementPolicies/delete'
    ]
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'lethe'
    emailReceivers: [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource change 'Microsoft.Insights/activityLogAlerts@2020-10-01' = [
  for item in changes: {
    name: '${prefix}-${item.name}'
    location: 'global'
    tags: tags
    properties: {
      description: item.description
      enabled: true
      scopes: [resourceGroup().id]
      condition: {
        allOf: [
          { field: 'category', equals: 'Administrative' }
          { field: 'status', equals: 'Succeeded' }
          { anyOf: [for operation in item.operations: { field: 'operationName', equals: operation }] }
        ]
      }
      actions: { actionGroups: [{ actionGroupId: people.id }] }
    }
  }
]
