using '../guard.bicep'

param allowedRegions = ['westeurope', 'swedencentral']
