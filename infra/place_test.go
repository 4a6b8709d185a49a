package infra_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// global lists the types that have no region. None of them holds anything of a document.
func global() []string { return []string{metricAlerts, changeAlerts, groups, zones, zoneLinks} }

// placeless lists the types that lie where their parent lies and have no tags of their own.
func placeless() []string {
	return []string{
		blobServices, containers, queueServices, queues, tableServices, tables, lifecycles, assignments, secrets, keys, siteConfigs,
		passwords, subscriptions, logTables, diagnostics, zoneGroups, policies,
	}
}

// placed lists the types that lie in the stamp's region.
func placed() []string {
	return []string{accounts, identities, vaults, plans, sites, topics, workspaces, components, logAlerts, networks, endpoints}
}

func placeRules() []rule {
	return []rule{
		{
			name: "everything lies in the stamp's region",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.resources {
					switch location := r.str("location"); {
					case slices.Contains(placed(), r.kind()) && location == s.region:
					case slices.Contains(global(), r.kind()) && location == "global":
					case slices.Contains(placeless(), r.kind()) && location == "":
					default:
						wrong = append(wrong, fmt.Sprintf("%s %s in %q", r.kind(), r.name(), location))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(workspaces, "", "location", "eastus2") },
		},
		{
			name: "there are only resources of reviewed types",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.resources {
					if !slices.Contains(slices.Concat(placed(), placeless(), global()), r.kind()) {
						wrong = append(wrong, r.kind())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(queues, "", "type", accounts+"/objectReplicationPolicies") },
		},
		{
			name: "everything that can have tags has them all",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.resources {
					if slices.Contains(placeless(), r.kind()) {
						continue
					}
					for _, tag := range []string{"workload", "env", "region", "owner", "data-class", "retention-days", "commit"} {
						if r.str("tags."+tag) == "" {
							wrong = append(wrong, fmt.Sprintf("%s has no tag %s", r.name(), tag))
						}
					}
					if got := r.str("tags.region"); got != s.region {
						wrong = append(wrong, fmt.Sprintf("%s says it is in %q", r.name(), got))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(vaults, "", "tags.owner", "") },
		},
		{
			name: "the region is written on every container",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(containers, "") {
					if r.str("properties.metadata.region") != s.region {
						wrong = append(wrong, r.name())
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(containers, "uploads", "properties.metadata.region", "local") },
		},
		{
			name: "names fit",
			check: func(s stamp) []string {
				var wrong []string
				for kind, form := range map[string]string{
					accounts: `^[a-z0-9]{3,24}$`, vaults: `^[a-z][a-z0-9-]{2,23}$`, sites: `^[a-z][a-z0-9-]{1,31}$`, workspaces: `^[a-z][a-z0-9-]{3,62}$`,
					topics: `^[a-z0-9-]{3,50}$`, logAlerts: `^[a-z0-9-]{1,260}$`, endpoints: `^[a-z0-9-]{2,80}$`,
				} {
					for _, r := range s.of(kind, "") {
						if !regexp.MustCompile(form).MatchString(r.name()) {
							wrong = append(wrong, r.name())
						}
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(sites, "", "name", "func-lethe-prod-westeurope-ooiaatjxc26") },
		},
		{
			name: "the two accounts are apart",
			check: func(s stamp) []string {
				return differ("containers of the host", s.leaves(containers, account(s, "run").name()+"/"), []string{"packages"})
			},
			broken: func(s *stamp) { s.set(containers, "lethedoc", "name", account(*s, "run").name()+"/default/uploads") },
		},
		{
			name: "the guard allows the regions and no other, for resources and for groups",
			check: func(s stamp) []string {
				var definitions, wrong []string
				for _, r := range s.of(policies, "") {
					definitions = append(definitions, r.str("properties.policyDefinitionId"))
					if !same([]string{"westeurope", "swedencentral"}, r.at("properties.parameters.listOfAllowedLocations.value")) {
						wrong = append(wrong, r.name())
					}
				}
				const builtin = "/providers/Microsoft.Authorization/policyDefinitions/"
				return append(wrong, differ("definitions", definitions, []string{
					builtin + "e56962a6-4747-49cd-b67b-bf8b01975c4c", builtin + "e765b5de-1225-4ba3-bd56-1ac6695af988",
				})...)
			},
			broken: func(s *stamp) { s.drop(policies, "group") },
		},
	}
}

// TestRegionsDifferInTheirNamesOnly: a region is its name and who is told; options of one belong to its operator.
func TestRegionsDifferInTheirNamesOnly(t *testing.T) {
	all := regions(t)
	for _, must := range []string{"westeurope", "uksouth"} {
		if !slices.Contains(all, must) {
			t.Errorf("no region %s", must)
		}
	}
	if len(all) < 4 {
		t.Errorf("regions %v: want four at least", all)
	}
	for _, region := range all {
		text, err := os.ReadFile(usual(region).files[0])
		if err != nil {
			t.Fatal(err)
		}
		const want = "using '../azure/main.bicep'\n\nparam region = 'NAME'\nparam alertEmail = readEnvironmentVariable('ALERT_EMAIL')\n"
		if diff := cmp.Diff(strings.Replace(want, "NAME", region, 1), string(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", region, diff)
		}
	}
}
