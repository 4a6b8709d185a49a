package main

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// reviewed lists every command of az that the scripts may use, with its flags. The answers of one without a function are known
// beforehand.
func reviewed() map[string]command {
	return map[string]command{
		"version":                                  {},
		"account show":                             {},
		"provider list":                            {},
		"rest":                                     {flags: []string{"method", "url", "body"}, run: (*call).rest},
		"group exists":                             {flags: []string{"name"}, run: (*call).groupExists},
		"group show":                               {flags: []string{"name"}, run: (*call).showGroup},
		"group create":                             {flags: []string{"name", "location", "tags"}, run: (*call).createGroup},
		"group delete":                             {flags: []string{"name", "yes"}, run: (*call).deleteGroup},
		"tag update":                               {flags: []string{"resource-id", "operation", "tags"}, run: (*call).tag},
		"resource list":                            {flags: []string{"resource-group"}, run: (*call).listResources},
		"resource show":                            {flags: []string{"ids", "api-version"}, run: (*call).showSecret},
		"policy assignment list":                   {flags: []string{"disable-scope-strict-match"}},
		"storage account check-name":               {flags: []string{"name"}, run: (*call).checkAccount},
		"storage account show-usage":               {flags: []string{"location"}},
		"keyvault list-deleted":                    {flags: []string{"resource-type"}, run: (*call).listDeleted},
		"keyvault purge":                           {flags: []string{"name", "location"}, run: (*call).purge},
		"deployment group what-if":                 {flags: []string{"resource-group", "name", "template-file", "parameters"}, run: (*call).whatIf},
		"deployment group create":                  {flags: []string{"resource-group", "name", "mode", "template-file", "parameters"}, run: (*call).deploy},
		"functionapp config appsettings list":      {flags: []string{"resource-group", "name"}, run: (*call).listSettings},
		"functionapp config appsettings set":       {flags: []string{"resource-group", "name", "settings"}, run: (*call).setSettings},
		"functionapp deployment source config-zip": {flags: []string{"resource-group", "name", "src", "timeout"}, run: (*call).upload},
		"functionapp function list":                {flags: []string{"resource-group", "name"}, run: (*call).listFunctions},
		"functionapp keys list":                    {flags: []string{"resource-group", "name"}, run: (*call).listKeys},
		"functionapp restart":                      {flags: []string{"resource-group", "name"}, run: (*call).restart},
	}
}

// command is one command of az.
type command struct {
	flags []string
	run   func(*call, options) (any, error)
}

// options are the values of flags.
type options map[string][]string

func (o options) get(name string) string {
	if len(o[name]) == 0 {
		return ""
	}
	return o[name][0]
}

// az parses a command line as az does, and knows only what was reviewed.
func (c *call) az() (any, error) {
	words := 0
	for words < len(c.Args) && !strings.HasPrefix(c.Args[words], "-") {
		words++
	}
	name := strings.Join(c.Args[:words], " ")
	cmd, ok := reviewed()[name]
	if !ok {
		return nil, c.Violate("az " + name + " is not on the list of commands")
	}
	given, last := options{}, ""
	for _, arg := range c.Args[words:] {
		if flag, ok := strings.CutPrefix(arg, "--"); ok {
			if !slices.Contains(cmd.flags, flag) && !slices.Contains([]string{"subscription", "only-show-errors", "output"}, flag) {
				return nil, c.Violate("az " + name + " --" + flag + " is not on the list of flags")
			}
			given[flag], last = []string{}, flag
			continue
		}
		given[last] = append(given[last], arg)
	}
	if !c.world.SignedIn && name != "version" {
		return nil, standin.Exit{Code: 1, Text: "ERROR: Please run 'az login' to setup account."}
	}
	if name != "version" && name != "account show" && given.get("subscription") != subscription {
		return nil, c.Violate("az " + name + " without the subscription that was checked")
	}
	if cmd.run == nil {
		return c.known(name)
	}
	return cmd.run(c, given)
}

// group returns the group that a command names.
func (c *call) group(o options) (*model.Group, error) {
	name := o.get("resource-group")
	if name == "" {
		name = o.get("name")
	}
	g := c.world.Groups[name]
	if g == nil {
		return nil, standin.Exit{Code: 3, Text: "ERROR: (ResourceGroupNotFound) Resource group '" + name + "' could not be found."}
	}
	return g, nil
}

// appOf returns the app that a command names.
func (c *call) appOf(o options) (*model.Group, *model.App, error) {
	g, err := c.group(options{"resource-group": o["resource-group"]})
	if err != nil {
		return nil, nil, err
	}
	if g.App == nil || g.App.Name != o.get("name") {
		return nil, nil, standin.Exit{Code: 3, Text: "ERROR: (ResourceNotFound) the site was not found"}
	}
	return g, g.App, nil
}

// pairs reads NAME=VALUE….
func pairs(list []string) map[string]string {
	all := map[string]string{}
	for _, p := range list {
		name, value, _ := strings.Cut(p, "=")
		all[name] = value
	}
	return all
}
