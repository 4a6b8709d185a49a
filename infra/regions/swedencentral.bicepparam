using '../azure/main.bicep'

param region = 'swedencentral'
param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
