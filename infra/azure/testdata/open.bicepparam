using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param storageRedundancy = 'Standard_LRS'
param clocks = { processedHours: 1, unprocessedHours: 25 }
param customerKey = true
param ready = { http: 1, documents: 3 }
param allowedAddresses = ['203.0.113.0/24', '198.51.100.7/32']
