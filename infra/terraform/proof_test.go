package terraform_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tofu is OpenTofu over a copy of the modules and templates, with no network and nothing that could be taken for a credential.
type tofu struct {
	*testing.T
	program string
	root    string // of the copy: beside it lies what the modules read
	env     []string
}

func newTofu(t *testing.T) *tofu {
	t.Helper()
	if os.Getenv("LETHE_SOAK") == "" {
		t.Skip("runs in the long counts: LETHE_SOAK=1, after scripts/setup.sh terraform")
	}
	tools, err := filepath.Abs("../../.tools/terraform")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(tools, "tofu")
	if _, err := os.Stat(program); err != nil {
		t.Skip("OpenTofu is missing; install it with scripts/setup.sh terraform")
	}
	root := t.TempDir()
	for _, name := range []string{"azure/main.json", "azure/events.json", "aws/stamp.yaml"} {
		copyTo(t, filepath.Join("..", name), filepath.Join(root, name))
	}
	for _, m := range modules() {
		files, err := filepath.Glob(filepath.Join(m.folder, "*.tf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			copyTo(t, file, filepath.Join(root, "terraform", file))
		}
	}
	mirror, err := filepath.EvalSymlinks(filepath.Join(tools, "mirror")) // a link is not followed
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(root, "tofu.rc")
	write(t, settings, fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	return &tofu{T: t, program: program, root: root, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + root, "TF_CLI_CONFIG_FILE=" + settings, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"ARM_USE_MSI=false", "ARM_USE_CLI=false", "ARM_USE_OIDC=false",
		"ARM_TENANT_ID=00000000-0000-0000-0000-00000000000a", "ARM_CLIENT_ID=00000000-0000-0000-0000-00000000000b", "ARM_CLIENT_SECRET=none",
	}}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, to, string(text))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a command of OpenTofu in a folder of the copy, in a network namespace of its own.
func (o *tofu) run(folder string, args ...string) (string, error) {
	o.Helper()
	namespaces := "-n"
	if os.Getuid() != 0 {
		namespaces = "-rn"
	}
	cmd := exec.CommandContext(o.Context(), "unshare", append([]string{namespaces, o.program}, args...)...)
	cmd.Dir, cmd.Env = filepath.Join(o.root, folder), o.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (o *tofu) must(folder string, args ...string) string {
	o.Helper()
	out, err := o.run(folder, args...)
	if err != nil {
		o.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// planned are the resources that a run of a test plans, by address.
type planned map[string]struct {
	After   map[string]any `json:"after"`
	Unknown map[string]any `json:"after_unknown"`
}

// test runs the tests of a module and returns what each run planned.
func (o *tofu) test(folder, text string) (map[string]planned, string, error) {
	o.Helper()
	write(o.T, filepath.Join(o.root, folder, "proof.tftest.hcl"), text)
	out, err := o.run(folder, "test", "-json", "-verbose")
	plans := map[string]planned{}
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			Run  string `json:"@testrun"`
			Plan struct {
				Changes []struct {
					Address string `json:"address"`
					Change  struct {
						After   map[string]any `json:"after"`
						Unknown map[string]any `json:"after_unknown"`
					} `json:"change"`
				} `json:"resource_changes"`
			} `json:"test_plan"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || len(line.Plan.Changes) == 0 {
			continue
		}
		plans[line.Run] = planned{}
		for _, c := range line.Plan.Changes {
			plans[line.Run][c.Address] = c.Change
		}
	}
	return plans, out, err
}

const (
	subscription = "00000000-0000-0000-0000-000000000001"
	someEvents   = `
  override_resource {
    target = azapi_resource.stamp
    values = { output = "{\"properties\":{\"outputs\":{\"topicName\":{\"value\":\"egst\"},\"appName\":{\"value\":\"func-a\"},\"documentsName\":{\"value\":\"stdoc\"},\"privateNetwork\":{\"value\":false},\"unprocessedHours\":{\"value\":48},\"endpoint\":{\"value\":\"https://a.example\"},\"hostName\":{\"value\":\"strun\"},\"vaultName\":{\"value\":\"kv\"},\"secretName\":{\"value\":\"signing-key\"},\"workspaceName\":{\"value\":\"log\"}}}}" }
  }
`
)

// variablesOf are arguments of a module as a block of a test's run.
func variablesOf(values map[string]any) string {
	var b strings.Builder
	b.WriteString("  variables {\n")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "    %s = %s\n", name, literal(values[name]))
	}
	return b.String() + "  }\n"
}

func needed(region string) map[string]any {
	return map[string]any{"subscription_id": subscription, "region": region, "alert_email": "operations@example.org"}
}

// options are arguments that differ from every default.
func options() map[string]any {
	all := needed("uksouth")
	maps.Copy(all, map[string]any{
		"workload": "other", "env": "test", "owner": "someone", "commit": "0123", "storage_redundancy": "Standard_LRS",
		"clocks": map[string]any{"processedHours": 1, "unprocessedHours": 2}, "log_retention": map[string]any{"program": 31, "access": 32, "vault": 730},
		"daily_quota_gb": 100, "private_network": true, "network_prefix": "10.1.2.0/24", "customer_key": true,
		"ready": map[string]any{"http": 20, "documents": 0}, "size": map[string]any{"memoryMB": 4096, "maximum": 1000},
		"allowed_addresses": []any{"192.0.2.0/24"}, "bootstrap_app": "first", "bootstrap_hash": strings.Repeat("0f", 32), "signing_key": "PRIVATE",
		"previous_key_uri": "https://kv-other.vault.azure.net/secrets/signing-key/1", "review": true, "roles_by_secret": true, "webhooks": true,
		"settings": map[string]any{"LETHE_OIDC_ISSUER": "https://login.example.org"},
	})
	return all
}

// The module of Azure: what is planned is the template as it was compiled, with the parameters that were given, and every body
// is known, so that azapi has held all of it against the platform's schema.
func TestAzureModuleHandsOverTheTemplate(t *testing.T) {
	o := newTofu(t)
	folder := "terraform/azure"
	o.must(folder, "init", "-no-color")
	o.must(folder, "fmt", "-check", "-diff")
	o.must(folder, "validate", "-no-color")
	var text strings.Builder
	runs := map[string]map[string]any{"everything": options()}
	regions, err := filepath.Glob("../regions/*.bicepparam")
	if err != nil || len(regions) == 0 {
		t.Fatal("no regions")
	}
	for _, file := range regions {
		region := strings.TrimSuffix(filepath.Base(file), ".bicepparam")
		runs[region] = needed(region)
	}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		fmt.Fprintf(&text, "run %q {\n  command = plan\n%s}\n", name, variablesOf(runs[name]))
	}
	second := needed("westeurope")
	second["events"] = true
	fmt.Fprintf(&text, "run \"events\" {\n  command = plan\n%s%s}\n", variablesOf(second), someEvents)
	plans, out, err := o.test(folder, text.String())
	if err != nil || len(plans) != len(runs)+1 {
		t.Fatalf("%d plans of %d: %v\n%.4000s", len(plans), len(runs)+1, err, problems(out))
	}
	var compiled, events any
	read(t, "../azure/main.json", func(b []byte) error { return json.Unmarshal(b, &compiled) })
	read(t, "../azure/events.json", func(b []byte) error { return json.Unmarshal(b, &events) })
	for name, given := range runs {
		properties := body(t, plans[name], "azapi_resource.stamp")
		if !reflect.DeepEqual(properties["template"], compiled) {
			t.Errorf("%s: the template is not the compiled one", name)
		}
		if diff := cmp.Diff(expected(t, given), properties["parameters"]); diff != "" {
			t.Errorf("%s: parameters (-want +got):\n%s", name, diff)
		}
		if len(plans[name]) != 2 {
			t.Errorf("%s: %d resources", name, len(plans[name]))
		}
	}
	properties := body(t, plans["events"], "azapi_resource.events[0]")
	if !reflect.DeepEqual(properties["template"], events) || properties["parameters"].(map[string]any)["topicName"].(map[string]any)["value"] != "egst" {
		t.Errorf("the second stage has the parameters %v", properties["parameters"])
	}
	t.Logf("%d plans: every region, every option, the second stage", len(plans))
}

// body returns the properties of a deployment that is planned, all of which must be known.
func body(t *testing.T, p planned, address string) map[string]any {
	t.Helper()
	change, ok := p[address]
	if !ok {
		t.Fatalf("%s is not planned", address)
	}
	if unknown, isSet := change.Unknown["body"]; isSet && !empty(unknown) {
		t.Errorf("%s has values that are not known when it is planned: azapi has not checked it", address)
	}
	whole := change.After["body"]
	if text, ok := whole.(string); ok {
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			t.Fatal(err)
		}
	}
	properties, ok := whole.(map[string]any)["properties"].(map[string]any)
	if !ok || properties["mode"] != "Incremental" {
		t.Fatalf("%s has the body %.200v", address, whole)
	}
	return properties
}

// empty reports whether nothing in a tree is true.
func empty(v any) bool {
	switch v := v.(type) {
	case bool:
		return !v
	case []any:
		return !slices.ContainsFunc(v, func(one any) bool { return !empty(one) })
	case map[string]any:
		for _, one := range v {
			if !empty(one) {
				return false
			}
		}
	}
	return true
}

// expected are the parameters that the arguments stand for, as the template names them, each with its default if it was not given.
func expected(t *testing.T, given map[string]any) any {
	t.Helper()
	all := map[string]any{}
	for _, p := range azureTemplate(t).parameters {
		value, ok := given[snake(p.name)]
		if !ok {
			value = p.defaults
		}
		all[p.name] = map[string]any{"value": value}
	}
	text, err := json.Marshal(all)
	var out any
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Each limit of each variable refuses something, before anything is asked of a cloud.
func TestVariablesRefuseWhatTheTemplateRefuses(t *testing.T) {
	o := newTofu(t)
	required := map[string]map[string]any{
		"azure": {"region": "westeurope", "alert_email": "operations@example.org"},
		"aws": {
			"region": "eu-central-1", "alert_email": "operations@example.org", "code_bucket": "packages", "code_key": "lethe-0123456789ab.zip",
		},
	}
	for _, m := range modules() {
		folder := "variables/" + m.folder // the variables alone need no provider
		copyTo(t, filepath.Join(m.folder, "variables.tf"), filepath.Join(o.root, folder, "variables.tf"))
		var text strings.Builder
		runs := 1
		fmt.Fprintf(&text, "run \"defaults\" {\n  command = plan\n%s}\n", variablesOf(required[m.folder]))
		for _, p := range m.template(t).parameters {
			for n, c := range p.checks {
				others := maps.Clone(required[m.folder])
				delete(others, snake(p.name))
				block := strings.Replace(variablesOf(others), "  variables {\n", fmt.Sprintf("  variables {\n    %s = %s\n", snake(p.name), p.refused(c)), 1)
				fmt.Fprintf(&text, "run \"%s_%d\" {\n  command = plan\n%s  expect_failures = [var.%s]\n}\n", snake(p.name), n, block, snake(p.name))
				runs++
			}
		}
		o.must(folder, "init", "-no-color")
		_, out, err := o.test(folder, text.String())
		if err != nil || strings.Count(out, `"type":"test_run"`) < runs {
			t.Errorf("%s: %v\n%.6000s", m.folder, err, problems(out))
		}
		o.must("terraform/"+m.folder, "fmt", "-check", "-diff")
		t.Logf("%s: %d runs", m.folder, runs)
	}
}

// problems are the lines that tell of failures.
func problems(out string) string {
	var lines []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, `"@level":"error"`) || strings.Contains(line, `"status":"fail"`) || strings.Contains(line, `"status":"error"`) || !strings.HasPrefix(line, "{") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// mistakes are slips in the module of Azure that its plan must find.
func mistakes() map[string][2]string {
	return map[string][2]string{
		"misspelt property":        {"parameters = local.parameters", "parametersOf = local.parameters"},
		"missing property":         {"mode       = \"Incremental\"\n      template   = jsondecode(file(\"${path.module}/../../azure/main.json\"))", "template   = jsondecode(file(\"${path.module}/../../azure/main.json\"))"},
		"property of a wrong type": {"mode       = \"Incremental\"", "mode       = { kind = \"Incremental\" }"},
		"unknown type":             {"Microsoft.Resources/deployments@2024-03-01", "Microsoft.Resources/deployment@2024-03-01"},
		"unknown version":          {"Microsoft.Resources/deployments@2024-03-01", "Microsoft.Resources/deployments@2024-03-02"},
		"another template":         {"azure/main.json", "azure/stamp.json"},
		"group without a region":   {"  location  = var.region\n", ""},
		"parent that is no group":  {"parent_id = local.group_id", "parent_id = local.group_name"},
	}
}

func TestPlanOfTheAzureModuleFindsMistakes(t *testing.T) {
	o := newTofu(t)
	source, err := os.ReadFile("azure/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	folder := "terraform/azure"
	o.must(folder, "init", "-no-color")
	for name, slip := range mistakes() {
		wrong := strings.Replace(string(source), slip[0], slip[1], 1)
		if wrong == string(source) {
			t.Fatalf("%s: the module has no such text", name)
		}
		write(t, filepath.Join(o.root, folder, "main.tf"), wrong)
		if _, _, err := o.test(folder, "run \"one\" {\n  command = plan\n"+variablesOf(needed("westeurope"))+"}\n"); err == nil {
			t.Errorf("%s: nothing is said", name)
		}
	}
}
