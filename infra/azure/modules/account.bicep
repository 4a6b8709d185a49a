metadata description = 'A storage account that keeps nothing that was deleted and opens to no key.'

import { redundancy, stampTags, storageNetwork, wrappingKey } from '../types.bicep'

@description('Name of the account, unique in Azure.')
@minLength(3)
@maxLength(24)
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Copies inside the region.')
param sku redundancy

@description('Blob containers.')
param containers string[]

@description('Queues.')
param queues string[] = []

@description('Tables.')
param tables string[] = []

@description('Who may connect.')
param network storageNetwork

@description('The customer\'s key, if there is one.')
param key wrappingKey?

@description('Origin of the page whose scripts send documents and fetch results through links, or empty.')
param pageOrigin string = ''

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  identity: key == null
    ? { type: 'None' }
    : { type: 'UserAssigned', userAssignedIdentities: { '${key!.identityId}': {} } }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    // No account key opens anything: links are signed with the app's identity.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: false
    isLocalUserEnabled: false
    isNfsV3Enabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: network.closed && empty(network.addresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid delivers dead letters and queue messages through this.
      bypass: 'AzureServices'
      defaultAction: network.closed ? 'Deny' : 'Allow'
      // A single address is written without /32 here.
      ipRules: [
        for address in (network.closed ? network.addresses : []): {
          action: 'Allow'
          value: replace(address, '/32', '')
        }
      ]
      virtualNetworkRules: []
    }
    sasPolicy: { expirationAction: 'Log', sasExpirationPeriod: '01.00:00:00' }
    encryption: {
      keySource: key == null ? 'Microsoft.Storage' : 'Microsoft.Keyvault'
      identity: key == null ? null : { userAssignedIdentity: key!.identityId }
      keyvaultproperties: key == null ? null : { keyvaulturi: key!.vaultUri, keyname: key!.keyName }
      // A second layer, which can only be chosen when the account is created.
      requireInfrastructureEncryption: true
      services: {
        blob: { enabled: true, keyType: 'Account' }
        file: { enabled: true, keyType: 'Account' }
        // Only keys of the account's kind can be wrapped by the customer's.
        queue: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
      }
    }
  }
}

// Deleted means gone. Each of these keeps or reveals what was deleted, so each is off and says so.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    automaticSnapshotPolicyEnabled: false
    changeFeed: { enabled: false }
    // Scripts of the page, and of no other origin.
    cors: {
      corsRules: empty(pageOrigin)
        ? []
        : [
            {
              allowedOrigins: [pageOrigin]
              allowedMethods: ['PUT', 'GET']
              allowedHeaders: ['content-type', 'range', 'x-ms-blob-type']
              exposedHeaders: []
              maxAgeInSeconds: 300
            }
          ]
    }
    containerDeleteRetentionPolicy: { enabled: false }
    deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false }
    isVersioningEnabled: false
    lastAccessTimeTrackingPolicy: { enable: false }
    restorePolicy: { enabled: false }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = [
  for item in containers: {
    parent: blobs
    name: item
    properties: {
      publicAccess: 'None'
      // The program compares this with its own setting and the platform's word, and closes intake if they differ.
      metadata: { region: location }
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-08-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' = [
  for item in queues: {
    parent: queueService
    name: item
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-08-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-08-01' = [
  for item in tables: {
    parent: tableService
    name: item
  }
]
