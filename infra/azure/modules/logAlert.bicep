metadata description = 'One alert over the logs of the workspace. Its query gives one row with one number, found.'

import { stampTags } from '../types.bicep'

@description('Name of the alert.')
param name string

@description('Region of the stamp.')
param location string

@description('Tags of the stamp.')
param tags stampTags

@description('Id of the action group that is notified.')
param actionGroupId string

@description('Id of the workspace.')
param workspaceId string

@description('0 is critical, 4 says more than it asks.')
@minValue(0)
@maxValue(4)
param severity int

@description('Time that the query looks back, as ISO 8601 says it.')
param window 'PT15M' | 'PT30M' | 'PT1H' | 'PT6H'

@description('Time between two looks.')
param every 'PT5M' | 'PT15M' | 'PT1H'

@description('The alert waits for less than the threshold instead of more.')
param silence bool

@description('What found is compared with.')
@minValue(0)
param threshold int

@description('What happened and what to do.')
@minLength(20)
param advice string

@description('The query.')
param query string

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: name
    description: advice
    enabled: true
    severity: severity
    evaluationFrequency: every
    windowSize: window
    scopes: [workspaceId]
    autoMitigate: true
    // A table exists once something was written to it, which is after this deployment.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: query
          metricMeasureColumn: 'found'
          timeAggregation: 'Total'
          operator: silence ? 'LessThan' : 'GreaterThan'
          threshold: threshold
          failingPeriods: { minFailingPeriodsToAlert: 1, numberOfEvaluationPeriods: 1 }
        }
      ]
    }
    actions: { actionGroups: [actionGroupId] }
  }
}
