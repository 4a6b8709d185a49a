# Made from the template by `go test ./infra/terraform -update`: change the template.

locals {
  parameters = {
    alertEmail        = { value = var.alert_email }
    allowedAddresses  = { value = var.allowed_addresses }
    bootstrapApp      = { value = var.bootstrap_app }
    bootstrapHash     = { value = var.bootstrap_hash }
    clocks            = { value = { processedHours = var.clocks.processed_hours, unprocessedHours = var.clocks.unprocessed_hours } }
    commit            = { value = var.commit }
    customerKey       = { value = var.customer_key }
    dailyQuotaGb      = { value = var.daily_quota_gb }
    env               = { value = var.env }
    logRetention      = { value = { access = var.log_retention.access, program = var.log_retention.program, vault = var.log_retention.vault } }
    networkPrefix     = { value = var.network_prefix }
    owner             = { value = var.owner }
    pageOrigin        = { value = var.page_origin }
    previousKeyUri    = { value = var.previous_key_uri }
    privateNetwork    = { value = var.private_network }
    ready             = { value = { documents = var.ready.documents, http = var.ready.http } }
    region            = { value = var.region }
    review            = { value = var.review }
    rolesBySecret     = { value = var.roles_by_secret }
    settings          = { value = var.settings }
    signingKey        = { value = var.signing_key }
    size              = { value = { maximum = var.size.maximum, memoryMB = var.size.memory_mb } }
    storageRedundancy = { value = var.storage_redundancy }
    webhooks          = { value = var.webhooks }
    workload          = { value = var.workload }
  }
}
