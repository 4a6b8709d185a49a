metadata description = 'Alerts on the program\'s own events and on storage. Each says what to do.'

import { stampTags } from '../types.bicep'

@description('Prefix of the alerts\' names.')
param prefix string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Id of the action group that is notified.')
param actionGroupId string

@description('Name of the workspace.')
param workspaceName string

@description('Name of the topic.')
param topicName string

@description('Name of the account of documents.')
param documentsName string

@description('Name of the app\'s identity.')
param identityName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

// The empty table keeps a query whole while the workspace has none of that name yet, and counting without groups always
// gives a row: so a rule that waits for silence also fires when there was never any data.
var program = 'union isfuzzy=true (datatable(TimeGenerated: datetime, Message: string)[]), (AppTraces | project TimeGenerated, Message) | extend event = extract(@\'"event":"([^"]+)"\', 1, Message)'
var storage = 'union isfuzzy=true (datatable(TimeGenerated: datetime, AccountName: string, Category: string, StatusCode: string, AuthenticationType: string, RequesterObjectId: string)[]), (StorageBlobLogs | project TimeGenerated, AccountName, Category, StatusCode = tostring(StatusCode), AuthenticationType, RequesterObjectId)'
var ingestion = 'union isfuzzy=true (datatable(TimeGenerated: datetime, Category: string, Operation: string, Detail: string)[]), (_LogOperation | project TimeGenerated, Category, Operation, Detail)'

var rules = [
  {
    name: 'document-overdue'
    severity: 0
    window: 'PT15M'
    every: 'PT5M'
    silence: false
    threshold: 0
    advice: 'A document is close to its retention limit and is not erased. Read sweep.failed and remove its cause before the limit that document.overdue names.'
    query: '${program} | where event == "document.overdue" | summarize found = count()'
  }
  {
    name: 'no-sweep'
    severity: 0
    window: 'PT30M'
    every: 'PT5M'
    silence: true
    threshold: 1
    advice: 'No sweep has finished for 30 minutes, or nothing is logged at all: nothing is erased. Check that the app runs and reaches storage.'
    query: '${program} | where event == "sweep.done" | summarize found = count()'
  }
  {
    name: 'pass-late'
    severity: 1
    window: 'PT30M'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'No full pass has come to its end for a day, so bytes that no record explains can be left. GET /v1/retention says where it stands; remove the cause that sweep.failed names.'
    query: '${program} | where event == "pass.late" | summarize found = count()'
  }
  {
    name: 'due-unknown'
    severity: 1
    window: 'PT30M'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'Records are due that this version of the program does not know, so it left them. Find out which version wrote the tables that due.unknown names, and deploy that version or a newer one.'
    query: '${program} | where event == "due.unknown" | summarize found = count()'
  }
  {
    name: 'upload-poisoned'
    severity: 2
    window: 'PT15M'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'The host gave up on a document. Its task says why; look for invocation.failed and worker.killed at that time.'
    query: '${program} | where event == "upload.poisoned" | summarize found = count()'
  }
  {
    name: 'canary-failed'
    severity: 1
    window: 'PT30M'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'The synthetic page failed in recognition, result or erasure. Clients see the same failure: read canary.failed and the events before it.'
    query: '${program} | where event == "canary.failed" | summarize found = count()'
  }
  {
    name: 'no-canary'
    severity: 2
    window: 'PT6H'
    every: 'PT1H'
    silence: true
    threshold: 1
    advice: 'No synthetic page has completed for 6 hours. If there is no canary.failed either, check that the retention function runs.'
    query: '${program} | where event == "canary.done" | summarize found = count()'
  }
  {
    name: 'doctor-finding'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'The daily check found a setting that could keep deleted data or open the stamp. Run lethe doctor; it names the remedy.'
    query: '${program} | where event == "doctor.finding" | summarize found = count()'
  }
  {
    name: 'ledger-stuck'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'Erasure works, but entries wait for their place in the ledger: there is no signing key, or the previous key has not cross-signed it.'
    query: '${program} | where event == "ledger.stuck" | summarize found = count()'
  }
  {
    name: 'intake-closed'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    silence: false
    threshold: 0
    advice: 'Region or settings are wrong, so no documents are accepted. /readyz names the cause; deploy the stamp again with its own parameters.'
    query: '${program} | where event == "intake.closed" | summarize found = count()'
  }
  {
    name: 'receipt-unsigned'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'Erasure works, but its receipts carry no signature. Check that the signing key is in the vault and the app may read it.'
    query: '${program} | where event == "receipt.unsigned" | summarize found = count()'
  }
  {
    name: 'server-errors'
    severity: 1
    window: 'PT15M'
    every: 'PT5M'
    silence: false
    threshold: 4
    advice: 'Five or more answers with a 5xx status within 15 minutes. Read request.failed by the codes of these requests.'
    query: '${program} | where event == "request.done" and toint(extract(@\'"status":([0-9]+)\', 1, Message)) >= 500 | project TimeGenerated | union isfuzzy=true (datatable(TimeGenerated: datetime)[]), (AppRequests | where toint(ResultCode) >= 500 | project TimeGenerated) | summarize found = count()'
  }
  {
    name: 'log-cap'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    silence: false
    threshold: 0
    advice: 'The daily cap of the workspace is reached: the rest of the day is not logged, and other alerts do not work. Raise dailyQuotaGb after finding what writes so much.'
    query: '${ingestion} | where Category =~ "Ingestion" and Detail contains "OverQuota" | summarize found = count()'
  }
]

module alert 'logAlert.bicep' = [
  for rule in rules: {
    name: 'alert-${rule.name}'
    params: {
      name: '${prefix}-${rule.name}'
      location: location
      tags: tags
      actionGroupId: actionGroupId
      workspaceId: workspace.id
      severity: rule.severity
      window: rule.window
      every: rule.every
      silence: rule.silence
      threshold: rule.threshold
      advice: rule.advice
      query: rule.query
    }
  }
]

module foreignRead 'logAlert.bicep' = {
  name: 'alert-foreign-read'
  params: {
    name: '${prefix}-foreign-read'
    location: location
    tags: tags
    actionGroupId: actionGroupId
    workspaceId: workspace.id
    severity: 0
    window: 'PT15M'
    every: 'PT5M'
    silence: false
    threshold: 0
    advice: 'Somebody other than the app and its links read from the documents account. Find RequesterObjectId and CallerIpAddress in StorageBlobLogs and remove the role.'
    query: '${storage} | where AccountName == "${documentsName}" and Category == "StorageRead" and toint(StatusCode) < 400 | where not(AuthenticationType contains "SAS") and RequesterObjectId != "${identity.properties.principalId}" | summarize found = count()'
  }
}

resource deadLettered 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-dead-lettered'
  location: 'global'
  tags: tags
  properties: {
    description: 'An event of an upload could not be delivered for a day. The sweep has found the upload; find out why the app did not answer.'
    enabled: true
    severity: 2
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    scopes: [topic.id]
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-lettered'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: actionGroupId }]
  }
}
