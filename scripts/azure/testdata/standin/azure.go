package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// subscription is a placeholder that the snapshots of the infrastructure use too.
const subscription = "00000000-0000-0000-0000-000000000001"

type list = []map[string]any

func (c *call) version(options) (any, error) {
	return map[string]any{"azure-cli": c.world.Version}, nil
}

func (c *call) account(options) (any, error) {
	return map[string]any{"id": subscription, "name": "records", "tenantId": "00000000-0000-0000-0000-000000000002", "state": "Enabled"}, nil
}

func (c *call) listProviders(options) (any, error) {
	all := list{}
	for name, state := range c.world.Providers {
		all = append(all, map[string]any{"namespace": name, "registrationState": state})
	}
	return all, nil
}

// rest answers the addresses of Resource Manager that were reviewed.
func (c *call) rest(o options) (any, error) {
	path, query, _ := strings.Cut(o.get("url"), "?")
	path, ours := strings.CutPrefix(path, "/subscriptions/"+subscription)
	if !ours || !strings.Contains(query, "api-version=20") {
		return nil, c.world.violate("az rest with the address " + o.get("url"))
	}
	w := c.world
	switch request := o.get("method") + " " + path; {
	case request == "get /locations":
		regions := list{}
		for _, name := range w.Locations {
			regions = append(regions, map[string]any{"name": name})
		}
		return map[string]any{"value": regions}, nil
	case request == "get /providers/Microsoft.Web/geoRegions" && strings.HasPrefix(query, "sku=FlexConsumption&"):
		regions := list{}
		for _, name := range w.Flex {
			regions = append(regions, map[string]any{"name": name})
		}
		return map[string]any{"value": regions}, nil
	case request == "get /providers/Microsoft.Storage/skus":
		skus := list{}
		for region, kinds := range w.Redundancy {
			for _, kind := range kinds {
				skus = append(skus, map[string]any{"resourceType": "storageAccounts", "kind": "StorageV2", "name": kind, "locations": []string{region}})
			}
		}
		return map[string]any{"value": skus}, nil
	case strings.HasPrefix(request, "get /providers/Microsoft.Web/locations/") && strings.HasSuffix(path, "/usages"):
		usages := list{}
		if w.Memory >= 0 {
			usages = append(usages, map[string]any{"name": map[string]any{"value": "FlexConsumptionMemory"}, "limit": w.Memory, "currentValue": 0})
		}
		return map[string]any{"value": usages}, nil
	case strings.HasPrefix(request, "get ") && strings.HasSuffix(path, "/providers/Microsoft.Authorization/permissions"):
		return map[string]any{"value": list{{"actions": w.Actions, "notActions": []string{}}}}, nil
	case strings.HasPrefix(request, "post /providers/") && strings.HasSuffix(path, "/checkNameAvailability"):
		var body struct{ Name, Type string }
		if err := json.Unmarshal([]byte(o.get("body")), &body); err != nil || !strings.HasPrefix(path, "/providers/"+strings.Split(body.Type, "/")[0]) {
			return nil, c.world.violate("a check of a name that is of no form: " + o.get("body"))
		}
		return w.available(body.Name), nil
	case request == "get /providers/Microsoft.Security/pricings/StorageAccounts":
		tier := "Free"
		if w.Scanning {
			tier = "Standard"
		}
		return map[string]any{"properties": map[string]any{"pricingTier": tier, "extensions": list{{"name": "OnUploadMalwareScanning", "isEnabled": "True"}}}}, nil
	case strings.HasPrefix(request, "get /resourceGroups/") && strings.Contains(path, "/providers/Microsoft.Web/sites/"):
		return map[string]any{"properties": map[string]any{"functionAppConfig": map[string]any{"siteUpdateStrategy": map[string]any{"type": "Recreate"}}}}, nil
	case strings.HasPrefix(request, "post /resourceGroups/") && strings.HasSuffix(path, "/config/configreferences/appsettings/refresh"):
		g := w.Groups[strings.Split(path, "/")[2]]
		g.resolve()
		c.changes = true
		return map[string]any{}, nil
	default:
		return nil, c.world.violate("az rest " + request + " is not on the list of addresses")
	}
}

func (w *world) available(name string) any {
	taken := slices.Contains(w.Taken, name)
	_, deleted := w.DeletedVaults[name]
	for _, g := range w.Groups {
		if _, ok := g.Resources[name]; ok {
			taken = true
		}
	}
	return map[string]any{"nameAvailable": !taken && !deleted, "reason": "AlreadyExists"}
}

func (c *call) checkAccount(o options) (any, error) { return c.world.available(o.get("name")), nil }

func (c *call) usage(options) (any, error) {
	return map[string]any{"limit": c.world.Accounts, "currentValue": 0}, nil
}

func (c *call) listPolicies(options) (any, error) {
	return append([]policy{}, c.world.Policies...), nil
}

func (c *call) groupExists(o options) (any, error) {
	_, ok := c.world.Groups[o.get("name")]
	return fmt.Sprintln(ok), nil
}

func (c *call) showGroup(o options) (any, error) {
	g, err := c.group(o)
	if err != nil {
		return nil, err
	}
	return map[string]any{"location": g.Location, "tags": g.Tags}, nil
}

func (c *call) createGroup(o options) (any, error) {
	if c.world.Groups[o.get("name")] != nil {
		return nil, c.world.violate("az group create on a group that exists takes its tags away")
	}
	c.changes = true
	c.world.Groups[o.get("name")] = &group{
		Location: o.get("location"), Tags: pairs(o["tags"]), Resources: map[string]resource{},
		Tables: serviceState{Applications: map[string]string{}, Tasks: map[string]*document{}},
	}
	return map[string]any{}, nil
}

// deleteGroup notes when documents or proof would go with the group.
func (c *call) deleteGroup(o options) (any, error) {
	g, err := c.group(o)
	if err != nil {
		return nil, err
	}
	if _, sure := o["yes"]; !sure {
		return nil, c.world.violate("az group delete would ask a person")
	}
	for id, d := range g.Tables.Tasks {
		if d.Erased == 0 {
			c.world.violate("the group was removed with document " + id + " in it")
		}
	}
	if len(g.Tables.Tasks) > 0 && !g.Tables.Saved {
		c.world.violate("the group was removed before its ledger was saved")
	}
	c.changes = true
	for name, r := range g.Resources {
		if r.Type == "Microsoft.KeyVault/vaults" {
			c.world.DeletedVaults[name] = g.Protected
		}
	}
	delete(c.world.Groups, o.get("name"))
	return "", nil
}

func (c *call) tag(o options) (any, error) {
	name, ours := strings.CutPrefix(o.get("resource-id"), "/subscriptions/"+subscription+"/resourceGroups/")
	g := c.world.Groups[name]
	if !ours || g == nil || o.get("operation") != "Merge" {
		return nil, exit{3, "ERROR: (ResourceGroupNotFound) no such group"}
	}
	for name, value := range pairs(o["tags"]) {
		if len(value) > 256 || strings.ContainsAny(name, `<>%&\?/`) {
			return nil, c.world.violate("the tag " + name + " is none")
		}
		g.Tags[name] = value
	}
	c.changes = true
	return map[string]any{}, nil
}

func (c *call) listResources(o options) (any, error) {
	g, err := c.group(o)
	if err != nil {
		return nil, err
	}
	all := list{}
	for name, r := range g.Resources {
		all = append(all, map[string]any{"name": name, "type": r.Type, "tags": map[string]string{"commit": r.Commit}})
	}
	return all, nil
}

// showSecret shows a secret as Resource Manager does, without its value.
func (c *call) showSecret(o options) (any, error) {
	parts := strings.Split(o.get("ids"), "/")
	g := c.world.Groups[parts[4]]
	if g == nil || len(g.Secrets) == 0 {
		return nil, exit{3, "ERROR: (ResourceNotFound) no such resource"}
	}
	return map[string]any{"properties": map[string]any{"secretUriWithVersion": secretURI(parts[8], len(g.Secrets)-1)}}, nil
}

func secretURI(vault string, version int) string {
	return fmt.Sprintf("https://%s.vault.azure.net/secrets/signing-key/%032d", vault, version)
}

func (c *call) listDeleted(options) (any, error) {
	all := list{}
	for name, protected := range c.world.DeletedVaults {
		all = append(all, map[string]any{"name": name, "properties": map[string]any{"purgeProtectionEnabled": protected}})
	}
	return all, nil
}

func (c *call) purge(o options) (any, error) {
	protected, ok := c.world.DeletedVaults[o.get("name")]
	if !ok || protected {
		return nil, exit{1, "ERROR: (MethodNotAllowed) the vault cannot be purged"}
	}
	c.changes = true
	delete(c.world.DeletedVaults, o.get("name"))
	return "", nil
}
