using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param clocks = { processedHours: 1, unprocessedHours: 25 }
