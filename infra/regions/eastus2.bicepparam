using '../azure/main.bicep'

param region = 'eastus2'
param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
