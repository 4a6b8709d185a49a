metadata description = 'The customer\'s own key, which wraps the keys of both accounts. Disabling it makes everything unreadable.'

import { stampTags } from '../types.bicep'

@description('Name of the vault.')
param vaultName string

@description('Name of the key.')
param keyName string

@description('Name of the identity that the accounts use for the key.')
param identityName string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

var cryptoServiceEncryptionUser = 'e147488a-f6f5-4113-8e2d-b22465e65bf6'

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource key 'Microsoft.KeyVault/vaults/keys@2026-02-01' = {
  parent: vault
  name: keyName
  tags: tags
  properties: {
    kty: 'RSA'
    keySize: 3072
    keyOps: ['wrapKey', 'unwrapKey']
    attributes: { enabled: true, exportable: false }
    // The accounts follow a new version by themselves within a day.
    rotationPolicy: {
      attributes: { expiryTime: 'P2Y' }
      lifetimeActions: [
        { action: { type: 'rotate' }, trigger: { timeAfterCreate: 'P180D' } }
        { action: { type: 'notify' }, trigger: { timeBeforeExpiry: 'P30D' } }
      ]
    }
  }
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

// The accounts wrap and unwrap with this one key and can do nothing else. The app has no part in it.
resource wrap 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: key
  name: guid(vault.id, keyName, identity.id, cryptoServiceEncryptionUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', cryptoServiceEncryptionUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}
