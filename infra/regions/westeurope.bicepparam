using '../azure/main.bicep'

param region = 'westeurope'
param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
