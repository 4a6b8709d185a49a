# Made from the template by `go test ./infra/terraform -update`: change the template.

variable "access_log_days" {
  description = "Days that it is kept who read, wrote and deleted. Personal data - it holds the addresses of callers."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.access_log_days)
    error_message = "access_log_days must be one of 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }

  validation {
    condition     = floor(var.access_log_days) == var.access_log_days
    error_message = "access_log_days must be a whole number."
  }
}

variable "access_trail" {
  description = "Record who read, wrote and deleted, and raise an alarm when it was somebody else than the functions."
  type        = bool
  default     = true
  nullable    = false
}

variable "alert_email" {
  description = "Address that alarms are sent to. Example: operations@example.org."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.alert_email) >= 6 && length(var.alert_email) <= 254
    error_message = "alert_email must be 6 to 254 characters long."
  }

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an address such as operations@example.org."
  }
}

variable "api_concurrency" {
  description = "Most calls of the interface at the same time."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = floor(var.api_concurrency) == var.api_concurrency
    error_message = "api_concurrency must be a whole number."
  }

  validation {
    condition     = var.api_concurrency >= 2 && var.api_concurrency <= 1000
    error_message = "api_concurrency must be 2 to 1000."
  }
}

variable "api_memory" {
  description = "Megabytes of the functions api, poison and retention."
  type        = number
  default     = 2048
  nullable    = false

  validation {
    condition     = floor(var.api_memory) == var.api_memory
    error_message = "api_memory must be a whole number."
  }

  validation {
    condition     = var.api_memory >= 1769 && var.api_memory <= 10240
    error_message = "api_memory must be 1769 to 10240."
  }
}

variable "bootstrap_app" {
  description = "Id of the first application. Only the hash of its secret is deployed."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.bootstrap_app) <= 64
    error_message = "bootstrap_app must be at most 64 characters long."
  }
}

variable "bootstrap_hash" {
  description = "SHA-256 of the secret of the first application in hex."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9a-f]{64})?$", var.bootstrap_hash))
    error_message = "bootstrap_hash must be empty, or 64 hex digits."
  }
}

variable "client_addresses" {
  description = "Public ranges from which links work all the same when the network is private, with commas between them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for entry in var.client_addresses : !can(regex(",", entry))])
    error_message = "client_addresses must be a list whose entries hold no comma."
  }
}

variable "closing" {
  description = "The stamp is being removed. It accepts nothing, and what is left is due at the next sweep."
  type        = bool
  default     = false
  nullable    = false
}

variable "code_bucket" {
  description = "Bucket in the region that holds the package."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.code_bucket) >= 3 && length(var.code_bucket) <= 63
    error_message = "code_bucket must be 3 to 63 characters long."
  }
}

variable "code_key" {
  description = "Key of the package in it; an upgrade names another one. Example: lethe-0123456789ab.zip."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^lethe-[0-9a-f]{12}\\.zip$", var.code_key))
    error_message = "code_key must be lethe-, the first 12 hex digits of the SHA-256 of the package, .zip."
  }
}

variable "customer_key" {
  description = "A key of your own wraps everything that is stored. Decide at the first deployment."
  type        = bool
  default     = false
  nullable    = false
}

variable "daily_log_gigabytes" {
  description = "An alarm is raised when the program logs more in a day."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(var.daily_log_gigabytes) == var.daily_log_gigabytes
    error_message = "daily_log_gigabytes must be a whole number."
  }

  validation {
    condition     = var.daily_log_gigabytes >= 1 && var.daily_log_gigabytes <= 100
    error_message = "daily_log_gigabytes must be 1 to 100."
  }
}

variable "environment" {
  description = "What the stamp is for; a tag."
  type        = string
  default     = "prod"
  nullable    = false

  validation {
    condition     = contains(["prod", "test"], var.environment)
    error_message = "environment must be one of prod, test."
  }
}

variable "intake" {
  description = "Whether new documents are accepted. Retention goes on in either case."
  type        = string
  default     = "open"
  nullable    = false

  validation {
    condition     = contains(["open", "closed"], var.intake)
    error_message = "intake must be one of open, closed."
  }
}

variable "network_prefix" {
  description = "Address range of the private network, a /24 that overlaps no network it is joined with."
  type        = string
  default     = "10.90.0.0/24"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{1,3}\\.){3}0/24$", var.network_prefix))
    error_message = "network_prefix must be a range such as 10.90.0.0/24."
  }
}

variable "oidc_audience" {
  description = "Audience of tokens for this service."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.oidc_audience) <= 256
    error_message = "oidc_audience must be at most 256 characters long."
  }
}

variable "oidc_client_id" {
  description = "Public client of the issuer with which people sign in at the page."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.oidc_client_id) <= 200
    error_message = "oidc_client_id must be at most 200 characters long."
  }

  validation {
    condition     = can(regex("^([A-Za-z0-9][A-Za-z0-9._~:/@-]*)?$", var.oidc_client_id))
    error_message = "oidc_client_id must be of the form ^([A-Za-z0-9][A-Za-z0-9._~:/@-]*)?$."
  }
}

variable "oidc_issuer" {
  description = "Address of an OpenID Connect issuer whose tokens are accepted too."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.oidc_issuer) <= 256
    error_message = "oidc_issuer must be at most 256 characters long."
  }

  validation {
    condition     = can(regex("^(https://[^?#\\s]+)?$", var.oidc_issuer))
    error_message = "oidc_issuer must be of the form ^(https://[^?#\\s]+)?$."
  }
}

variable "oidc_resource" {
  description = "Resource that the page asks the issuer for a token of."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.oidc_resource) <= 200
    error_message = "oidc_resource must be at most 200 characters long."
  }
}

variable "oidc_roles" {
  description = "Scopes that roles give. Example: Lethe.Operator:operator,Lethe.Auditor:auditor."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.oidc_roles) <= 512
    error_message = "oidc_roles must be at most 512 characters long."
  }
}

variable "oidc_scope" {
  description = "Scopes that the page asks the issuer for, with spaces between them."
  type        = string
  default     = "openid"
  nullable    = false

  validation {
    condition     = length(var.oidc_scope) <= 200
    error_message = "oidc_scope must be at most 200 characters long."
  }
}

variable "ocr_concurrency" {
  description = "Most uploads that are read at the same time, and as many documents that go on, or parts of large ones."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = floor(var.ocr_concurrency) == var.ocr_concurrency
    error_message = "ocr_concurrency must be a whole number."
  }

  validation {
    condition     = var.ocr_concurrency >= 2 && var.ocr_concurrency <= 1000
    error_message = "ocr_concurrency must be 2 to 1000."
  }
}

variable "ocr_memory" {
  description = "Megabytes of the functions that read documents. 1769 MB are one core; a core reads one page at a time."
  type        = number
  default     = 3538
  nullable    = false

  validation {
    condition     = contains([1769, 3538, 5307, 7076, 8845, 10240], var.ocr_memory)
    error_message = "ocr_memory must be one of 1769, 3538, 5307, 7076, 8845, 10240."
  }

  validation {
    condition     = floor(var.ocr_memory) == var.ocr_memory
    error_message = "ocr_memory must be a whole number."
  }
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

variable "page_app" {
  description = "Id of the application inside which people own what they send at the page."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$", var.page_app))
    error_message = "page_app must be of the form ^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$."
  }
}

variable "page_origin" {
  description = "Origin of the page for people - the address of the stamp, without a slash at its end - whose scripts may send documents to the bucket. Empty for no page."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.page_origin) <= 200
    error_message = "page_origin must be at most 200 characters long."
  }

  validation {
    condition     = can(regex("^(https://[a-z0-9.-]+)?$", var.page_origin))
    error_message = "page_origin must be of the form ^(https://[a-z0-9.-]+)?$."
  }
}

variable "private_network" {
  description = "The functions run in a network without a way to the internet, and upload and result links work there only."
  type        = bool
  default     = false
  nullable    = false
}

variable "processed_hours" {
  description = "A document is erased at most this long after its processing ended, in whole hours."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = floor(var.processed_hours) == var.processed_hours
    error_message = "processed_hours must be a whole number."
  }

  validation {
    condition     = var.processed_hours >= 1 && var.processed_hours <= 24
    error_message = "processed_hours must be 1 to 24."
  }
}

variable "program_log_days" {
  description = "Days that the log of the program is kept - ids, counts, times and codes."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.program_log_days)
    error_message = "program_log_days must be one of 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }

  validation {
    condition     = floor(var.program_log_days) == var.program_log_days
    error_message = "program_log_days must be a whole number."
  }
}

variable "protection" {
  description = "Tables cannot be deleted. The removal of a stamp switches it off first."
  type        = bool
  default     = true
  nullable    = false
}

variable "public_url" {
  description = "Address under which clients reach the interface, if it is not the function URL. Example: https://ocr.example.org."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[^?#\\s]+)?$", var.public_url))
    error_message = "public_url must be empty, or an address that begins with https://."
  }
}

variable "region" {
  description = "Region of the stamp, which must be the one that the stack lies in. Example: eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.region) >= 9 && length(var.region) <= 20
    error_message = "region must be 9 to 20 characters long."
  }
}

variable "reserve_concurrency" {
  description = "Set these numbers aside from what the account may run at the same time. A new account may have too few."
  type        = bool
  default     = true
  nullable    = false
}

variable "results" {
  description = "Whether results are fetched by short-lived links too, or through the interface only."
  type        = string
  default     = "link"
  nullable    = false

  validation {
    condition     = contains(["link", "api"], var.results)
    error_message = "results must be one of link, api."
  }
}

variable "review" {
  description = "Keep documents that made the engine fail until their deadline, so that two reviewers can look at them in a recorded case."
  type        = bool
  default     = false
  nullable    = false
}

variable "roles_by_secret" {
  description = "Give the scopes operator, auditor and reviewer to secrets of applications too."
  type        = bool
  default     = false
  nullable    = false
}

variable "sandbox" {
  description = "Whether documents are accepted where the kernel cannot confine worker processes."
  type        = string
  default     = "required"
  nullable    = false

  validation {
    condition     = contains(["required", "best-effort"], var.sandbox)
    error_message = "sandbox must be one of required, best-effort."
  }
}

variable "started" {
  description = "How often the functions were told to start again, such as after a new signing key. Another number starts them."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = floor(var.started) == var.started
    error_message = "started must be a whole number."
  }

  validation {
    condition     = var.started >= 0
    error_message = "started must be at least 0."
  }
}

variable "unprocessed_hours" {
  description = "A document is erased at most this long after its upload, in whole hours. One attempt at reading it takes up to 90 minutes."
  type        = number
  default     = 48
  nullable    = false

  validation {
    condition     = floor(var.unprocessed_hours) == var.unprocessed_hours
    error_message = "unprocessed_hours must be a whole number."
  }

  validation {
    condition     = var.unprocessed_hours >= 2 && var.unprocessed_hours <= 48
    error_message = "unprocessed_hours must be 2 to 48."
  }
}

variable "webhook_allow" {
  description = "Hosts beside which no webhook is told anything. Example: hooks.example.org,*.example.com."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.webhook_allow) <= 256
    error_message = "webhook_allow must be at most 256 characters long."
  }
}

variable "webhooks" {
  description = "Tell applications at addresses of theirs what became of their tasks. Ids and times may then leave the region."
  type        = bool
  default     = false
  nullable    = false
}
