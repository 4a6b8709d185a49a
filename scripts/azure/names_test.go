package azure_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNamesAreThoseOfTheTemplate: the scripts know the names before anything exists, and the compiler's snapshots say which
// they are.
func TestNamesAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ snapshot, workload, env string }{{"westeurope", "lethe", "prod"}, {"everything", "archive", "test"}} {
		t.Run(tc.snapshot, func(t *testing.T) {
			t.Parallel()
			made := map[string]bool{}
			for _, r := range predicted(t, tc.snapshot) {
				made[r.Type+" "+r.Name] = true
			}
			names := named(t, "westeurope", tc.workload, tc.env, "Microsoft.Storage/storageAccounts $documents", "Microsoft.Storage/storageAccounts $host",
				"Microsoft.KeyVault/vaults $vault", "Microsoft.Web/sites $app", "Microsoft.EventGrid/systemTopics $topic",
				"Microsoft.OperationalInsights/workspaces log-$base")
			for _, name := range names {
				if !made[name] {
					t.Errorf("the template makes no %s", name)
				}
			}
		})
	}
	// Names of other lengths, as Azure's uniqueString makes them.
	for region, want := range map[string]string{"swedencentral": "func-lethe-aq2j2mj3sbe", "uksouth": "func-lethe-jmyta7mwkwm", "eastus2": "func-lethe-rhih2xvfmsa"} {
		if got := named(t, region, "lethe", "prod", "$app")[0]; got != want {
			t.Errorf("the app of %s is called %s, want %s", region, got, want)
		}
	}
}

// named prints texts with the names that stamp.sh gives.
func named(t *testing.T, region, workload, env string, texts ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `cd ../.. && . scripts/azure/stamp.sh && subscription=00000000-0000-0000-0000-000000000001 &&
		workload=`+workload+` env=`+env+` && name_things && printf '%s\n' "`+strings.Join(texts, `" "`)+`"`)
	cmd.Env = append(os.Environ(), "REGION="+region)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// predicted reads what a snapshot says that the template makes.
func predicted(t *testing.T, snapshot string) []struct{ Type, Name string } {
	t.Helper()
	text, err := os.ReadFile("../../infra/azure/testdata/snapshots/" + snapshot + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		PredictedResources []struct{ Type, Name string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.PredictedResources
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
	alerts := 0
	for _, r := range predicted(t, "westeurope") {
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
