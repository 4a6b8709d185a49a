using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param allowedAddresses = ['203.0.113.0/24', '198.51.100.7/32']
