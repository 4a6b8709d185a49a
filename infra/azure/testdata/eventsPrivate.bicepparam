using '../events.bicep'

param topicName = 'egst-lethe-prod-westeurope'
param appName = 'func-lethe-ooiaatjxc26'
param documentsName = 'stlethedocooiaatjxc26'
param privateNetwork = true
