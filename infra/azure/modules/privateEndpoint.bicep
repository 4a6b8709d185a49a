metadata description = 'A private address of one resource, and its name.'

import { stampTags } from '../types.bicep'

@description('Name of the endpoint.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Id of the resource that is reached.')
param targetId string

@description('What of the resource is reached.')
param group 'blob' | 'queue' | 'table' | 'sites' | 'vault'

@description('Id of the subnet of endpoints.')
param subnetId string

@description('Id of the private zone.')
param zoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    customNetworkInterfaceName: '${name}-nic'
    privateLinkServiceConnections: [
      {
        name: group
        properties: { privateLinkServiceId: targetId, groupIds: [group] }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: group, properties: { privateDnsZoneId: zoneId } }]
  }
}
