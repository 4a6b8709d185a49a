package terraform_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// parameter is a parameter of a template, and what the module makes of it.
type parameter struct {
	name        string // the template's
	description string
	kind        string // type of the variable
	value       string // expression for the template; empty for the variable itself
	defaults    any    // nil for none
	required    bool
	secret      bool
	checks      []check
}

// check is a validation of a variable.
type check struct {
	condition, message string
	wrong              any // what it refuses, of the variable or of a field of it
	field              string
}

// output is an output of a template.
type output struct{ name, description string }

// template is what a module is made from.
type template struct {
	parameters []parameter
	outputs    []output
}

// snake is the name that Terraform gives to what a template calls name.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		starts := unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if starts {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// checkOf makes a validation with a message that names the parameter.
func (p *parameter) checkOf(condition, want string, wrong any) {
	p.checks = append(p.checks, check{condition: condition, message: snake(p.name) + " must be " + want + ".", wrong: wrong})
}

// refused is a value of the variable that the check refuses, in Terraform's words.
func (p parameter) refused(c check) string {
	if c.field == "" {
		return literal(c.wrong)
	}
	all := maps.Clone(p.defaults.(map[string]any))
	all[c.field] = c.wrong
	return literal(all)
}

// azureTemplate reads the compiled template.
func azureTemplate(t *testing.T) template {
	t.Helper()
	var compiled struct {
		Parameters  map[string]schema `json:"parameters"`
		Outputs     map[string]schema `json:"outputs"`
		Definitions map[string]schema `json:"definitions"`
	}
	read(t, "../azure/main.json", func(text []byte) error { return json.Unmarshal(text, &compiled) })
	var out template
	for _, name := range slices.Sorted(maps.Keys(compiled.Parameters)) {
		if name == "groupLocation" {
			continue // compared with the region by the template itself
		}
		s := compiled.Parameters[name].resolved(compiled.Definitions)
		p := parameter{
			name: name, description: s.Metadata.Description, defaults: s.Default, required: s.Default == nil, secret: s.Type == "securestring",
		}
		p.kind = s.constrain(&p, place{at: "var." + snake(name), named: snake(name)}, compiled.Definitions)
		for _, c := range beyondTypes()[name] {
			p.checkOf(c.condition, c.message, c.wrong)
		}
		out.parameters = append(out.parameters, p)
	}
	for _, name := range slices.Sorted(maps.Keys(compiled.Outputs)) {
		out.outputs = append(out.outputs, output{name, compiled.Outputs[name].Metadata.Description})
	}
	return out
}

// beyondTypes are the rules that main.bicep has in code, since no type can say them.
func beyondTypes() map[string][]check {
	return map[string][]check{
		"alertEmail":    {{`can(regex("^[^@]+@[^@]+$", var.alert_email))`, "an address such as operations@example.org", "operations.example.org", ""}},
		"workload":      {{`can(regex("^[a-z0-9]+$", var.workload))`, "small letters and digits", "Lethe-1", ""}},
		"bootstrapHash": {{`can(regex("^([0-9a-f]{64})?$", var.bootstrap_hash))`, "empty, or SHA-256 in 64 hex digits", "0123", ""}},
		"settings":      {{`alltrue([for name in keys(var.settings) : can(regex("^LETHE_", name))])`, "settings whose names begin with LETHE_", map[string]any{"PATH": "/"}, ""}},
	}
}

// schema is a type of the compiled template.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Default    any               `json:"defaultValue"`
	Allowed    []any             `json:"allowedValues"`
	MinLength  *int              `json:"minLength"`
	MaxLength  *int              `json:"maxLength"`
	MinValue   *int              `json:"minValue"`
	MaxValue   *int              `json:"maxValue"`
	Items      *schema           `json:"items"`
	Properties map[string]schema `json:"properties"`
	Additional *schema           `json:"additionalProperties"`
	Metadata   struct {
		Description string `json:"description"`
	} `json:"metadata"`
}

// resolved is the type that a reference names, with what the parameter itself says.
func (s schema) resolved(all map[string]schema) schema {
	if s.Ref == "" {
		return s
	}
	target := all[strings.TrimPrefix(s.Ref, "#/definitions/")]
	target.Default = s.Default
	if s.Metadata.Description != "" {
		target.Metadata = s.Metadata
	}
	return target
}

// place is where a value stands: its expression, its name in messages, and the field of the variable, empty for the variable itself.
type place struct{ at, named, field string }

// constrain adds what the type demands of the value at a place to a parameter, and returns the type in Terraform's words.
func (s schema) constrain(p *parameter, here place, all map[string]schema) string {
	add := func(condition, want string, wrong any) {
		p.checks = append(p.checks, check{condition, here.named + " must be " + want + ".", wrong, here.field})
	}
	within := func(at, unit string, of func(n int) any, least, most *int) {
		switch {
		case least != nil && most != nil:
			add(fmt.Sprintf("%[1]s >= %[2]d && %[1]s <= %[3]d", at, *least, *most), fmt.Sprintf("%d to %d%s", *least, *most, unit), of(*most+1))
		case most != nil:
			add(fmt.Sprintf("%s <= %d", at, *most), fmt.Sprintf("at most %d%s", *most, unit), of(*most+1))
		case least != nil:
			add(fmt.Sprintf("%s >= %d", at, *least), fmt.Sprintf("at least %d%s", *least, unit), of(*least-1))
		}
	}
	if len(s.Allowed) > 0 {
		var wrong any = "none of them"
		if s.Type == "int" {
			wrong = 1
		}
		add(fmt.Sprintf("contains(%s, %s)", literal(s.Allowed), here.at), "one of "+list(s.Allowed), wrong)
	}
	switch s.Type {
	case "string", "securestring":
		within("length("+here.at+")", " characters long", func(n int) any { return strings.Repeat("x", n) }, s.MinLength, s.MaxLength)
		return "string"
	case "bool":
		return "bool"
	case "int":
		add(fmt.Sprintf("floor(%[1]s) == %[1]s", here.at), "a whole number", 30.5)
		within(here.at, "", func(n int) any { return n }, s.MinValue, s.MaxValue)
		return "number"
	case "array":
		item := s.Items.resolved(all)
		entry := any("192.0.2.0/24")
		within("length("+here.at+")", " entries", func(n int) any { return slices.Repeat([]any{entry}, n) }, s.MinLength, s.MaxLength)
		if item.MinLength != nil && item.MaxLength != nil {
			add(fmt.Sprintf("alltrue([for entry in %s : length(entry) >= %d && length(entry) <= %d])", here.at, *item.MinLength, *item.MaxLength),
				fmt.Sprintf("entries of %d to %d characters", *item.MinLength, *item.MaxLength), []any{"x"})
		}
		return "list(" + item.constrain(&parameter{}, here, all) + ")"
	case "object":
		if s.Additional != nil {
			return "map(" + s.Additional.resolved(all).constrain(&parameter{}, here, all) + ")"
		}
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			kind := s.Properties[name].resolved(all).constrain(p, place{here.at + "." + snake(name), here.named + "." + snake(name), name}, all)
			fields = append(fields, snake(name)+" = "+kind)
		}
		p.value = objectOf(here.at, s)
		return "object({ " + strings.Join(fields, ", ") + " })"
	}
	panic("the template has a type that no variable was made of: " + s.Type)
}

// objectOf gives the fields of an object the template's names.
func objectOf(at string, s schema) string {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		fields = append(fields, name+" = "+at+"."+snake(name))
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

// awsTemplate reads the CloudFormation template.
func awsTemplate(t *testing.T) template {
	t.Helper()
	type described struct {
		Description string `yaml:"Description"`
	}
	var stack struct {
		Parameters map[string]awsParameter `yaml:"Parameters"`
		Outputs    map[string]described    `yaml:"Outputs"`
	}
	read(t, "../aws/stamp.yaml", func(text []byte) error { return yaml.Unmarshal(text, &stack) })
	var out template
	for _, name := range slices.Sorted(maps.Keys(stack.Parameters)) {
		out.parameters = append(out.parameters, stack.Parameters[name].parameter(name))
	}
	for _, name := range slices.Sorted(maps.Keys(stack.Outputs)) {
		out.outputs = append(out.outputs, output{name, stack.Outputs[name].Description})
	}
	return out
}

// awsParameter is a parameter of a CloudFormation template.
type awsParameter struct {
	Type        string `yaml:"Type"`
	Description string `yaml:"Description"`
	Default     any    `yaml:"Default"`
	Allowed     []any  `yaml:"AllowedValues"`
	Pattern     string `yaml:"AllowedPattern"`
	Constraint  string `yaml:"ConstraintDescription"`
	MinLength   *int   `yaml:"MinLength"`
	MaxLength   *int   `yaml:"MaxLength"`
	MinValue    *int   `yaml:"MinValue"`
	MaxValue    *int   `yaml:"MaxValue"`
	NoEcho      any    `yaml:"NoEcho"`
}

func (a awsParameter) parameter(name string) parameter {
	v := "var." + snake(name)
	p := parameter{
		name: name, description: strings.ReplaceAll(a.Description, "Example - ", "Example: "), defaults: a.Default, required: a.Default == nil, secret: a.NoEcho != nil,
	}
	s := schema{Type: "string", Allowed: a.Allowed, MinLength: a.MinLength, MaxLength: a.MaxLength, MinValue: a.MinValue, MaxValue: a.MaxValue}
	switch {
	case a.Type == "Number":
		s.Type, p.value = "int", "tostring("+v+")"
	case a.Type == "CommaDelimitedList":
		p.kind, p.value, p.defaults = "list(string)", `join(",", `+v+")", []any{}
		p.checkOf(`alltrue([for entry in `+v+` : !can(regex(",", entry))])`, "a list whose entries hold no comma", []any{"192.0.2.0/24,198.51.100.0/24"})
		return p
	case len(a.Allowed) == 2 && a.Allowed[0] == "true" && a.Allowed[1] == "false":
		p.kind, p.value, p.defaults = "bool", "tostring("+v+")", a.Default == "true"
		return p
	}
	p.kind = s.constrain(&p, place{at: v, named: snake(name)}, nil)
	if a.Pattern != "" {
		want := a.Constraint
		if want == "" {
			want = "of the form " + a.Pattern
		}
		p.checkOf(fmt.Sprintf("can(regex(%s, %s))", quote(a.Pattern), v), want, "~~~~~~~~~~~~")
	}
	return p
}

func read(t *testing.T, name string, decode func([]byte) error) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = decode(text)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// literal is a value in Terraform's words.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, literal(one))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			key := snake(name)
			if unicode.IsUpper(rune(name[0])) { // of a map: no field of the template
				key = quote(name)
			}
			parts = append(parts, key+" = "+literal(v[name]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	panic(fmt.Sprintf("no variable has a default of the type %T", v))
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{", "\n", " ").Replace(s) + `"`
}

func list(values []any) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, fmt.Sprint(v))
	}
	return strings.Join(parts, ", ")
}
