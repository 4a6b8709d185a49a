metadata name = 'Lethe: the guard'
metadata description = 'Once for a subscription: nobody, not only this code, can make a resource or a group outside the allowed regions.'

targetScope = 'subscription'

import { region } from 'types.bicep'

@description('Regions that may be used. Example: [\'westeurope\', \'swedencentral\'].')
@minLength(1)
param allowedRegions region[]

// Built-in definitions: Allowed locations, and the same for resource groups, which the first does not see.
var definitions = [
  {
    name: 'lethe-locations'
    title: 'Lethe: allowed regions of resources'
    id: 'e56962a6-4747-49cd-b67b-bf8b01975c4c'
  }
  {
    name: 'lethe-group-locations'
    title: 'Lethe: allowed regions of resource groups'
    id: 'e765b5de-1225-4ba3-bd56-1ac6695af988'
  }
]

resource assignment 'Microsoft.Authorization/policyAssignments@2025-11-01' = [
  for item in definitions: {
    name: item.name
    properties: {
      displayName: item.title
      description: 'Documents stay in the region they were sent to.'
      policyDefinitionId: tenantResourceId('Microsoft.Authorization/policyDefinitions', item.id)
      enforcementMode: 'Default'
      parameters: { listOfAllowedLocations: { value: allowedRegions } }
    }
  }
]
