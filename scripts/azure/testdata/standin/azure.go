package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// subscription is a placeholder that the snapshots of the infrastructure use too.
const subscription = "00000000-0000-0000-0000-000000000001"

type list = []map[string]any

// rest answers the addresses of Resource Manager that were reviewed.
func (c *call) rest(o options) (any, error) {
	address, version, _ := strings.Cut(o.get("url"), "api-version=")
	path, ours := strings.CutPrefix(strings.TrimRight(address, "?&"), "/subscriptions/"+subscription)
	if !ours || !strings.HasPrefix(version, "20") {
		return nil, c.Violate("az rest with the address " + o.get("url"))
	}
	switch request := o.get("method") + " " + path; {
	case strings.HasPrefix(request, "get "):
		return c.known(path[max(0, strings.LastIndex(path, "/providers/")):])
	case strings.HasPrefix(request, "post /providers/") && strings.HasSuffix(path, "/checkNameAvailability"):
		var body struct{ Name, Type string }
		if err := json.Unmarshal([]byte(o.get("body")), &body); err != nil || !strings.HasPrefix(path, "/providers/"+strings.Split(body.Type, "/")[0]) {
			return nil, c.Violate("a check of a name that is of no form: " + o.get("body"))
		}
		return c.available(body.Name), nil
	case strings.HasPrefix(request, "post /resourceGroups/") && strings.HasSuffix(path, "/config/configreferences/appsettings/refresh"):
		resolve(c.world.Groups[strings.Split(path, "/")[2]])
		c.Changes = true
		return map[string]any{}, nil
	default:
		return nil, c.Violate("az rest " + request + " is not on the list of addresses")
	}
}

// known answers what does not depend on what the scripts have done.
func (c *call) known(question string) (any, error) {
	answer, ok := c.world.Answers[question]
	if !ok {
		return nil, c.Violate("nothing is known of " + question)
	}
	return answer, nil
}

func (c *call) available(name string) any {
	taken := slices.Contains(c.world.Taken, name)
	_, deleted := c.world.DeletedVaults[name]
	for _, g := range c.world.Groups {
		if _, ok := g.Resources[name]; ok {
			taken = true
		}
	}
	return map[string]any{"nameAvailable": !taken && !deleted, "reason": "AlreadyExists"}
}

func (c *call) checkAccount(o options) (any, error) { return c.available(o.get("name")), nil }

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
		return nil, c.Violate("az group create on a group that exists takes its tags away")
	}
	c.Changes = true
	c.world.Groups[o.get("name")] = &model.Group{
		Location: o.get("location"), Tags: pairs(o["tags"]), Resources: map[string]model.Resource{},
		Tables: standin.NewService(),
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
		return nil, c.Violate("az group delete would ask a person")
	}
	g.Tables.Left(c.Call)
	c.Changes = true
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
		return nil, standin.Exit{Code: 3, Text: "ERROR: (ResourceGroupNotFound) no such group"}
	}
	for name, value := range pairs(o["tags"]) {
		if len(value) > 256 || strings.ContainsAny(name, `<>%&\?/`) {
			return nil, c.Violate("the tag " + name + " is none")
		}
		g.Tags[name] = value
	}
	c.Changes = true
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
		return nil, standin.Exit{Code: 3, Text: "ERROR: (ResourceNotFound) no such resource"}
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
		return nil, standin.Exit{Code: 1, Text: "ERROR: (MethodNotAllowed) the vault cannot be purged"}
	}
	c.Changes = true
	delete(c.world.DeletedVaults, o.get("name"))
	return "", nil
}
