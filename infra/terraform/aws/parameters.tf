# Made from the template by `go test ./infra/terraform -update`: change the template.

locals {
  parameters = {
    AccessLogDays      = tostring(var.access_log_days)
    AccessTrail        = tostring(var.access_trail)
    AlertEmail         = var.alert_email
    ApiConcurrency     = tostring(var.api_concurrency)
    ApiMemory          = tostring(var.api_memory)
    BootstrapApp       = var.bootstrap_app
    BootstrapHash      = var.bootstrap_hash
    ClientAddresses    = join(",", var.client_addresses)
    Closing            = tostring(var.closing)
    CodeBucket         = var.code_bucket
    CodeKey            = var.code_key
    CustomerKey        = tostring(var.customer_key)
    DailyLogGigabytes  = tostring(var.daily_log_gigabytes)
    Environment        = var.environment
    Intake             = var.intake
    NetworkPrefix      = var.network_prefix
    OIDCAudience       = var.oidc_audience
    OIDCClientID       = var.oidc_client_id
    OIDCIssuer         = var.oidc_issuer
    OIDCResource       = var.oidc_resource
    OIDCRoles          = var.oidc_roles
    OIDCScope          = var.oidc_scope
    OcrConcurrency     = tostring(var.ocr_concurrency)
    OcrMemory          = tostring(var.ocr_memory)
    Owner              = var.owner
    PageApp            = var.page_app
    PageOrigin         = var.page_origin
    PrivateNetwork     = tostring(var.private_network)
    ProcessedHours     = tostring(var.processed_hours)
    ProgramLogDays     = tostring(var.program_log_days)
    Protection         = tostring(var.protection)
    PublicURL          = var.public_url
    Region             = var.region
    ReserveConcurrency = tostring(var.reserve_concurrency)
    Results            = var.results
    Review             = tostring(var.review)
    RolesBySecret      = tostring(var.roles_by_secret)
    Sandbox            = var.sandbox
    Started            = tostring(var.started)
    UnprocessedHours   = tostring(var.unprocessed_hours)
    WebhookAllow       = var.webhook_allow
    Webhooks           = tostring(var.webhooks)
  }
}
