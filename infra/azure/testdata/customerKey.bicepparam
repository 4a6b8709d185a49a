using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param customerKey = true
