terraform {
  required_version = ">= 1.7.0"

  required_providers {
    azapi = {
      source = "Azure/azapi"
      # Tests run 1.15.0. The bodies and outputs here are written for 1.15 and 2 alike.
      version = ">= 1.15.0, < 3.0.0"
    }
  }
}

provider "azapi" {
  subscription_id = var.subscription_id
}
