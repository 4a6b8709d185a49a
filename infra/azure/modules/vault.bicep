metadata description = 'The vault of the signing key, in the region of the stamp.'

import { stampTags } from '../types.bicep'

@description('Name of the vault, unique in Azure.')
@minLength(3)
@maxLength(24)
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Only private endpoints may connect.')
param closed bool

@description('The accounts unwrap their keys here, so what was deleted in the vault must be recoverable.')
param purgeProtection bool

@description('Name of the secret that holds the signing key.')
param secretName string

@description('A new signing key. Empty leaves the one there is.')
@secure()
param signingKey string = ''

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    // Azure knows no "false" here: protection is never switched off again.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      // The accounts come this way for their wrapping key.
      bypass: purgeProtection ? 'AzureServices' : 'None'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: []
      virtualNetworkRules: []
    }
  }
}

// Written by the deployment itself, so that no person needs a role inside the vault.
resource secret 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = if (!empty(signingKey)) {
  parent: vault
  name: secretName
  tags: tags
  properties: {
    attributes: { enabled: true }
    contentType: 'text/plain'
    value: signingKey
  }
}
