metadata description = 'The function app: a custom handler on Flex Consumption.'

import { addressRange, alwaysReady, instances, programSettings, retention, stampTags } from '../types.bicep'

@description('Name of the plan.')
param planName string

@description('Name of the app. The host cuts its own id from the first 32 characters.')
@minLength(2)
@maxLength(32)
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Name of the app\'s identity.')
param identityName string

@description('Name of the account of documents.')
param documentsName string

@description('Name of the account of the host.')
param hostName string

@description('Container of the deployed package.')
param packages string

@description('Name of the Application Insights component.')
param insightsName string

@description('Name of the vault.')
param vaultName string

@description('Name of the secret that holds the signing key.')
param secretName string

@description('URI of the version before, while the signing key is replaced, or empty.')
param previousKeyUri string

@description('Documents that made the engine fail are kept for two reviewers.')
param review bool

@description('Secrets give the scopes operator, auditor and reviewer too.')
param rolesBySecret bool

@description('Applications are told at addresses of theirs what became of their tasks.')
param webhooks bool
@description('The app serves the page for people.')
param page bool

@description('Further settings of the program.')
param settings programSettings

@description('The two retention limits.')
param clocks retention

@description('Id of the first application, or empty.')
param bootstrapApp string

@description('SHA-256 of its secret in hex, or empty.')
param bootstrapHash string

@description('Instances that are kept running.')
param ready alwaysReady

@description('Function of documents, by the name of its group.')
param documentsGroup string

@description('Size and number of instances.')
param size instances

@description('Id of the subnet of the app, if there is a private network.')
param subnetId string?

@description('Address ranges that may call the app. Empty means everybody.')
param addresses addressRange[]

@description('Events come by webhook, which the address ranges must let through.')
param webhook bool

// Erasing begins this long before a limit: an hour, or half of a limit that is shorter than two.
var marginMinutes = min(60, 30 * min(clocks.processedHours, clocks.unprocessedHours))
var rules = [
  for (address, i) in addresses: {
    name: 'clients-${i}'
    action: 'Allow'
    priority: 100 + i
    ipAddress: address
  }
]
var eventRule = { name: 'events', action: 'Allow', priority: 1000, tag: 'ServiceTag', ipAddress: 'AzureEventGrid' }
var standing = concat(
  ready.http > 0 ? [{ name: 'http', instanceCount: ready.http }] : [],
  ready.documents > 0 ? [{ name: documentsGroup, instanceCount: ready.documents }] : []
)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    // The app holds nothing and starts in whatever zone is up; two idle instances of every group would be billed.
    zoneRedundant: false
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientCertEnabled: false
    // References would otherwise be read as the system-assigned identity, which there is none of.
    keyVaultReferenceIdentity: identity.id
    publicNetworkAccess: subnetId != null && empty(addresses) ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      ipSecurityRestrictions: empty(addresses) ? [] : concat(rules, webhook ? [eventRule] : [])
      ipSecurityRestrictionsDefaultAction: empty(addresses) ? 'Allow' : 'Deny'
      // Who may not call may not deploy either.
      scmIpSecurityRestrictionsUseMain: true
    }
    functionAppConfig: {
      // ARM takes any version; the platform starts only this one.
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        alwaysReady: standing
        instanceMemoryMB: size.memoryMB
        maximumInstanceCount: size.maximum
        triggers: { http: { perInstanceConcurrency: 8 } }
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostName}.blob.${environment().suffixes.storage}/${packages}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      // All instances at once, so that two versions never share a record; what they worked on is taken up again. Rolling
      // updates are a preview. The types of this version lack the property.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: 'Recreate' }
    }
  }
}

resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

// Settings of the host and the program. Both reach storage as the identity: there is no connection string.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(
    // First, so that nothing in it replaces what the stamp itself says.
    settings,
    {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      AzureWebJobsStorage__blobServiceUri: 'https://${hostName}.blob.${environment().suffixes.storage}'
      AzureWebJobsStorage__queueServiceUri: 'https://${hostName}.queue.${environment().suffixes.storage}'
      AzureWebJobsStorage__tableServiceUri: 'https://${hostName}.table.${environment().suffixes.storage}'
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.properties.clientId
      Documents__blobServiceUri: 'https://${documentsName}.blob.${environment().suffixes.storage}'
      Documents__queueServiceUri: 'https://${documentsName}.queue.${environment().suffixes.storage}'
      Documents__tableServiceUri: 'https://${documentsName}.table.${environment().suffixes.storage}'
      Documents__credential: 'managedidentity'
      Documents__clientId: identity.properties.clientId
      LETHE_REGION: location
      LETHE_RETAIN_PROCESSED: '${clocks.processedHours}h'
      LETHE_RETAIN_UNPROCESSED: '${clocks.unprocessedHours}h'
      LETHE_RETAIN_MARGIN: '${marginMinutes}m'
      LETHE_CANARY_INTERVAL: '1h'
      LETHE_REVIEW: review ? 'true' : 'false'
      LETHE_OIDC_REQUIRED: rolesBySecret ? 'false' : 'true'
      LETHE_WEBHOOKS: webhooks ? 'true' : 'false'
      LETHE_PAGE: page ? 'on' : 'off'
      LETHE_SIGNING_KEY: '@Microsoft.KeyVault(SecretUri=https://${vaultName}${environment().suffixes.keyvaultDns}/secrets/${secretName})'
    },
    // The package holds the function all the same. Without its queue it is not started for anything.
    webhooks ? {} : { 'AzureWebJobs.notify.Disabled': 'true' },
    empty(previousKeyUri) ? {} : { LETHE_PREVIOUS_KEY: '@Microsoft.KeyVault(SecretUri=${previousKeyUri})' },
    empty(bootstrapApp) ? {} : { LETHE_BOOTSTRAP_APP: bootstrapApp, LETHE_BOOTSTRAP_HASH: bootstrapHash }
  )
}
