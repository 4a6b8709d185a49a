# Made from the template by `go test ./infra/terraform -update`: change the template.

output "api_url" {
  description = "Address of the interface."
  value       = aws_cloudformation_stack.stamp.outputs["ApiUrl"]
}

output "bucket" {
  description = "Name of the bucket of documents."
  value       = aws_cloudformation_stack.stamp.outputs["Bucket"]
}

output "requeue_queue_url" {
  description = "Address of the queue of work that goes on."
  value       = aws_cloudformation_stack.stamp.outputs["RequeueQueueUrl"]
}

output "signing_key_secret_arn" {
  description = "Secret that holds the signing key."
  value       = aws_cloudformation_stack.stamp.outputs["SigningKeySecretArn"]
}

output "table_prefix" {
  description = "What the names of the tables begin with."
  value       = aws_cloudformation_stack.stamp.outputs["TablePrefix"]
}
