using '../main.bicep'

param region = 'westeurope'
param alertEmail = 'operations@example.org'
param workload = 'archive'
param env = 'test'
param owner = 'records-office'
param commit = '0123abc'
param storageRedundancy = 'Standard_LRS'
param clocks = { processedHours: 12, unprocessedHours: 24 }
param logRetention = { program: 60, access: 180, vault: 365 }
param dailyQuotaGb = 10
param privateNetwork = true
param networkPrefix = '10.8.0.0/23'
param customerKey = true
param ready = { http: 2, documents: 2 }
param size = { memoryMB: 4096, maximum: 100 }
param allowedAddresses = ['203.0.113.0/24', '198.51.100.7/32']
param bootstrapApp = '0198f3c4-7a00-7000-8000-000000000001'
param bootstrapHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
param signingKey = 'placeholder'
param previousKeyUri = 'https://kv-archive-ijin5zu637n.vault.azure.net/secrets/signing-key/00000000000000000000000000000001'
param review = true
param rolesBySecret = true
param webhooks = true
param pageOrigin = 'https://ocr.example.org'
param settings = { LETHE_MAX_PAGES: '500', LETHE_REGION: 'elsewhere' }
