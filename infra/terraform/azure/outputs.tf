# Made from the template by `go test ./infra/terraform -update`: change the template.

output "app_name" {
  description = "Name of the function app."
  value       = local.outputs.appName.value
}

output "documents_name" {
  description = "Name of the account of documents."
  value       = local.outputs.documentsName.value
}

output "endpoint" {
  description = "Address of the interface."
  value       = local.outputs.endpoint.value
}

output "host_name" {
  description = "Name of the account of the host."
  value       = local.outputs.hostName.value
}

output "private_network" {
  description = "Whether events travel by queue, for the second stage."
  value       = local.outputs.privateNetwork.value
}

output "secret_name" {
  description = "Name of the secret that holds the signing key."
  value       = local.outputs.secretName.value
}

output "topic_name" {
  description = "Name of the topic, for the second stage."
  value       = local.outputs.topicName.value
}

output "unprocessed_hours" {
  description = "Hours after an upload in which its event is of use, for the second stage."
  value       = local.outputs.unprocessedHours.value
}

output "vault_name" {
  description = "Name of the vault."
  value       = local.outputs.vaultName.value
}

output "workspace_name" {
  description = "Name of the workspace."
  value       = local.outputs.workspaceName.value
}
