package infra_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// stamp is what a deployment would create: a snapshot that the compiler evaluated without any account.
type stamp struct {
	options
	resources []resource
}

// options are what the parameters of a snapshot ask for.
type options struct {
	name                   string // of the snapshot and of its parameter file
	region                 string
	stage                  string // "" for the stamp, else "events" or "guard"
	sku                    string
	processed, unprocessed time.Duration
	private, customerKey   bool
	addresses              []string
	http, documents        int // instances kept running
	program, access, vault int // days that logs are kept
}

// deployments lists every snapshot. A new region is a new file and needs no line here.
func deployments(t testing.TB) []options {
	t.Helper()
	usual := options{
		region: "westeurope", sku: "Standard_ZRS", processed: 24 * time.Hour, unprocessed: 48 * time.Hour, documents: 1,
		program: 30, access: 30, vault: 30,
	}
	variant := func(name string, change func(*options)) options {
		o := usual
		o.name = name
		change(&o)
		return o
	}
	addresses := []string{"203.0.113.0/24", "198.51.100.7/32"}
	all := []options{
		variant("private", func(o *options) { o.private = true }),
		variant("customerKey", func(o *options) { o.customerKey = true }),
		variant("alwaysReady", func(o *options) { o.http, o.documents = 1, 3 }),
		variant("onDemand", func(o *options) { o.documents = 0 }),
		variant("lrs", func(o *options) { o.sku = "Standard_LRS" }),
		variant("shorter", func(o *options) { o.processed, o.unprocessed = time.Hour, 25*time.Hour }),
		variant("addresses", func(o *options) { o.addresses = addresses }),
		variant("everything", func(o *options) {
			o.private, o.customerKey, o.addresses, o.sku = true, true, addresses, "Standard_LRS"
			o.processed, o.unprocessed, o.http, o.documents = 12*time.Hour, 24*time.Hour, 2, 2
			o.program, o.access, o.vault = 60, 180, 365
		}),
		variant("events", func(o *options) { o.stage = "events" }),
		variant("eventsPrivate", func(o *options) { o.stage, o.private, o.unprocessed = "events", true, 25*time.Hour }),
		variant("guard", func(o *options) { o.stage = "guard" }),
	}
	regions, err := filepath.Glob("regions/*.bicepparam")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range regions {
		name := strings.TrimSuffix(filepath.Base(file), ".bicepparam")
		all = append(all, variant(name, func(o *options) { o.region = name }))
	}
	return all
}

// parameters is the file that the snapshot is made from.
func (o options) parameters() string {
	if o.name == o.region {
		return filepath.Join("regions", o.name+".bicepparam")
	}
	return filepath.Join("azure", "testdata", o.name+".bicepparam")
}

// snapshot is the committed file.
func (o options) snapshot() string {
	return filepath.Join("azure", "testdata", "snapshots", o.name+".json")
}

// committed reads the snapshots that are in the tree.
func committed(t *testing.T) []stamp {
	t.Helper()
	var all []stamp
	for _, o := range deployments(t) {
		text, err := os.ReadFile(o.snapshot())
		if err != nil {
			t.Fatalf("%v: run the tests of this folder once with -update and the compiler", err)
		}
		all = append(all, read(t, o, text))
	}
	return all
}

func read(t testing.TB, o options, text []byte) stamp {
	t.Helper()
	var file struct{ PredictedResources []resource }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for i, r := range file.PredictedResources {
		file.PredictedResources[i] = resolved(map[string]any(r)).(map[string]any)
	}
	return stamp{options: o, resources: file.PredictedResources}
}

// resource is one resource, with names, location and properties.
type resource map[string]any

func (r resource) kind() string { return r.str("type") }
func (r resource) name() string { return r.str("name") }
func (r resource) id() string   { return r.str("id") }

// str is the text at a path, or "".
func (r resource) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

// list is the list at a path, or nil.
func (r resource) list(path string) []any {
	l, _ := r.at(path).([]any)
	return l
}

// at is the value at a path like properties.rules.0.name, or nil.
func (r resource) at(path string) any {
	var v any = map[string]any(r)
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// of lists the resources of a type whose name contains the text.
func (s stamp) of(kind, name string) []resource {
	var found []resource
	for _, r := range s.resources {
		if r.kind() == kind && strings.Contains(r.name(), name) {
			found = append(found, r)
		}
	}
	return found
}

// leaf is the last part of a name.
func leaf(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// leaves lists the last parts of the names of a type below a parent, in order.
func (s stamp) leaves(kind, parent string) []string {
	var names []string
	for _, r := range s.of(kind, parent) {
		names = append(names, leaf(r.name()))
	}
	slices.Sort(names)
	return names
}

var (
	literal   = `'(?:[^']|'')*'`
	formatted = regexp.MustCompile(`format\((` + literal + `)((?:, ` + literal + `)*)\)`)
	zoneID    = regexp.MustCompile(`resourceId\('[^']*', '([^']*)', '([^']*)', (` + literal + `)\)`)
	late      = regexp.MustCompile(`(reference|listKeys)\(('[^']*')(?:, '[^']*')*\)((?:\.\w+)+)`)
	text      = regexp.MustCompile(literal)
	whole     = regexp.MustCompile(`^\[(` + literal + `)\]$`)
)

// resolved evaluates what the compiler leaves open although it is known: the suffixes of the public cloud. What only Azure
// knows stays visible as reference(<id>).property.
func resolved(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = resolved(e)
		}
	case []any:
		for i, e := range v {
			v[i] = resolved(e)
		}
	case string:
		if strings.HasPrefix(v, "[") {
			return evaluated(v)
		}
	}
	return v
}

func evaluated(s string) string {
	s = strings.NewReplacer(
		"environment().suffixes.storage", "'core.windows.net'", "environment().suffixes.keyvaultDns", "'.vault.azure.net'",
	).Replace(s)
	s = late.ReplaceAllStringFunc(s, func(call string) string {
		m := late.FindStringSubmatch(call)
		return quoted(m[1] + "(" + unquoted(m[2]) + ")" + m[3])
	})
	for formatted.MatchString(s) {
		s = formatted.ReplaceAllStringFunc(s, func(call string) string {
			m := formatted.FindStringSubmatch(call)
			result := unquoted(m[1])
			for i, arg := range text.FindAllString(m[2], -1) {
				result = strings.ReplaceAll(result, "{"+strconv.Itoa(i)+"}", unquoted(arg))
			}
			return quoted(result)
		})
	}
	s = zoneID.ReplaceAllStringFunc(s, func(call string) string {
		m := zoneID.FindStringSubmatch(call)
		return quoted("/resourceGroups/" + m[1] + "/providers/" + m[2] + "/" + unquoted(m[3]))
	})
	if m := whole.FindStringSubmatch(s); m != nil {
		return unquoted(m[1])
	}
	return s
}

func quoted(s string) string   { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func unquoted(s string) string { return strings.ReplaceAll(s[1:len(s)-1], "''", "'") }
