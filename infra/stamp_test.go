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

// stamp is what the deployments of a case would create, which the compiler evaluated without any account.
type stamp struct {
	options
	resources []resource
}

// options are what the parameter files of a case ask for.
type options struct {
	name                   string   // of the case, and of its snapshot
	files                  []string // parameter files: of the stamp, of its events, of the guard
	region                 string
	sku                    string
	processed, unprocessed time.Duration
	private, customerKey   bool
	review, rolesBySecret  bool
	webhooks               bool
	page                   string // origin of the page for people
	addresses              []string
	http, documents        int // instances kept running
	program, access, vault int // days that logs are kept
}

// usual is a stamp with the defaults of the template, in a region.
func usual(region string) options {
	return options{
		name: region, region: region, files: []string{"regions/" + region + ".bicepparam", testdata("events"), testdata("guard")},
		sku: "Standard_ZRS", processed: 24 * time.Hour, unprocessed: 48 * time.Hour, documents: 1, program: 30, access: 30, vault: 30,
	}
}

func testdata(name string) string { return "azure/testdata/" + name + ".bicepparam" }

// snapshots lists the cases whose evaluated form is in the tree: every option is on in one of them and off in another.
func snapshots() []options {
	private, everything := usual("westeurope"), usual("westeurope")
	private.name, private.private, private.documents = "private", true, 0
	private.files = []string{testdata("private"), testdata("eventsPrivate"), testdata("guard")}
	everything.name, everything.private, everything.customerKey, everything.addresses = "everything", true, true, clients()
	everything.files = []string{testdata("everything"), testdata("eventsEverything"), testdata("guard")}
	everything.sku, everything.processed, everything.unprocessed = "Standard_LRS", 12*time.Hour, 24*time.Hour
	everything.http, everything.documents = 2, 2
	everything.review, everything.rolesBySecret, everything.webhooks, everything.page = true, true, true, "https://ocr.example.org"
	everything.program, everything.access, everything.vault = 60, 180, 365
	return []options{usual("westeurope"), private, everything}
}

// open is a stamp with every option but the private network. It has no snapshot: the compiler evaluates it.
func open() options {
	o := usual("westeurope")
	o.name, o.customerKey, o.addresses, o.sku = "open", true, clients(), "Standard_LRS"
	o.files[0] = testdata("open")
	o.processed, o.unprocessed, o.http, o.documents = time.Hour, 25*time.Hour, 1, 3
	return o
}

func clients() []string { return []string{"203.0.113.0/24", "198.51.100.7/32"} }

// regions lists the regions that have a parameter file. A new one needs no line here.
func regions(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("regions/*.bicepparam")
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".bicepparam")
	}
	return files
}

// snapshot is the committed file of a case.
func (o options) snapshot() string {
	return filepath.Join("azure", "testdata", "snapshots", o.name+".json")
}

// committed reads the snapshots that are in the tree.
func committed(t *testing.T) []stamp {
	t.Helper()
	var all []stamp
	for _, o := range snapshots() {
		text, err := os.ReadFile(o.snapshot())
		if err != nil {
			t.Fatalf("%v: run go generate with the compiler", err)
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
