package infra_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// roleNames are the roles that are granted at all, by the ids that Azure gives them.
func roleNames() map[string]string {
	return map[string]string{
		"b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
		"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
		"db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
		"974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
		"c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
		"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
		"acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
		"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
		"e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
		"3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
	}
}

// granted is the whole role table: who may do what, and where. There is no wider scope and no person.
func granted(s stamp) []string {
	all := []string{
		"app: Storage Blob Delegator on documents",
		"app: Storage Queue Data Contributor on documents",
		"app: Reader on documents",
		"app: Storage Blob Data Owner on host",
		"app: Storage Queue Data Contributor on host",
		"app: Storage Table Data Contributor on host",
		"app: Key Vault Secrets User on vault",
		"app: Monitoring Metrics Publisher on insights",
		"topic: Storage Blob Data Contributor on documents/blobServices/default/containers/" + storage.DeadLetters,
	}
	for _, c := range storage.Containers() {
		all = append(all, "app: Storage Blob Data Contributor on documents/blobServices/default/containers/"+c)
	}
	for _, t := range dueindex.Tables() {
		all = append(all, "app: Storage Table Data Contributor on documents/tableServices/default/tables/"+t)
	}
	if s.private {
		all = append(all, "topic: Storage Queue Data Message Sender on documents/queueServices/default/queues/ocr-requeue")
	}
	if s.customerKey {
		all = append(all, "accounts: Key Vault Crypto Service Encryption User on vault/keys/storage")
	}
	return all
}

// grants reads the role table out of a deployment.
func grants(s stamp) []string {
	var all []string
	for _, r := range s.of(assignments, "") {
		who := "somebody: "
		switch principal := r.str("properties.principalId"); {
		case strings.HasPrefix(principal, "reference(") && strings.HasSuffix(principal, "-key).principalId"):
			who = "accounts: "
		case strings.HasPrefix(principal, "reference(") && strings.Contains(principal, "/userAssignedIdentities/"):
			who = "app: "
		case strings.HasPrefix(principal, "reference(") && strings.Contains(principal, "/systemTopics/"):
			who = "topic: "
		}
		role := leaf(r.str("properties.roleDefinitionId"))
		if name := roleNames()[role]; name != "" {
			role = name
		}
		scope, _, _ := strings.Cut(r.id(), "/providers/"+assignments)
		all = append(all, who+role+" on "+short(s, scope))
	}
	return all
}

// short names a scope by what it is in the stamp.
func short(s stamp, scope string) string {
	for _, known := range []struct{ name, id string }{
		{"documents", account(s, "doc").id()},
		{"host", account(s, "run").id()},
		{"vault", first(s, vaults).id()},
		{"insights", first(s, components).id()},
	} {
		if rest, ok := strings.CutPrefix(scope, known.id); ok && known.id != "" && (rest == "" || rest[0] == '/') {
			return known.name + rest
		}
	}
	return scope
}

// account is the account of documents or of the host.
func account(s stamp, what string) resource {
	for _, r := range s.of(accounts, what) {
		return r
	}
	return nil
}

func first(s stamp, kind string) resource {
	for _, r := range s.of(kind, "") {
		return r
	}
	return nil
}

func accessRules() []rule {
	return []rule{
		{
			name:   "the role table is exactly as documented, each role on its narrowest scope",
			check:  func(s stamp) []string { return differ("roles", grants(s), granted(s)) },
			broken: func(s *stamp) { s.set(assignments, "", "id", account(*s, "doc").id()+"/providers/"+assignments+"/x") },
		},
		{
			name: "no person has a role",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(assignments, "") {
					if r.str("properties.principalType") != "ServicePrincipal" || !strings.HasPrefix(r.str("properties.principalId"), "reference(") {
						wrong = append(wrong, r.id())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(assignments, "", "properties.principalType", "User") },
		},
		{
			name: "role assignments have names of their own",
			check: func(s stamp) []string {
				var wrong []string
				seen := map[string]bool{}
				for _, r := range s.of(assignments, "") {
					if seen[r.name()] {
						wrong = append(wrong, r.id())
					}
					seen[r.name()] = true
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(assignments, "", "name", s.of(assignments, "")[3].name()) },
		},
		{
			name: "host and program are told nothing that is forbidden, and reach storage without a connection string",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(siteConfigs, "") {
					properties, _ := r.at("properties").(map[string]any)
					for name, value := range properties {
						text, _ := value.(string)
						if slices.Contains(forbidden(), name) || strings.Contains(text, "AccountKey=") || strings.Contains(text, "listKeys") {
							wrong = append(wrong, name)
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(siteConfigs, "", "properties.AzureWebJobsStorage", "") },
		},
		{
			name: "the app acts as the one identity",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(sites, "") {
					id := s.of(identities, "")[0].id()
					assigned, _ := r.at("identity.userAssignedIdentities").(map[string]any)
					if _, ok := assigned[id]; !ok || len(assigned) != 1 {
						wrong = append(wrong, fmt.Sprintf("identities %v, want %s alone", assigned, id))
					}
					for _, path := range []string{
						"properties.keyVaultReferenceIdentity",
						"properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId",
					} {
						if got := r.str(path); got != id {
							wrong = append(wrong, fmt.Sprintf("%s is %q, want %s", path, got, id))
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(sites, "", "properties.keyVaultReferenceIdentity", "SystemAssigned") },
		},
		{
			name: "only what Azure alone knows is left open",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.resources {
					walk(map[string]any(r), func(text string) {
						if strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "[parameters('signingKey')") &&
							text != "[not(empty(parameters('signingKey')))]" && !strings.Contains(text, "virtualNetworkLinks', filter(") {
							wrong = append(wrong, text)
						}
					})
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(accounts, "", "properties.minimumTlsVersion", "[parameters('tls')]") },
		},
	}
}

// forbidden settings break Flex Consumption or take storage by key.
func forbidden() []string {
	return []string{
		"AzureWebJobsStorage", "Documents", "AzureWebJobsDashboard", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION",
		"WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENTSHARE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "ENABLE_ORYX_BUILD",
		"SCM_DO_BUILD_DURING_DEPLOYMENT", "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT", "APPINSIGHTS_INSTRUMENTATIONKEY",
	}
}

// walk visits every text of a value.
func walk(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	case map[string]any:
		for _, e := range v {
			walk(e, visit)
		}
	}
}
