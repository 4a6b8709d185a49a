package azure_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNamesAreThoseOfTheTemplate: the scripts know the names before anything exists, and the compiler's snapshots say which
// they are.
func TestNamesAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ snapshot, workload, env, region string }{
		{"westeurope", "lethe", "prod", "westeurope"},
		{"swedencentral", "lethe", "prod", "swedencentral"},
		{"uksouth", "lethe", "prod", "uksouth"},
		{"eastus2", "lethe", "prod", "eastus2"},
		{"everything", "archive", "test", "westeurope"},
	} {
		t.Run(tc.snapshot, func(t *testing.T) {
			t.Parallel()
			script := `cd ../.. && . scripts/azure/stamp.sh && subscription=00000000-0000-0000-0000-000000000001 && name_things &&
				printf '%s\n' "Microsoft.Storage/storageAccounts $documents" "Microsoft.Storage/storageAccounts $host" "Microsoft.KeyVault/vaults $vault" \
				"Microsoft.Web/sites $app" "Microsoft.EventGrid/systemTopics $topic" "Microsoft.OperationalInsights/workspaces log-$base"`
			cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(script, "name_things", "workload="+tc.workload+" env="+tc.env+" && name_things", 1))
			cmd.Env = append(os.Environ(), "REGION="+tc.region)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var snapshot struct {
				PredictedResources []struct{ Type, Name string }
			}
			text, err := os.ReadFile(filepath.Join("../../infra/azure/testdata/snapshots", tc.snapshot+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &snapshot); err != nil {
				t.Fatal(err)
			}
			made := map[string]bool{}
			for _, r := range snapshot.PredictedResources {
				made[r.Type+" "+r.Name] = true
			}
			for name := range strings.Lines(string(out)) {
				if !made[strings.TrimSpace(name)] {
					t.Errorf("the template makes no %s", name)
				}
			}
		})
	}
}

// compareParameters reads a file with and without the compiler.
func compareParameters(t *testing.T, bicep, file string) {
	t.Helper()
	built := exec.CommandContext(t.Context(), bicep, "build-params", file, "--stdout")
	built.Env = append(os.Environ(), "ALERT_EMAIL=operations@example.org")
	out, err := built.Output()
	if err != nil {
		t.Fatal(err)
	}
	var compiled struct{ ParametersJSON string }
	if err := json.Unmarshal(out, &compiled); err != nil {
		t.Fatal(err)
	}
	var want struct {
		Parameters map[string]struct{ Value any }
	}
	if err := json.Unmarshal([]byte(compiled.ParametersJSON), &want); err != nil {
		t.Fatal(err)
	}
	// Files of other templates are read too: only which template they name is looked at first.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ours := exec.CommandContext(t.Context(), "jq", "-Rs", "--arg", "region", "any", "--argjson", "given", "null",
		"--slurpfile", "compiled", "../../infra/azure/main.json", "-f", "parameters.jq")
	ours.Env = built.Env
	ours.Stdin = strings.NewReader(strings.NewReplacer("events.bicep", "main.bicep", "guard.bicep", "main.bicep").Replace(string(text)))
	if out, err = ours.Output(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Bicep string
		Given map[string]any
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	for name, p := range want.Parameters {
		values[name] = p.Value
	}
	if got.Bicep != "" {
		t.Fatalf("%s needs the compiler for %s", file, got.Bicep)
	}
	if diff := cmp.Diff(values, got.Given); diff != "" {
		t.Errorf("%s is read differently (-compiler +ours):\n%s", file, diff)
	}
}

// TestTheOperatorsGuideExplainsEveryAlert: who gets a mail at night finds its name there.
func TestTheOperatorsGuideExplainsEveryAlert(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../infra/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "## Alerts and what to do")
	text, err := os.ReadFile("../../infra/azure/testdata/snapshots/westeurope.json")
	if err != nil {
		t.Fatal(err)
	}
	var snapshot struct {
		PredictedResources []struct{ Type, Name string }
	}
	if err := json.Unmarshal(text, &snapshot); err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, r := range snapshot.PredictedResources {
		switch r.Type {
		case "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts", "Microsoft.Insights/activityLogAlerts":
			alerts++
			if name := strings.TrimPrefix(r.Name, "lethe-prod-westeurope-"); !strings.Contains(table, name) {
				t.Errorf("the guide does not explain %s", name)
			}
		}
	}
	if alerts < 10 {
		t.Errorf("only %d alerts are deployed", alerts)
	}
}
