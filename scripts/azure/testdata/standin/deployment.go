package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// template is what is read of a compiled template.
type template struct {
	Parameters map[string]struct {
		DefaultValue any
		Type         string
	}
}

// parameters reads what a deployment is given and refuses what the template does not know or what is missing.
func (c *call) parameters(o options) (map[string]any, error) {
	var t template
	if err := readJSON(o.get("template-file"), &t); err != nil {
		return nil, err
	}
	given := map[string]any{}
	for _, p := range o["parameters"] {
		if file, ok := strings.CutPrefix(p, "@"); ok {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
				return nil, c.Violate("others may read the parameters")
			}
			var content struct {
				Parameters map[string]struct{ Value any }
			}
			if err := readJSON(file, &content); err != nil {
				return nil, err
			}
			for name, v := range content.Parameters {
				given[name] = v.Value
			}
			continue
		}
		name, value, _ := strings.Cut(p, "=")
		given[name] = value
	}
	for name := range given {
		if _, known := t.Parameters[name]; !known {
			return nil, standin.Exit{Code: 1, Text: "ERROR: (InvalidTemplate) the template has no parameter " + name}
		}
	}
	for name, p := range t.Parameters {
		if _, ok := given[name]; !ok && p.DefaultValue == nil {
			return nil, standin.Exit{Code: 1, Text: "ERROR: (InvalidTemplate) the parameter " + name + " is missing"}
		}
	}
	return given, nil
}

func readJSON(path string, v any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, v)
}

func (c *call) whatIf(o options) (any, error) {
	if _, err := c.group(options{"resource-group": o["resource-group"]}); err != nil {
		return nil, err
	}
	given, err := c.parameters(o)
	if _, secret := given["signingKey"]; secret {
		return nil, c.Violate("a signing key in a comparison")
	}
	return "Resource changes: as the template says\n", err
}

func (c *call) deploy(o options) (any, error) {
	g, err := c.group(options{"resource-group": o["resource-group"]})
	if err != nil {
		return nil, err
	}
	given, err := c.parameters(o)
	if err != nil {
		return nil, err
	}
	c.Changes = true
	if o.get("name") == "lethe-events" {
		return map[string]any{}, c.events(g, given)
	}
	return c.stamp(g, given)
}

func str(given map[string]any, name string) string {
	s, _ := given[name].(string)
	return s
}

// stamp makes what the compiler's own snapshot of a plain stamp lists, in the order of the template: half of it is vault, key
// and accounts.
func (c *call) stamp(g *model.Group, given map[string]any) (any, error) {
	if str(given, "region") != g.Location {
		return nil, standin.Exit{Code: 1, Text: "ERROR: (InvalidTemplate) region and group differ"}
	}
	var snapshot struct {
		PredictedResources []struct {
			Type, Name string
			Properties map[string]any
		}
	}
	if err := readJSON(os.Getenv("STANDIN_SNAPSHOT"), &snapshot); err != nil {
		return nil, err
	}
	g.Private, _ = given["privateNetwork"].(bool)
	g.Protected, _ = given["customerKey"].(bool)
	vault, site := "", ""
	var settings map[string]any
	for _, r := range snapshot.PredictedResources {
		switch r.Type {
		case "Microsoft.KeyVault/vaults":
			vault = r.Name
		case "Microsoft.Web/sites":
			site = r.Name
		case "Microsoft.Web/sites/config":
			settings = r.Properties
		}
	}
	if _, deleted := c.world.DeletedVaults[vault]; deleted {
		return nil, standin.Exit{Code: 1, Text: "ERROR: (ConflictError) a deleted vault holds the name " + vault}
	}
	if key := str(given, "signingKey"); key != "" {
		g.Secrets = append(g.Secrets, key)
	}
	for _, r := range snapshot.PredictedResources {
		if strings.Count(r.Type, "/") > 1 || strings.HasPrefix(r.Type, "Microsoft.Authorization/") || c.Half && strings.HasPrefix(r.Type, "Microsoft.Web/") {
			continue
		}
		g.Resources[r.Name] = model.Resource{Type: r.Type, Commit: str(given, "commit")}
	}
	if c.Half {
		return map[string]any{}, nil
	}
	configure(g, c.world.Seconds, site, vault, settings, given)
	return map[string]any{"properties": map[string]any{"outputs": map[string]any{"appName": map[string]any{"value": site}}}}, nil
}

// configure replaces the app's settings as a whole, which starts it again.
func configure(g *model.Group, now int, site, vault string, base map[string]any, given map[string]any) {
	if g.App == nil {
		g.App = &model.App{Name: site}
	}
	all := map[string]string{}
	for name, value := range base {
		all[name] = fmt.Sprint(value)
	}
	all["LETHE_SIGNING_KEY"] = "latest"
	for parameter, setting := range map[string]string{
		"bootstrapApp": "LETHE_BOOTSTRAP_APP", "bootstrapHash": "LETHE_BOOTSTRAP_HASH", "previousKeyUri": "LETHE_PREVIOUS_KEY",
	} {
		if value := str(given, parameter); value != "" {
			all[setting] = value
		}
	}
	if !maps.Equal(g.App.Settings, all) {
		g.App.Settings = all
		g.App.Loads = max(g.App.Loads, now+20)
		resolve(g)
	}
}

// resolve reads the references to the vault anew.
func resolve(g *model.Group) {
	a := g.App
	a.Key, a.Previous = "", ""
	if len(g.Secrets) > 0 && a.Settings["LETHE_SIGNING_KEY"] != "" {
		a.Key = g.Secrets[len(g.Secrets)-1]
	}
	if uri := a.Settings["LETHE_PREVIOUS_KEY"]; uri != "" {
		var version int
		if _, err := fmt.Sscanf(uri[strings.LastIndex(uri, "/")+1:], "%d", &version); err == nil && version < len(g.Secrets) {
			a.Previous = g.Secrets[version]
		}
	}
	g.Tables.Register(a.Settings["LETHE_BOOTSTRAP_APP"], a.Settings["LETHE_BOOTSTRAP_HASH"])
}

func (c *call) events(g *model.Group, given map[string]any) error {
	switch a := g.App; {
	case a == nil || a.Name != str(given, "appName"), g.Resources[str(given, "topicName")].Type == "", g.Resources[str(given, "documentsName")].Type == "":
		return standin.Exit{Code: 1, Text: "ERROR: (ResourceNotFound) the second stage names what is not there"}
	case !g.Private && !a.Runs(c.world.Seconds):
		return standin.Exit{Code: 1, Text: "ERROR: (InvalidRequest) the endpoint does not answer the handshake"}
	}
	g.Events = true
	return nil
}

func (c *call) upload(o options) (any, error) {
	g, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	if g.Private && !c.world.Inside {
		return nil, standin.Exit{Code: 1, Text: "ERROR: Ip Forbidden (403)"}
	}
	content, err := os.ReadFile(o.get("src"))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(content)
	z, err := zip.OpenReader(o.get("src"))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	a.Package, a.Functions = hex.EncodeToString(hash[:]), nil
	for _, f := range z.File {
		if name, ok := strings.CutSuffix(f.Name, "/function.json"); ok {
			a.Functions = append(a.Functions, name)
		}
		if f.Name == "lethe" {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			_, rest, _ := strings.Cut(string(text), "STANDIN_VERSION=")
			a.Program, _, _ = strings.Cut(rest, " ")
		}
	}
	slices.Sort(a.Functions)
	a.Loads = c.world.Seconds + 20
	c.Changes = true
	return map[string]any{}, nil
}

func (c *call) listFunctions(o options) (any, error) {
	_, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	all := list{}
	if a.Runs(c.world.Seconds) && a.Program != "never-loads" {
		for _, name := range a.Functions {
			all = append(all, map[string]any{"name": a.Name + "/" + name})
		}
	}
	return all, nil
}

func (c *call) listKeys(o options) (any, error) {
	_, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	if a.Runs(c.world.Seconds) {
		keys["blobs_extension"] = "canary-system-key"
	}
	return map[string]any{"systemKeys": keys}, nil
}

func (c *call) listSettings(o options) (any, error) {
	_, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	all := list{}
	for name, value := range a.Settings {
		all = append(all, map[string]any{"name": name, "value": value})
	}
	return all, nil
}

func (c *call) setSettings(o options) (any, error) {
	g, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	maps.Copy(a.Settings, pairs(o["settings"]))
	a.Loads = c.world.Seconds + 20
	resolve(g)
	c.Changes = true
	return list{}, nil
}

func (c *call) restart(o options) (any, error) {
	_, a, err := c.appOf(o)
	if err != nil {
		return nil, err
	}
	a.Loads = c.world.Seconds + 20
	c.Changes = true
	return "", nil
}
