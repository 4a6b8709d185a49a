package aws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const (
	template = "stamp.yaml"
	account  = "111122223333"
)

// options are what a deployment asks for beside the defaults of the template.
type options struct {
	name       string
	region     string
	parameters map[string]string
}

// cases are deployments that between them switch every option on and off.
func cases() []options {
	return []options{
		{"usual", "eu-central-1", nil},
		{"everything", "us-east-1", map[string]string{
			"CustomerKey": "true", "PrivateNetwork": "true", "ClientAddresses": "203.0.113.0/24,198.51.100.7/32",
			"ProcessedHours": "1", "UnprocessedHours": "24", "OcrMemory": "7076", "RolesBySecret": "true", "Review": "true", "Results": "api",
			"PublicURL": "https://ocr.example.org", "BootstrapApp": "0198f3c4-7a00-7000-8000-00000000000a", "BootstrapHash": strings.Repeat("0a", 32),
			"OIDCIssuer": "https://login.example.org/tenant", "OIDCAudience": "lethe", "OIDCRoles": "Lethe.Operator:operator,Lethe.Auditor:auditor",
			"OIDCClientID": "lethe-page", "OIDCScope": "openid documents", "PageOrigin": "https://ocr.example.org", "PageApp": "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21",
		}},
		{"least", "ap-southeast-2", map[string]string{"AccessTrail": "false", "ReserveConcurrency": "false", "Protection": "false", "Closing": "true", "UnprocessedHours": "2", "Webhooks": "true", "WebhookAllow": "hooks.example.org"}},
	}
}

// stamp is the template as CloudFormation would evaluate it: references between resources are names and ARNs as AWS forms them.
type stamp struct {
	options
	resources map[string]resource
	outputs   map[string]any
	refused   []string // by the rules of the template
}

// resource is one resource of the stack: Type, Properties and so on.
type resource map[string]any

func (r resource) kind() string { return r.str("Type") }

// at is the value at a path such as Properties.Rules.0.Id, or nil. A dot within a name is written as a slash.
func (r resource) at(path string) any {
	var v any = map[string]any(r)
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[strings.ReplaceAll(step, "/", ".")]
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

func (r resource) str(path string) string {
	s, _ := r.at(path).(string)
	return s
}

func (r resource) list(path string) []any {
	l, _ := r.at(path).([]any)
	return l
}

// of lists the resources of a type by their logical ids, in order.
func (s stamp) of(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range s.resources {
		if r.kind() == kind {
			found[id] = r
		}
	}
	return found
}

// source reads the template into maps, lists and scalars; intrinsic functions become maps of one key, as in JSON.
func source(t testing.TB, text []byte) (map[string]any, error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, fmt.Errorf("no document")
	}
	v, err := plain(doc.Content[0])
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no template")
	}
	return m, nil
}

// plain turns a node into a value. The short forms !Ref and !Sub become Ref and Fn::Sub.
func plain(n *yaml.Node) (any, error) {
	v, err := untagged(n)
	if err != nil || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v, err
	}
	name := strings.TrimPrefix(n.Tag, "!")
	if name == "GetAtt" {
		if s, ok := v.(string); ok {
			id, attribute, _ := strings.Cut(s, ".")
			v = []any{id, attribute}
		}
	}
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	return map[string]any{name: v}, nil
}

func untagged(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				return nil, fmt.Errorf("line %d: %s twice", n.Content[i].Line, key)
			}
			v, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key] = v
		}
		return m, nil
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			v, err := plain(c)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	case yaml.ScalarNode:
		return scalar(n), nil
	}
	return nil, fmt.Errorf("line %d: templates have no aliases", n.Line)
}

func scalar(n *yaml.Node) any {
	if n.Style != 0 && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value
	}
	if i, err := strconv.Atoi(n.Value); err == nil {
		return float64(i)
	}
	switch n.Value {
	case "true":
		return true
	case "false":
		return false
	}
	return n.Value
}

// regions reads the parameter files, by the name of the region.
func regions(t testing.TB) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("regions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no parameter files", err)
	}
	all := map[string]map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []struct{ ParameterKey, ParameterValue string }
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		values := map[string]string{}
		for _, p := range list {
			values[p.ParameterKey] = p.ParameterValue
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = values
	}
	return all
}

// given are the parameters that the scripts add to those of a region's file.
func given() map[string]string {
	return map[string]string{"CodeBucket": "lethe-code", "CodeKey": "lethe-0123456789ab.zip", "AlertEmail": "operations@example.org"}
}

// evaluated are the cases of a template.
func evaluated(t testing.TB, text []byte) ([]stamp, error) {
	t.Helper()
	tmpl, err := source(t, text)
	if err != nil {
		return nil, err
	}
	files := regions(t)
	var all []stamp
	for _, o := range cases() {
		values := maps.Clone(files[o.region])
		maps.Copy(values, given())
		maps.Copy(values, o.parameters)
		s, err := evaluate(tmpl, o, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// committed are the cases of the template that is in the tree.
func committed(t testing.TB) []stamp {
	t.Helper()
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	all, err := evaluated(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// differ says how two lists of names differ.
func differ(what string, got, want []string) []string {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if slices.Equal(got, want) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %v, want %v", what, got, want)}
}

// same compares a wanted value with one of a template, whose numbers are floats.
func same(want, got any) bool {
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	return errA == nil && errB == nil && string(a) == string(b)
}
