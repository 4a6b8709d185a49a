# One region's stamp: the stack, which CloudFormation itself makes. Everything the stamp consists of is said in infra/aws, and
# nothing of it here.

locals {
  # The template is too large to be an argument. It lies beside the package, under the name that the scripts give it too:
  # another template has another name, and so is a change that is planned.
  template_key = "stamp-${substr(filesha256("${path.module}/../../aws/stamp.yaml"), 0, 12)}.yaml"
}

resource "aws_cloudformation_stack" "stamp" {
  name         = "lethe-${var.region}"
  template_url = "https://${var.code_bucket}.s3.${var.region}.amazonaws.com/${local.template_key}"
  parameters   = local.parameters
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
  on_failure   = "ROLLBACK"
  tags         = { workload = "lethe" }

  timeouts {
    create = "60m"
    update = "60m"
  }

  lifecycle {
    # Documents and the ledger lie in the stack: `make destroy` saves the ledger, and Terraform does not remove it.
    prevent_destroy = true

    precondition {
      condition     = (var.bootstrap_app == "") == (var.bootstrap_hash == "")
      error_message = "bootstrap_app and bootstrap_hash come together."
    }
    precondition {
      condition     = (var.oidc_issuer == "") == (var.oidc_audience == "")
      error_message = "oidc_issuer and oidc_audience come together."
    }
    precondition {
      condition     = (var.oidc_client_id == "") == (var.page_app == "") && (var.oidc_client_id == "" || var.oidc_issuer != "")
      error_message = "oidc_client_id and page_app come together, and with oidc_issuer."
    }
  }
}
