package infra_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/requeue"
)

// optionRules hold in both positions of each option: what it asks for is there, and without it is not.
func optionRules() []rule {
	return []rule{
		{
			name: "accounts are closed if and only if the network is private, and addresses open that of documents alone",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(accounts, "") {
					addresses := s.addresses
					if r.name() == account(s, "run").name() || !s.private {
						addresses = nil
					}
					want := map[string]any{"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []any{}, "virtualNetworkRules": []any{}}
					access := "Enabled"
					if s.private {
						want["defaultAction"] = "Deny"
						var list []any
						for _, a := range addresses {
							list = append(list, map[string]any{"action": "Allow", "value": strings.TrimSuffix(a, "/32")})
						}
						if len(list) > 0 {
							want["ipRules"] = list
						} else {
							access = "Disabled"
						}
					}
					if !same(want, r.at("properties.networkAcls")) || r.str("properties.publicNetworkAccess") != access {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(accounts, "", "properties.publicNetworkAccess", "Enabled") },
		},
		{
			name: "people look at documents, or sign in without a token, only where the stamp says so",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(siteConfigs, "") {
					for setting, want := range map[string]bool{"LETHE_REVIEW": s.review, "LETHE_OIDC_REQUIRED": !s.rolesBySecret} {
						if got := r.str("properties." + setting); got != strconv.FormatBool(want) {
							wrong = append(wrong, fmt.Sprintf("%s is %q", setting, got))
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(siteConfigs, "", "properties.LETHE_REVIEW", strconv.FormatBool(!s.review)) },
		},
		{
			name: "applications are told, and the function that tells them is started, only where the stamp says so",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(siteConfigs, "") {
					properties, _ := r.at("properties").(map[string]any)
					if told := properties["LETHE_WEBHOOKS"]; told != strconv.FormatBool(s.webhooks) {
						wrong = append(wrong, fmt.Sprintf("LETHE_WEBHOOKS is %q", told))
					}
					for name, value := range properties {
						function, ok := strings.CutPrefix(name, "AzureWebJobs.")
						if ok && (s.webhooks || function != notify.Name+".Disabled" || value != "true") {
							wrong = append(wrong, fmt.Sprintf("%s is %q", name, value))
						}
					}
					if _, off := properties["AzureWebJobs."+notify.Name+".Disabled"]; off == s.webhooks {
						wrong = append(wrong, "the function "+notify.Name)
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(siteConfigs, "", "properties.LETHE_WEBHOOKS", strconv.FormatBool(!s.webhooks))
			},
		},
		{
			name: "accounts are replicated as the option says",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(accounts, "") {
					if r.str("sku.name") != s.sku {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(accounts, "", "sku.name", "Standard_LRS") },
		},
		{
			name: "a customer's key wraps both accounts if and only if it is asked for",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(accounts, "") {
					encryption := resource(r.at("properties.encryption").(map[string]any))
					identity := ""
					for _, i := range s.of(identities, "-key") {
						identity = i.id()
					}
					assigned, _ := r.at("identity.userAssignedIdentities").(map[string]any)
					_, own := assigned[identity]
					switch {
					case s.customerKey && own && encryption.str("keySource") == "Microsoft.Keyvault" &&
						encryption.str("identity.userAssignedIdentity") == identity && encryption.str("keyvaultproperties.keyname") == "storage" &&
						encryption.str("keyvaultproperties.keyvaulturi") == "https://"+first(s, vaults).name()+".vault.azure.net" &&
						encryption.at("keyvaultproperties.keyversion") == nil:
					case !s.customerKey && r.str("identity.type") == "None" && encryption.str("keySource") == "Microsoft.Storage" &&
						encryption.at("keyvaultproperties") == nil:
					default:
						wrong = append(wrong, fmt.Sprint(r.name(), " ", encryption))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(accounts, "", "properties.encryption.keySource", "Microsoft.Storage") },
		},
		{
			name: "the vault is closed with the network and protected with the key in it",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(vaults, "") {
					var protection any
					access, action, bypass := "Enabled", "Allow", "None"
					if s.private {
						access, action = "Disabled", "Deny"
					}
					if s.customerKey {
						protection, bypass = true, "AzureServices"
					}
					if r.at("properties.enablePurgeProtection") != protection || r.str("properties.publicNetworkAccess") != access ||
						r.str("properties.networkAcls.defaultAction") != action || r.str("properties.networkAcls.bypass") != bypass {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(vaults, "", "properties.enablePurgeProtection", nil) },
		},
		{
			name: "callers of the app are filtered by the addresses, and the webhook comes through",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(sites, "") {
					want, action, access := []any{}, "Allow", "Enabled"
					for i, a := range s.addresses {
						want = append(want, map[string]any{"name": fmt.Sprintf("clients-%d", i), "action": "Allow", "priority": 100 + i, "ipAddress": a})
						action = "Deny"
					}
					if len(want) > 0 && !s.private {
						want = append(want, map[string]any{"name": "events", "action": "Allow", "priority": 1000, "tag": "ServiceTag", "ipAddress": "AzureEventGrid"})
					}
					if s.private && len(want) == 0 {
						access = "Disabled"
					}
					if !same(want, r.at("properties.siteConfig.ipSecurityRestrictions")) || r.str("properties.publicNetworkAccess") != access ||
						r.str("properties.siteConfig.ipSecurityRestrictionsDefaultAction") != action {
						wrong = append(wrong, fmt.Sprint(r.at("properties.siteConfig")))
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(sites, "", "properties.siteConfig.ipSecurityRestrictionsDefaultAction", "Allow")
			},
		},
		{
			name: "instances are kept running for the groups and in the numbers asked for",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(sites, "") {
					want := []any{}
					if s.http > 0 {
						want = append(want, map[string]any{"name": "http", "instanceCount": s.http})
					}
					group := "blob"
					if s.private {
						group = "function:" + requeue.Name
					}
					if s.documents > 0 {
						want = append(want, map[string]any{"name": group, "instanceCount": s.documents})
					}
					if got := r.at("properties.functionAppConfig.scaleAndConcurrency.alwaysReady"); !same(want, got) {
						wrong = append(wrong, fmt.Sprintf("%v, want %v", got, want))
					}
				}
				return append(wrong, s.within(sites, "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount", 40, 1000)...)
			},
			broken: func(s *stamp) {
				s.set(sites, "", "properties.functionAppConfig.scaleAndConcurrency.alwaysReady.0.name", "documents")
			},
		},
		{
			name: "a private network has an address and a name for everything that is closed",
			check: func(s stamp) []string {
				var got, want []string
				if s.private {
					for _, group := range []string{"blob", "queue", "table"} {
						zone := "privatelink." + group + ".core.windows.net"
						want = append(want, "documents "+group+" as "+zone, "host "+group+" as "+zone)
					}
					want = append(want, "vault vault as privatelink.vaultcore.azure.net", "app sites as privatelink.azurewebsites.net")
				}
				for _, r := range s.of(endpoints, "") {
					target := short(s, r.str("properties.privateLinkServiceConnections.0.properties.privateLinkServiceId"))
					if target == first(s, sites).id() {
						target = "app"
					}
					zone := ""
					for _, g := range s.of(zoneGroups, r.name()+"/") {
						zone = leaf(g.str("properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId"))
					}
					got = append(got, target+" "+r.str("properties.privateLinkServiceConnections.0.properties.groupIds.0")+" as "+zone)
					if !strings.HasSuffix(r.str("properties.subnet.id"), "/subnets/endpoints") {
						got = append(got, r.name()+" in another subnet")
					}
				}
				return differ("endpoints", got, want)
			},
			broken: func(s *stamp) { s.drop(endpoints, "host-queue") },
		},
		{
			name: "every private zone is joined to the network, in which the app has a subnet of its own",
			check: func(s stamp) []string {
				var joined, names, wrong []string
				for _, r := range s.of(zones, "") {
					names = append(names, r.name())
				}
				for _, r := range s.of(zoneLinks, "") {
					zone, _, _ := strings.Cut(r.name(), "/")
					joined = append(joined, zone)
					if r.str("properties.virtualNetwork.id") != first(s, networks).id() {
						wrong = append(wrong, r.name())
					}
				}
				for _, r := range s.of(sites, "") {
					want := ""
					if s.private {
						want = first(s, networks).id() + "/subnets/" + first(s, networks).str("properties.subnets.0.name")
					}
					if r.str("properties.virtualNetworkSubnetId") != want {
						wrong = append(wrong, r.name())
					}
				}
				return append(wrong, differ("zones", joined, names)...)
			},
			broken: func(s *stamp) { s.drop(zoneLinks, "blob") },
		},
		{
			name: "events travel by webhook, or by queue where the network is private",
			check: func(s stamp) []string {
				name, ttl := "uploads", any(nil)
				if s.private {
					name, ttl = "uploads-by-queue", (s.unprocessed / time.Second)
				}
				wrong := differ("subscriptions", s.leaves(subscriptions, ""), []string{name})
				for _, r := range s.of(subscriptions, "") {
					if !strings.HasPrefix(r.name(), first(s, topics).name()+"/") {
						wrong = append(wrong, r.name()+" is of another topic")
					}
					if got := r.at("properties.deliveryWithResourceIdentity.destination.properties.queueMessageTimeToLiveInSeconds"); !same(ttl, got) {
						wrong = append(wrong, fmt.Sprintf("a message lives %v seconds, want %v", got, ttl))
					}
					for _, path := range []string{
						"properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.resourceId",
						"properties.deliveryWithResourceIdentity.destination.properties.resourceId",
					} {
						if got := r.str(path); got != account(s, "doc").id() && (got != "" || strings.Contains(path, "deadLetter")) {
							wrong = append(wrong, path)
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(subscriptions, "", "properties.deliveryWithResourceIdentity.destination.properties.queueMessageTimeToLiveInSeconds", -1.0)
			},
		},
		{
			name: "publishing passwords are off on both ways in",
			check: func(s stamp) []string {
				return differ("ways", s.leaves(passwords, ""), []string{"ftp", "scm"})
			},
			broken: func(s *stamp) { s.drop(passwords, "scm") },
		},
		{
			name: "a stamp has each thing once",
			check: func(s stamp) []string {
				var wrong []string
				for _, kind := range []string{vaults, plans, sites, topics, workspaces, components, siteConfigs} {
					wrong = append(wrong, s.present(kind, "")...)
				}
				if len(s.of(accounts, "")) != 2 {
					wrong = append(wrong, "there are not two accounts")
				}
				return wrong
			},
			broken: func(s *stamp) { s.drop(topics, "") },
		},
		{
			name: "both accounts say how deletion works in them",
			check: func(s stamp) []string {
				var got []string
				for _, r := range s.of(blobServices, "") {
					got = append(got, r.name())
				}
				return differ("blob services", got, []string{account(s, "doc").name() + "/default", account(s, "run").name() + "/default"})
			},
			broken: func(s *stamp) { s.drop(blobServices, "doc") },
		},
		{
			name: "the topic speaks of documents",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(topics, "") {
					if r.str("properties.source") != account(s, "doc").id() {
						wrong = append(wrong, r.str("properties.source"))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(topics, "", "properties.source", account(*s, "run").id()) },
		},
		{
			name: "the package lies in its container of the host",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(sites, "") {
					want := "https://" + account(s, "run").name() + ".blob.core.windows.net/packages"
					if got := r.str("properties.functionAppConfig.deployment.storage.value"); got != want {
						wrong = append(wrong, got)
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(sites, "", "properties.functionAppConfig.deployment.storage.value", "https://x.blob.core.windows.net//packages")
			},
		},
		{
			name: "telemetry goes to the stamp's own workspace, as the identity",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(components, "") {
					if r.str("properties.WorkspaceResourceId") != first(s, workspaces).id() {
						wrong = append(wrong, r.name())
					}
				}
				for _, r := range s.of(siteConfigs, "") {
					identity := s.of(identities, "")[0].id()
					if r.str("properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING") != "ClientId=reference("+identity+").clientId;Authorization=AAD" ||
						r.str("properties.APPLICATIONINSIGHTS_CONNECTION_STRING") != "reference("+first(s, components).id()+").ConnectionString" {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(components, "", "properties.WorkspaceResourceId", "elsewhere") },
		},
		{
			name: "identities are those that somebody acts as",
			check: func(s stamp) []string {
				want := 1
				if s.customerKey {
					want = 2
				}
				if n := len(s.of(identities, "")); n != want {
					return []string{fmt.Sprintf("%d identities, want %d", n, want)}
				}
				return nil
			},
			broken: func(s *stamp) { s.add(identities, map[string]any{"name": "id-spare"}) },
		},
		{
			name: "the tag of retained days is as the retention says",
			check: func(s stamp) []string {
				var wrong []string
				want := fmt.Sprint(int((s.unprocessed + 24*time.Hour - 1) / (24 * time.Hour)))
				for _, r := range s.resources {
					if !slices.Contains(placeless(), r.kind()) && r.str("tags.retention-days") != want {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(sites, "", "tags.retention-days", "30") },
		},
	}
}
