package resourcemanager_test

import (
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/resourcemanager"
	"github.com/lethe-ocr/lethe/shared/retention"
)

const infra = "../../../infra"

// deployed makes the answers that Resource Manager would give of a stamp, out of what its templates evaluate to.
func deployed(t *testing.T, snapshot string) answers {
	t.Helper()
	text, err := os.ReadFile(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	type evaluated struct{ PredictedResources []object }
	var all evaluated
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	id := ""
	for _, r := range all.PredictedResources {
		if r["type"] == "Microsoft.Storage/storageAccounts/managementPolicies" {
			id = strings.TrimSuffix(r["id"].(string), "/managementPolicies/default")
		}
	}
	if id == "" {
		t.Fatal("no account has a lifecycle policy")
	}
	// Under the names of this test.
	all = evaluated{}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), id, account)), &all); err != nil {
		t.Fatal(err)
	}
	a := answers{"containers": {"value": []any{}}, "assignments": {"value": []any{}}, "roles": healthy(t)["roles"]}
	for _, r := range all.PredictedResources {
		below, ours := strings.CutPrefix(r["id"].(string), account)
		switch kind := path.Base(r["type"].(string)); {
		case !ours:
		case below == "":
			a["account"] = r
		case below == "/blobServices/default":
			a["service"] = r
		case kind == "managementPolicies":
			a["policy"] = r
		case kind == "containers":
			r["name"] = path.Base(r["name"].(string))
			a["containers"]["value"] = append(a["containers"]["value"].([]any), r)
		case kind == "roleAssignments":
			scope, _, _ := strings.Cut(r["id"].(string), "/providers/Microsoft.Authorization")
			r["properties"].(object)["scope"] = scope
			a["assignments"]["value"] = append(a["assignments"]["value"].([]any), r)
		}
	}
	for _, list := range []string{"containers", "assignments"} {
		if len(a[list]["value"].([]any)) == 0 {
			t.Fatalf("the account has no %s", list)
		}
	}
	return a
}

// The regions differ in nothing that is looked at here, so one stands for all.
func TestStampIsDeployedAsExpected(t *testing.T) {
	const region = "westeurope"
	probe, err := resourcemanager.New(resourcemanager.Config{
		Subscription: subscription, Group: "rg-lethe", Account: "stlethe",
		Stamp:      doctor.Stamp{Region: region, Policy: retention.Default(), Page: doctor.Page{Setting: "off"}},
		Credential: token{}, Transport: deployed(t, infra+"/azure/testdata/snapshots/"+region+".json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[doctor.Check]doctor.Outcome{}
	for _, f := range doctor.Run(t.Context(), probe) {
		if _, asked := visible()[f.Check]; asked {
			got[f.Check] = f.Outcome
		}
		if f.Outcome == doctor.Breach {
			t.Errorf("%s: %s", f.Check, f.Found)
		}
	}
	if diff := cmp.Diff(visible(), got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}
