package infra_test

// Types of resources, as Azure names them.
const (
	accounts      = "Microsoft.Storage/storageAccounts"
	blobServices  = accounts + "/blobServices"
	containers    = blobServices + "/containers"
	queueServices = accounts + "/queueServices"
	queues        = queueServices + "/queues"
	tableServices = accounts + "/tableServices"
	tables        = tableServices + "/tables"
	lifecycles    = accounts + "/managementPolicies"
	identities    = "Microsoft.ManagedIdentity/userAssignedIdentities"
	assignments   = "Microsoft.Authorization/roleAssignments"
	policies      = "Microsoft.Authorization/policyAssignments"
	vaults        = "Microsoft.KeyVault/vaults"
	secrets       = vaults + "/secrets"
	keys          = vaults + "/keys"
	plans         = "Microsoft.Web/serverfarms"
	sites         = "Microsoft.Web/sites"
	siteConfigs   = sites + "/config"
	passwords     = sites + "/basicPublishingCredentialsPolicies"
	topics        = "Microsoft.EventGrid/systemTopics"
	subscriptions = topics + "/eventSubscriptions"
	workspaces    = "Microsoft.OperationalInsights/workspaces"
	logTables     = workspaces + "/tables"
	components    = "Microsoft.Insights/components"
	diagnostics   = "Microsoft.Insights/diagnosticSettings"
	logAlerts     = "Microsoft.Insights/scheduledQueryRules"
	metricAlerts  = "Microsoft.Insights/metricAlerts"
	changeAlerts  = "Microsoft.Insights/activityLogAlerts"
	groups        = "Microsoft.Insights/actionGroups"
	networks      = "Microsoft.Network/virtualNetworks"
	endpoints     = "Microsoft.Network/privateEndpoints"
	zoneGroups    = endpoints + "/privateDnsZoneGroups"
	zones         = "Microsoft.Network/privateDnsZones"
	zoneLinks     = zones + "/virtualNetworkLinks"
)

func only(v ...any) []any { return v }

func storageDemands() []demand {
	return []demand{
		{kind: accounts, path: "kind", want: only("StorageV2"), wrong: "BlobStorage"},
		{kind: accounts, path: "sku.name", want: only("Standard_ZRS", "Standard_LRS"), wrong: "Standard_GRS"},
		{kind: accounts, path: "properties.accessTier", want: only("Hot"), wrong: "Cold"},
		{kind: accounts, path: "properties.allowBlobPublicAccess", want: only(false), wrong: true},
		{kind: accounts, path: "properties.allowCrossTenantReplication", want: only(false), wrong: true},
		{kind: accounts, path: "properties.allowedCopyScope", want: only("AAD"), wrong: nil},
		{kind: accounts, path: "properties.allowSharedKeyAccess", want: only(false), wrong: true},
		{kind: accounts, path: "properties.defaultToOAuthAuthentication", want: only(true), wrong: false},
		{kind: accounts, path: "properties.isHnsEnabled", want: only(false), wrong: true},
		{kind: accounts, path: "properties.isLocalUserEnabled", want: only(false), wrong: true},
		{kind: accounts, path: "properties.isNfsV3Enabled", want: only(false), wrong: true},
		{kind: accounts, path: "properties.isSftpEnabled", want: only(false), wrong: true},
		{kind: accounts, path: "properties.immutableStorageWithVersioning", want: only(nil), wrong: map[string]any{"enabled": true}},
		{kind: accounts, path: "properties.minimumTlsVersion", want: only("TLS1_2", "TLS1_3"), wrong: "TLS1_0"},
		{kind: accounts, path: "properties.supportsHttpsTrafficOnly", want: only(true), wrong: false},
		{kind: accounts, path: "properties.networkAcls.bypass", want: only("AzureServices"), wrong: "None"},
		{kind: accounts, path: "properties.networkAcls.virtualNetworkRules", want: only([]any{}), wrong: []any{map[string]any{"id": "x"}}},
		{kind: accounts, path: "properties.sasPolicy.sasExpirationPeriod", want: only("01.00:00:00"), wrong: "30.00:00:00"},
		{kind: accounts, path: "properties.sasPolicy.expirationAction", want: only("Log", "Block"), wrong: "Allow"},
		{kind: accounts, path: "properties.encryption.requireInfrastructureEncryption", want: only(true), wrong: false},
		{kind: accounts, path: "properties.encryption.services.blob", want: only(encrypted()), wrong: nil},
		{kind: accounts, path: "properties.encryption.services.file", want: only(encrypted()), wrong: nil},
		{kind: accounts, path: "properties.encryption.services.queue", want: only(encrypted()), wrong: nil},
		{kind: accounts, path: "properties.encryption.services.table", want: only(encrypted()), wrong: nil},
		{kind: blobServices, path: "properties.automaticSnapshotPolicyEnabled", want: only(false), wrong: true},
		{kind: blobServices, path: "properties.changeFeed", want: only(map[string]any{"enabled": false}), wrong: nil},
		{kind: blobServices, path: "properties.containerDeleteRetentionPolicy", want: only(map[string]any{"enabled": false}), wrong: nil},
		{kind: blobServices, path: "properties.deleteRetentionPolicy.enabled", want: only(false), wrong: true},
		{kind: blobServices, path: "properties.deleteRetentionPolicy.days", want: only(nil), wrong: 7},
		{kind: blobServices, path: "properties.deleteRetentionPolicy.allowPermanentDelete", want: only(false), wrong: true},
		{kind: blobServices, path: "properties.isVersioningEnabled", want: only(false), wrong: true},
		{kind: blobServices, path: "properties.lastAccessTimeTrackingPolicy", want: only(map[string]any{"enable": false}), wrong: nil},
		{kind: blobServices, path: "properties.restorePolicy", want: only(map[string]any{"enabled": false}), wrong: nil},
		{kind: containers, path: "properties.publicAccess", want: only("None"), wrong: "Blob"},
		{kind: containers, path: "properties.immutableStorageWithVersioning", want: only(nil), wrong: map[string]any{"enabled": true}},
		{kind: vaults, path: "properties.sku.name", want: only("standard", "premium"), wrong: "basic"},
		{kind: vaults, path: "properties.tenantId", want: only(tenant), wrong: subscription},
		{kind: vaults, path: "properties.enableRbacAuthorization", want: only(true), wrong: false},
		{kind: vaults, path: "properties.enabledForDeployment", want: only(false), wrong: true},
		{kind: vaults, path: "properties.enabledForDiskEncryption", want: only(false), wrong: true},
		{kind: vaults, path: "properties.enabledForTemplateDeployment", want: only(false), wrong: true},
		{kind: vaults, path: "properties.enableSoftDelete", want: only(true), wrong: false},
		{kind: vaults, path: "properties.softDeleteRetentionInDays", want: only(7), wrong: 90},
		{kind: secrets, path: "condition", want: only("[not(empty(parameters('signingKey')))]"), wrong: nil},
		{kind: secrets, path: "properties.value", want: only("[parameters('signingKey')]"), wrong: "in the open"},
	}
}

func encrypted() map[string]any { return map[string]any{"enabled": true, "keyType": "Account"} }

func appDemands() []demand {
	const config, scale, deploy = "properties.siteConfig.", "properties.functionAppConfig.scaleAndConcurrency.", "properties.functionAppConfig.deployment.storage."
	const destination = "properties.destination.properties."
	const queued = "properties.deliveryWithResourceIdentity."
	return []demand{
		{kind: plans, path: "kind", want: only("functionapp"), wrong: "linux"},
		{kind: plans, path: "sku", want: only(map[string]any{"name": "FC1", "tier": "FlexConsumption"}), wrong: map[string]any{"name": "Y1"}},
		{kind: plans, path: "properties.reserved", want: only(true), wrong: false},
		{kind: sites, path: "kind", want: only("functionapp,linux"), wrong: "functionapp"},
		{kind: sites, path: "identity.type", want: only("UserAssigned"), wrong: "SystemAssigned"},
		{kind: sites, path: "properties.httpsOnly", want: only(true), wrong: false},
		{kind: sites, path: "properties.clientCertEnabled", want: only(false), wrong: true},
		{kind: sites, path: config + "ftpsState", want: only("Disabled"), wrong: "FtpsOnly"},
		{kind: sites, path: config + "http20Enabled", want: only(true), wrong: false},
		{kind: sites, path: config + "minTlsVersion", want: only("1.2", "1.3"), wrong: "1.0"},
		{kind: sites, path: config + "scmMinTlsVersion", want: only("1.2", "1.3"), wrong: "1.1"},
		{kind: sites, path: config + "remoteDebuggingEnabled", want: only(false), wrong: true},
		{kind: sites, path: config + "scmIpSecurityRestrictionsUseMain", want: only(true), wrong: false},
		{kind: sites, path: config + "healthCheckPath", want: only(nil), wrong: "/healthz"},
		{kind: sites, path: config + "appSettings", want: only(nil), wrong: []any{}},
		{kind: sites, path: config + "linuxFxVersion", want: only(nil), wrong: "CUSTOM|1.0"},
		{kind: sites, path: "properties.functionAppConfig.runtime", want: only(map[string]any{"name": "custom", "version": "1.0"}), wrong: map[string]any{"name": "custom", "version": "1"}},
		// The program's own default is required; whoever gives a stamp another says so in its parameters.
		{kind: siteConfigs, path: "properties.LETHE_SANDBOX", want: only(nil, "required"), wrong: "best-effort"},
		{kind: sites, path: "properties.functionAppConfig.siteUpdateStrategy.type", want: only("Recreate"), wrong: "RollingUpdate"},
		{kind: sites, path: scale + "instanceMemoryMB", want: only(2048, 4096), wrong: 512},
		{kind: sites, path: scale + "triggers.http.perInstanceConcurrency", want: only(8), wrong: 64},
		{kind: sites, path: deploy + "type", want: only("blobContainer"), wrong: "blob"},
		{kind: sites, path: deploy + "authentication.type", want: only("UserAssignedIdentity"), wrong: "StorageAccountConnectionString"},
		{kind: passwords, path: "properties.allow", want: only(false), wrong: true},
		{kind: topics, path: "identity.type", want: only("SystemAssigned"), wrong: "None"},
		{kind: topics, path: "properties.topicType", want: only("Microsoft.Storage.StorageAccounts"), wrong: "Microsoft.Storage.Account"},
		{kind: subscriptions, path: "properties.eventDeliverySchema", want: only("EventGridSchema"), wrong: "CloudEventSchemaV1_0"},
		{kind: subscriptions, path: "properties.filter.includedEventTypes", want: only([]any{"Microsoft.Storage.BlobCreated"}), wrong: []any{"Microsoft.Storage.BlobDeleted"}},
		{kind: subscriptions, path: "properties.filter.subjectEndsWith", want: only(nil), wrong: ".pdf"},
		{kind: subscriptions, path: "properties.filter.isSubjectCaseSensitive", want: only(true), wrong: false},
		{kind: subscriptions, path: "properties.filter.advancedFilters", want: only([]any{map[string]any{
			"operatorType": "StringIn", "key": "data.api", "values": []any{"PutBlob", "PutBlockList"},
		}}), wrong: []any{}},
		{kind: subscriptions, path: "properties.retryPolicy.maxDeliveryAttempts", want: only(30), wrong: 3},
		{kind: subscriptions, path: "properties.retryPolicy.eventTimeToLiveInMinutes", want: only(1440), wrong: 60},
		{kind: subscriptions, path: "properties.deadLetterWithResourceIdentity.identity.type", want: only("SystemAssigned"), wrong: "UserAssigned"},
		{kind: subscriptions, path: "properties.deadLetterWithResourceIdentity.deadLetterDestination.endpointType", want: only("StorageBlob"), wrong: nil},
		{kind: subscriptions, path: "properties.destination.endpointType", want: only("WebHook", nil), wrong: "EventHub"},
		{kind: subscriptions, path: destination + "maxEventsPerBatch", want: only(1, nil), wrong: 100},
		{kind: subscriptions, path: destination + "preferredBatchSizeInKilobytes", want: only(64, nil), wrong: 1024},
		{kind: subscriptions, path: destination + "minimumTlsVersionAllowed", want: only("1.2", nil), wrong: "1.0"},
		{kind: subscriptions, path: queued + "identity.type", want: only("SystemAssigned", nil), wrong: "UserAssigned"},
		{kind: subscriptions, path: queued + "destination.endpointType", want: only("StorageQueue", nil), wrong: "WebHook"},
		{kind: policies, path: "properties.enforcementMode", want: only("Default"), wrong: "DoNotEnforce"},
	}
}

func watchDemands() []demand {
	const metric, query = "properties.criteria.allOf.0.", "properties.criteria.allOf.0."
	return []demand{
		{kind: workspaces, path: "properties.sku.name", want: only("PerGB2018"), wrong: "Free"},
		{kind: workspaces, path: "properties.retentionInDays", want: only(30), wrong: 730},
		{kind: workspaces, path: "properties.features.disableLocalAuth", want: only(true), wrong: false},
		{kind: workspaces, path: "properties.features.enableLogAccessUsingOnlyResourcePermissions", want: only(true), wrong: false},
		{kind: workspaces, path: "properties.features.immediatePurgeDataOn30Days", want: only(true), wrong: nil},
		{kind: logTables, path: "properties.plan", want: only("Analytics"), wrong: "Basic"},
		{kind: components, path: "kind", want: only("web"), wrong: "other"},
		{kind: components, path: "properties.Application_Type", want: only("web"), wrong: "other"},
		{kind: components, path: "properties.IngestionMode", want: only("LogAnalytics"), wrong: "ApplicationInsights"},
		{kind: components, path: "properties.DisableLocalAuth", want: only(true), wrong: false},
		{kind: components, path: "properties.DisableIpMasking", want: only(false), wrong: true},
		{kind: logAlerts, path: "kind", want: only("LogAlert"), wrong: "LogToMetric"},
		{kind: logAlerts, path: "properties.enabled", want: only(true), wrong: false},
		{kind: logAlerts, path: "properties.autoMitigate", want: only(true), wrong: false},
		{kind: logAlerts, path: "properties.skipQueryValidation", want: only(true), wrong: false},
		{kind: logAlerts, path: "properties.severity", want: only(0, 1, 2), wrong: 4},
		{kind: logAlerts, path: "properties.evaluationFrequency", want: only("PT5M", "PT15M", "PT1H"), wrong: "PT6H"},
		{kind: logAlerts, path: "properties.windowSize", want: only("PT15M", "PT30M", "PT1H", "PT6H"), wrong: "P1D"},
		{kind: logAlerts, path: query + "timeAggregation", want: only("Total"), wrong: "Average"},
		{kind: logAlerts, path: query + "metricMeasureColumn", want: only("found"), wrong: "Message"},
		{kind: logAlerts, path: query + "failingPeriods", want: only(map[string]any{"minFailingPeriodsToAlert": 1, "numberOfEvaluationPeriods": 1}), wrong: map[string]any{"minFailingPeriodsToAlert": 6, "numberOfEvaluationPeriods": 6}},
		{kind: metricAlerts, path: "properties.enabled", want: only(true), wrong: false},
		{kind: metricAlerts, path: "properties.severity", want: only(0, 1, 2), wrong: 4},
		{kind: metricAlerts, path: "properties.windowSize", want: only("PT15M"), wrong: "P1D"},
		{kind: metricAlerts, path: metric + "metricName", want: only("DeadLetteredCount"), wrong: "PublishSuccessCount"},
		{kind: metricAlerts, path: metric + "metricNamespace", want: only(topics), wrong: accounts},
		{kind: metricAlerts, path: metric + "operator", want: only("GreaterThan"), wrong: "LessThan"},
		{kind: metricAlerts, path: metric + "timeAggregation", want: only("Total"), wrong: "Minimum"},
		{kind: metricAlerts, path: metric + "threshold", want: only(0), wrong: 1000},
		{kind: changeAlerts, path: "properties.enabled", want: only(true), wrong: false},
		{kind: changeAlerts, path: "properties.condition.allOf.0", want: only(map[string]any{"field": "category", "equals": "Administrative"}), wrong: map[string]any{"field": "category", "equals": "Policy"}},
		{kind: changeAlerts, path: "properties.condition.allOf.1", want: only(map[string]any{"field": "status", "equals": "Succeeded"}), wrong: map[string]any{"field": "status", "equals": "Started"}},
		{kind: groups, path: "properties.enabled", want: only(true), wrong: false},
		{kind: groups, path: "properties.emailReceivers.0.emailAddress", want: only("operations@example.org"), wrong: ""},
	}
}

func optionDemands() []demand {
	const rotation = "properties.rotationPolicy."
	return []demand{
		{kind: keys, path: "properties.kty", want: only("RSA"), wrong: "EC"},
		{kind: keys, path: "properties.keySize", want: only(3072), wrong: 1024},
		{kind: keys, path: "properties.keyOps", want: only([]any{"wrapKey", "unwrapKey"}), wrong: []any{"sign"}},
		{kind: keys, path: "properties.attributes", want: only(map[string]any{"enabled": true, "exportable": false}), wrong: map[string]any{"exportable": true}},
		{kind: keys, path: rotation + "attributes.expiryTime", want: only("P2Y"), wrong: "P20Y"},
		{kind: keys, path: rotation + "lifetimeActions.0", want: only(map[string]any{
			"action": map[string]any{"type": "rotate"}, "trigger": map[string]any{"timeAfterCreate": "P180D"},
		}), wrong: nil},
		{kind: networks, path: "properties.subnets.0.properties.delegations.0.properties.serviceName", want: only("Microsoft.App/environments"), wrong: "Microsoft.Web/serverFarms"},
		{kind: networks, path: "properties.subnets.1.properties.privateEndpointNetworkPolicies", want: only("Enabled"), wrong: "Disabled"},
		{kind: networks, path: "properties.subnets.1.properties.defaultOutboundAccess", want: only(false), wrong: true},
		{kind: zoneLinks, path: "properties.registrationEnabled", want: only(false), wrong: true},
	}
}
