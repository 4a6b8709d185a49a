package terraform_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

var update = flag.Bool("update", false, "write what is made from the templates")

// module is one of the two, and the template that it deploys.
type module struct {
	folder   string
	template func(t *testing.T) template
	outputs  string // expression for an output, with its name in the template
	values   func(p parameter, value string) string
}

func modules() []module {
	return []module{
		{"azure", azureTemplate, "local.outputs.%s.value", func(p parameter, value string) string {
			return fmt.Sprintf("%s = { value = %s }", p.name, value)
		}},
		{"aws", awsTemplate, `aws_cloudformation_stack.stamp.outputs["%s"]`, func(p parameter, value string) string {
			return fmt.Sprintf("%s = %s", p.name, value)
		}},
	}
}

// variables, parameters and outputs of a module are made from its template, so that there is one source of truth.
func (m module) files(t *testing.T) map[string]string {
	t.Helper()
	const head = "# Made from the template by `go test ./infra/terraform -update`: change the template.\n"
	var variables, values, outputs strings.Builder
	from := m.template(t)
	for _, p := range from.parameters {
		fmt.Fprintf(&variables, "\nvariable %q {\n  description = %s\n  type = %s\n", snake(p.name), quote(p.description), p.kind)
		if !p.required {
			fmt.Fprintf(&variables, "  default = %s\n", literal(p.defaults))
		}
		variables.WriteString("  nullable = false\n")
		if p.secret {
			variables.WriteString("  sensitive = true\n")
		}
		for _, c := range p.checks {
			fmt.Fprintf(&variables, "\n  validation {\n    condition = %s\n    error_message = %s\n  }\n", c.condition, quote(c.message))
		}
		variables.WriteString("}\n")
		value := p.value
		if value == "" {
			value = "var." + snake(p.name)
		}
		fmt.Fprintf(&values, "    %s\n", m.values(p, value))
	}
	for _, o := range from.outputs {
		fmt.Fprintf(&outputs, "\noutput %q {\n  description = %s\n  value = %s\n}\n", snake(o.name), quote(o.description), fmt.Sprintf(m.outputs, o.name))
	}
	files := map[string]string{
		"variables.tf":  head + variables.String(),
		"parameters.tf": head + "\nlocals {\n  parameters = {\n" + values.String() + "  }\n}\n",
		"outputs.tf":    head + outputs.String(),
	}
	for name, text := range files {
		files[name] = string(hclwrite.Format([]byte(text)))
	}
	return files
}

func TestModulesAreMadeFromTheirTemplates(t *testing.T) {
	for _, m := range modules() {
		for name, want := range m.files(t) {
			path := filepath.Join(m.folder, name)
			if *update {
				if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(path)
			if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
				t.Errorf("%s is not what its template says (-want +got); run go test ./infra/terraform -update: %v\n%s", path, err, diff)
			}
		}
	}
}

// parsed returns the blocks of a module's files.
func parsed(t *testing.T, folder string) (blocks []*hclsyntax.Block) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.tf"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%s has %d files: %v", folder, len(files), err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(hclwrite.Format(text)) != string(text) {
			t.Errorf("%s is not formatted", path)
		}
		file, problems := hclsyntax.ParseConfig(text, path, hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		blocks = append(blocks, file.Body.(*hclsyntax.Body).Blocks...)
	}
	return blocks
}

// A module deploys the template and nothing beside it, and names nothing that is not there.
func TestModulesDeployTheTemplateAlone(t *testing.T) {
	want := map[string][]string{
		"azure": {"resource azapi_resource.group", "resource azapi_resource.stamp", "resource azapi_resource.events"},
		"aws":   {"resource aws_cloudformation_stack.stamp"},
	}
	for folder, resources := range want {
		declared, used := map[string]bool{}, map[string]bool{}
		var found []string
		for _, b := range parsed(t, folder) {
			switch b.Type {
			case "variable":
				declared["var."+b.Labels[0]] = true
			case "resource", "data":
				name := strings.Join(b.Labels, ".")
				declared[name] = true
				found = append(found, b.Type+" "+name)
			case "locals":
				for name := range b.Body.Attributes {
					declared["local."+name] = true
				}
			}
			names(b.Body, used)
		}
		if diff := cmp.Diff(resources, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", folder, diff)
		}
		for name := range used {
			if !declared[name] {
				t.Errorf("%s uses %s, which is not declared", folder, name)
			}
		}
		for name := range declared {
			if !used[name] && !strings.Contains(name, "resource") {
				t.Errorf("%s declares %s and does not use it", folder, name)
			}
		}
	}
}

// names takes down what expressions refer to: variables, locals and resources.
func names(body *hclsyntax.Body, used map[string]bool) {
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		expr, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if !ok || len(expr.Traversal) < 2 {
			return nil
		}
		attr, ok := expr.Traversal[1].(hcl.TraverseAttr)
		root := expr.Traversal.RootName()
		if ok && (root == "var" || root == "local" || strings.Contains(root, "_")) {
			used[root+"."+attr.Name] = true
		}
		return nil
	})
}
