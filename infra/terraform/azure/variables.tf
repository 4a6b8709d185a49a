# Made from the template by `go test ./infra/terraform -update`: change the template.

variable "alert_email" {
  description = "Address that alerts are sent to. Example: operations@example.org."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.alert_email) >= 6 && length(var.alert_email) <= 254
    error_message = "alert_email must be 6 to 254 characters long."
  }

  validation {
    condition     = can(regex("^[^@]+@[^@]+$", var.alert_email))
    error_message = "alert_email must be an address such as operations@example.org."
  }
}

variable "allowed_addresses" {
  description = "Ranges that clients call from. They filter the app, and storage if there is a private network. Empty means everybody."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.allowed_addresses) <= 100
    error_message = "allowed_addresses must be at most 100 entries."
  }

  validation {
    condition     = alltrue([for entry in var.allowed_addresses : length(entry) >= 9 && length(entry) <= 18])
    error_message = "allowed_addresses must be entries of 9 to 18 characters."
  }
}

variable "bootstrap_app" {
  description = "Id of the first application. Only its secret's hash is deployed."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.bootstrap_app) <= 64
    error_message = "bootstrap_app must be at most 64 characters long."
  }
}

variable "bootstrap_hash" {
  description = "SHA-256 of the first application's secret, 64 hex digits."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.bootstrap_hash) <= 64
    error_message = "bootstrap_hash must be at most 64 characters long."
  }

  validation {
    condition     = can(regex("^([0-9a-f]{64})?$", var.bootstrap_hash))
    error_message = "bootstrap_hash must be empty, or SHA-256 in 64 hex digits."
  }
}

variable "clocks" {
  description = "The two retention limits."
  type        = object({ processed_hours = number, unprocessed_hours = number })
  default     = { processed_hours = 24, unprocessed_hours = 48 }
  nullable    = false

  validation {
    condition     = floor(var.clocks.processed_hours) == var.clocks.processed_hours
    error_message = "clocks.processed_hours must be a whole number."
  }

  validation {
    condition     = var.clocks.processed_hours >= 1 && var.clocks.processed_hours <= 24
    error_message = "clocks.processed_hours must be 1 to 24."
  }

  validation {
    condition     = floor(var.clocks.unprocessed_hours) == var.clocks.unprocessed_hours
    error_message = "clocks.unprocessed_hours must be a whole number."
  }

  validation {
    condition     = var.clocks.unprocessed_hours >= 1 && var.clocks.unprocessed_hours <= 48
    error_message = "clocks.unprocessed_hours must be 1 to 48."
  }
}

variable "commit" {
  description = "Version of the package that is deployed; a tag."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = length(var.commit) >= 1 && length(var.commit) <= 64
    error_message = "commit must be 1 to 64 characters long."
  }
}

variable "customer_key" {
  description = "A key of your own in the stamp's vault wraps the keys of both accounts. It cannot be switched off again."
  type        = bool
  default     = false
  nullable    = false
}

variable "daily_quota_gb" {
  description = "Most gigabytes that are logged a day."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(var.daily_quota_gb) == var.daily_quota_gb
    error_message = "daily_quota_gb must be a whole number."
  }

  validation {
    condition     = var.daily_quota_gb >= 1 && var.daily_quota_gb <= 100
    error_message = "daily_quota_gb must be 1 to 100."
  }
}

variable "env" {
  description = "What the stamp is for."
  type        = string
  default     = "prod"
  nullable    = false

  validation {
    condition     = contains(["prod", "test"], var.env)
    error_message = "env must be one of prod, test."
  }
}

variable "log_retention" {
  description = "Days that each log is kept."
  type        = object({ access = number, program = number, vault = number })
  default     = { access = 30, program = 30, vault = 30 }
  nullable    = false

  validation {
    condition     = floor(var.log_retention.access) == var.log_retention.access
    error_message = "log_retention.access must be a whole number."
  }

  validation {
    condition     = var.log_retention.access >= 30 && var.log_retention.access <= 730
    error_message = "log_retention.access must be 30 to 730."
  }

  validation {
    condition     = floor(var.log_retention.program) == var.log_retention.program
    error_message = "log_retention.program must be a whole number."
  }

  validation {
    condition     = var.log_retention.program >= 30 && var.log_retention.program <= 730
    error_message = "log_retention.program must be 30 to 730."
  }

  validation {
    condition     = floor(var.log_retention.vault) == var.log_retention.vault
    error_message = "log_retention.vault must be a whole number."
  }

  validation {
    condition     = var.log_retention.vault >= 30 && var.log_retention.vault <= 730
    error_message = "log_retention.vault must be 30 to 730."
  }
}

variable "network_prefix" {
  description = "Address range of the private network, a /24 that overlaps no network it is joined with."
  type        = string
  default     = "10.90.0.0/24"
  nullable    = false
}

variable "owner" {
  description = "Who answers for the stamp; a tag."
  type        = string
  default     = "operations"
  nullable    = false

  validation {
    condition     = length(var.owner) >= 1 && length(var.owner) <= 64
    error_message = "owner must be 1 to 64 characters long."
  }
}

variable "page_origin" {
  description = "Origin of the page for people, whose scripts may send documents to storage: the address of the app, or your own name for it, without a slash at its end. Empty for no page."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.page_origin) <= 200
    error_message = "page_origin must be at most 200 characters long."
  }
}

variable "previous_key_uri" {
  description = "While the signing key is replaced: the URI of its old version in the vault, as the secret's resource shows it. Nobody has to read the key."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.previous_key_uri) <= 200
    error_message = "previous_key_uri must be at most 200 characters long."
  }
}

variable "private_network" {
  description = "Private endpoints for storage, app and vault. Storage is then closed to the internet."
  type        = bool
  default     = false
  nullable    = false
}

variable "ready" {
  description = "Instances that are kept running."
  type        = object({ documents = number, http = number })
  default     = { documents = 1, http = 0 }
  nullable    = false

  validation {
    condition     = floor(var.ready.documents) == var.ready.documents
    error_message = "ready.documents must be a whole number."
  }

  validation {
    condition     = var.ready.documents >= 0 && var.ready.documents <= 20
    error_message = "ready.documents must be 0 to 20."
  }

  validation {
    condition     = floor(var.ready.http) == var.ready.http
    error_message = "ready.http must be a whole number."
  }

  validation {
    condition     = var.ready.http >= 0 && var.ready.http <= 20
    error_message = "ready.http must be 0 to 20."
  }
}

variable "region" {
  description = "Region of the stamp, which must be that of its resource group. Example: westeurope."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["australiaeast", "australiasoutheast", "austriaeast", "belgiumcentral", "brazilsouth", "canadacentral", "canadaeast", "centralindia", "centralus", "chilecentral", "denmarkeast", "eastasia", "eastus", "eastus2", "francecentral", "germanywestcentral", "indonesiacentral", "israelcentral", "italynorth", "japaneast", "japanwest", "koreacentral", "malaysiawest", "mexicocentral", "newzealandnorth", "northcentralus", "northeurope", "norwayeast", "polandcentral", "qatarcentral", "southafricanorth", "southcentralus", "southeastasia", "southindia", "spaincentral", "swedencentral", "switzerlandnorth", "switzerlandwest", "uaenorth", "uksouth", "ukwest", "westcentralus", "westeurope", "westus", "westus2", "westus3"], var.region)
    error_message = "region must be one of australiaeast, australiasoutheast, austriaeast, belgiumcentral, brazilsouth, canadacentral, canadaeast, centralindia, centralus, chilecentral, denmarkeast, eastasia, eastus, eastus2, francecentral, germanywestcentral, indonesiacentral, israelcentral, italynorth, japaneast, japanwest, koreacentral, malaysiawest, mexicocentral, newzealandnorth, northcentralus, northeurope, norwayeast, polandcentral, qatarcentral, southafricanorth, southcentralus, southeastasia, southindia, spaincentral, swedencentral, switzerlandnorth, switzerlandwest, uaenorth, uksouth, ukwest, westcentralus, westeurope, westus, westus2, westus3."
  }
}

variable "review" {
  description = "Keep documents that made the engine fail until their deadline, so that two reviewers can look at them in a recorded case."
  type        = bool
  default     = false
  nullable    = false
}

variable "roles_by_secret" {
  description = "Give the scopes operator, auditor and reviewer to secrets of applications too. Without it they come in tokens of an OpenID Connect issuer only."
  type        = bool
  default     = false
  nullable    = false
}

variable "settings" {
  description = "Further settings of the program, for example { LETHE_OIDC_ISSUER: 'https://login.example.org' }. What the stamp itself sets, it keeps."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^LETHE_", name))])
    error_message = "settings must be settings whose names begin with LETHE_."
  }
}

variable "signing_key" {
  description = "A new signing key for receipts. Empty leaves the one in the vault."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true
}

variable "size" {
  description = "Size and number of instances."
  type        = object({ maximum = number, memory_mb = number })
  default     = { maximum = 40, memory_mb = 2048 }
  nullable    = false

  validation {
    condition     = floor(var.size.maximum) == var.size.maximum
    error_message = "size.maximum must be a whole number."
  }

  validation {
    condition     = var.size.maximum >= 40 && var.size.maximum <= 1000
    error_message = "size.maximum must be 40 to 1000."
  }

  validation {
    condition     = contains([2048, 4096], var.size.memory_mb)
    error_message = "size.memory_mb must be one of 2048, 4096."
  }

  validation {
    condition     = floor(var.size.memory_mb) == var.size.memory_mb
    error_message = "size.memory_mb must be a whole number."
  }
}

variable "storage_redundancy" {
  description = "Copies of storage: three zones of the region, or one data centre where a region has no zones."
  type        = string
  default     = "Standard_ZRS"
  nullable    = false

  validation {
    condition     = contains(["Standard_LRS", "Standard_ZRS"], var.storage_redundancy)
    error_message = "storage_redundancy must be one of Standard_LRS, Standard_ZRS."
  }
}

variable "webhooks" {
  description = "Tell applications at addresses of theirs what became of their tasks. Ids and times may then leave the region."
  type        = bool
  default     = false
  nullable    = false
}

variable "workload" {
  description = "Short name of the installation, 3 to 8 small letters and digits. Every name contains it. Example: lethe."
  type        = string
  default     = "lethe"
  nullable    = false

  validation {
    condition     = length(var.workload) >= 3 && length(var.workload) <= 8
    error_message = "workload must be 3 to 8 characters long."
  }

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.workload))
    error_message = "workload must be small letters and digits."
  }
}
