metadata description = 'The identity of the app. It is not the app\'s own, so that its roles exist before the app and outlive it.'

import { stampTags } from '../types.bicep'

@description('Name of the identity.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}
