using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param privateNetwork = true
param ready = { http: 0, documents: 0 }
