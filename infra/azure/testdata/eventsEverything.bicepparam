using '../events.bicep'

param topicName = 'egst-archive-test-westeurope'
param appName = 'func-archive-ijin5zu637n'
param documentsName = 'starchivedocijin5zu637n'
param privateNetwork = true
param unprocessedHours = 24
