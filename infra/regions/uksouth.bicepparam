using '../azure/main.bicep'

param region = 'uksouth'
param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
