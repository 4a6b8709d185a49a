# One region's stamp: its resource group, and in it the compiled template, deployed by Azure itself. Everything the stamp
# consists of is said in infra/azure, and nothing of it here.

variable "subscription_id" {
  description = "Subscription of the stamp."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "subscription_id must be an id such as 00000000-0000-0000-0000-000000000000."
  }
}

variable "events" {
  description = "Deploy the event subscription too. It needs the package in the function app: false at the first apply, true from the second on."
  type        = bool
  default     = false
  nullable    = false
}

locals {
  # Ids are made here, and not read from resources, so that everything is known and checked when it is planned.
  group_name = "rg-${var.workload}-${var.env}-${var.region}"
  group_id   = "/subscriptions/${var.subscription_id}/resourceGroups/${local.group_name}"

  # Text in 1.x of the provider, a value in 2.x.
  stamp   = try(jsondecode(azapi_resource.stamp.output), azapi_resource.stamp.output)
  outputs = local.stamp.properties.outputs
}

resource "azapi_resource" "group" {
  type      = "Microsoft.Resources/resourceGroups@2024-03-01"
  name      = local.group_name
  parent_id = "/subscriptions/${var.subscription_id}"
  location  = var.region
  tags = {
    workload = var.workload
    env      = var.env
    region   = var.region
    owner    = var.owner
  }

  lifecycle {
    # The scripts keep in tags what they have proven of the stamp. Documents and the ledger lie in the group: `make destroy`
    # saves the ledger, and Terraform does not remove it.
    ignore_changes  = [tags]
    prevent_destroy = true
  }
}

resource "azapi_resource" "stamp" {
  type      = "Microsoft.Resources/deployments@2024-03-01"
  name      = "lethe-stamp"
  parent_id = local.group_id

  body = {
    properties = {
      mode       = "Incremental"
      template   = jsondecode(file("${path.module}/../../azure/main.json"))
      parameters = local.parameters
    }
  }
  response_export_values = ["properties.outputs"]

  depends_on = [azapi_resource.group]

  lifecycle {
    precondition {
      condition     = (var.bootstrap_app == "") == (var.bootstrap_hash == "")
      error_message = "bootstrap_app and bootstrap_hash come together."
    }
    precondition {
      condition     = can(regex("^(https://[^/*]+)?$", var.page_origin))
      error_message = "page_origin must be an origin such as https://ocr.example.org."
    }
  }

  timeouts {
    create = "60m"
    update = "60m"
  }
}

# The second stage: events reach the program once its package is there.
resource "azapi_resource" "events" {
  count     = var.events ? 1 : 0
  type      = "Microsoft.Resources/deployments@2024-03-01"
  name      = "lethe-events"
  parent_id = local.group_id

  body = {
    properties = {
      mode     = "Incremental"
      template = jsondecode(file("${path.module}/../../azure/events.json"))
      parameters = {
        topicName        = { value = local.outputs.topicName.value }
        appName          = { value = local.outputs.appName.value }
        documentsName    = { value = local.outputs.documentsName.value }
        privateNetwork   = { value = local.outputs.privateNetwork.value }
        unprocessedHours = { value = local.outputs.unprocessedHours.value }
      }
    }
  }
}
