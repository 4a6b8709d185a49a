package azure_test

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

// TestBadInputIsRefusedBeforeAnythingIsCreated: each message names the parameter, says what is allowed and gives an example.
func TestBadInputIsRefusedBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	const head = "using '../azure/main.bicep'\nparam region = 'westeurope'\n"
	const email = "param alertEmail = 'operations@example.org'\n"
	for _, tc := range []struct {
		name    string
		file    string             // of westeurope; the one in the tree if empty
		change  func(*model.World) // changes the subscription
		answers map[string]any     // what Azure answers instead
		env     []string
		want    []string
	}{
		{name: "no region", env: []string{"REGION="}, want: []string{"REGION is missing", "eastus2 | swedencentral | uksouth | westeurope", "REGION=westeurope"}},
		{name: "unknown region", env: []string{"REGION=atlantis"}, want: []string{"REGION is 'atlantis'", "eastus2 | swedencentral", "infra/regions/NAME.bicepparam"}},
		{name: "region that Azure does not know", file: "using '../azure/main.bicep'\nparam region = 'westeurop'\n" + email,
			want: []string{"region is 'westeurop'", "'westeurope'", "param region = 'westeurope'"}},
		{name: "region of another file", file: "using '../azure/main.bicep'\nparam region = 'uksouth'\n" + email,
			want: []string{"region is 'uksouth'", "the region that the file is called after", "param region = 'westeurope'"}},
		{name: "processed retention above the limit", file: head + email + "param clocks = { processedHours: 25, unprocessedHours: 48 }",
			want: []string{"clocks.processedHours is 25", "expected: 1 to 24", "param clocks = { processedHours: 24, unprocessedHours: 48 }"}},
		{name: "unprocessed retention above the limit", file: head + email + "param clocks = {\n  processedHours: 24\n  unprocessedHours: 49\n}",
			want: []string{"clocks.unprocessedHours is 49", "expected: 1 to 48", "param clocks ="}},
		{name: "half a retention", file: head + email + "param clocks = { processedHours: 24 }", want: []string{"clocks.unprocessedHours is missing", "1 to 48"}},
		{name: "geo-redundant", file: head + email + "param storageRedundancy = 'Standard_GRS'",
			want: []string{"storageRedundancy is 'Standard_GRS'", "'Standard_LRS' | 'Standard_ZRS'", "param storageRedundancy = 'Standard_ZRS'"}},
		{name: "name too long", file: head + email + "param workload = 'documents'", want: []string{"workload is 'documents'", "3 to 8 characters", "param workload = 'lethe'"}},
		{name: "name that storage refuses", file: head + email + "param workload = 'Le-the'", want: []string{"workload is 'Le-the'", "small letters and digits", "param workload = 'lethe'"}},
		{name: "account's name taken", change: func(azure *model.World) { azure.Taken = []string{"stlethedocooiaatjxc26"} }, want: []string{"stlethedocooiaatjxc26 is taken", "free in all of Azure", "param workload = 'lethe2'"}},
		{name: "app's name taken", change: func(azure *model.World) { azure.Taken = []string{appName} }, want: []string{appName + " is taken", "param workload"}},
		{name: "vault waits for its end", change: func(azure *model.World) { azure.DeletedVaults[vault] = false }, want: []string{vault + " was deleted", "az keyvault purge"}},
		{name: "another template", file: "using '../azure/events.bicep'\nparam topicName = 'egst'\n", want: []string{"events.bicep", "the stamp's", "using '../azure/main.bicep'"}},
		{name: "parameter of another template", file: head + email + "param topicName = 'egst'\n", want: []string{"topicName is no parameter", "privateNetwork", "alertEmail"}},
		{name: "no e-mail in the file", file: head, want: []string{"alertEmail is missing", "6 to 254 characters", "param alertEmail = 'operations@example.org'"}},
		{name: "no e-mail in the environment", env: []string{"ALERT_EMAIL="}, want: []string{"alertEmail", "operations@example.org"}},
		{name: "e-mail that is none", env: []string{"ALERT_EMAIL=operations"}, want: []string{"alertEmail is 'operations'", "param alertEmail = 'operations@example.org'"}},
		{name: "address range that is none", file: head + email + "param allowedAddresses = ['everybody']", want: []string{"allowedAddresses holds 'everybody'", "IPv4", "203.0.113.0/24"}},
		{name: "a key in the file", file: head + email + "param signingKey = 'PRIVATE+KEY+x'", want: []string{"signingKey is given by the scripts"}},
		{name: "setting of the host", file: head + email + "param settings = { AzureWebJobsStorage: '' }", want: []string{"settings holds AzureWebJobsStorage", "LETHE_MAX_PAGES"}},
		{name: "expression without compiler", file: head + email + "param owner = toLower('Records')", want: []string{"owner is more than a literal", "az bicep install"}},
		{name: "no redundancy there", env: []string{"REGION=uksouth"}, want: []string{"storageRedundancy is 'Standard_ZRS'", "uksouth does not offer", "param storageRedundancy = 'Standard_LRS'"}},
		{name: "no Flex there", answers: map[string]any{"/providers/Microsoft.Web/geoRegions?sku=FlexConsumption": listed(map[string]any{"name": "UK South"})}, want: []string{"region is 'westeurope'", "Flex Consumption is not offered", "uksouth"}},
		{name: "region closed to the subscription", answers: map[string]any{"/locations": listed(map[string]any{"name": "uksouth"})}, want: []string{"region is 'westeurope'", "az account list-locations"}},
		{name: "not signed in", change: func(azure *model.World) { azure.SignedIn = false }, want: []string{"az login", "SUBSCRIPTION="}},
		{name: "old az", answers: map[string]any{"version": map[string]any{"azure-cli": "2.45.0"}}, want: []string{"az is version 2.45.0", "2.62.0 or newer", "az upgrade"}},
		{name: "provider not registered", answers: map[string]any{"provider list": []any{map[string]any{"namespace": "Microsoft.Storage", "registrationState": "Registered"}}},
			want: []string{"Microsoft.EventGrid is not registered", "az provider register", "--namespace Microsoft.Web"}},
		{name: "no quota for accounts", answers: map[string]any{"storage account show-usage": map[string]any{"limit": 200, "currentValue": 199}}, want: []string{"room for 1 storage accounts", "2 or more"}},
		{name: "no quota for instances", answers: map[string]any{"/providers/Microsoft.Web/locations/westeurope/usages": listed(map[string]any{
			"name": map[string]any{"value": "FlexConsumptionMemory"}, "limit": 512000, "currentValue": 509952,
		})}, want: []string{"2048 MB of Flex Consumption left", "4096 or more", "param ready"}},
		{name: "no rights", answers: map[string]any{"/providers/Microsoft.Authorization/permissions": listed(map[string]any{
			"actions": []string{"*/read", "Microsoft.Resources/*"}, "notActions": []string{},
		})},
			want: []string{"Microsoft.Authorization/roleAssignments/write", "Owner", "az role assignment create"}},
		{name: "policy that keeps", answers: map[string]any{"policy assignment list": []map[string]string{{"name": "p1", "displayName": "Enable soft delete for blobs"}}},
			want: []string{"policy assignment p1", "ACCEPT_POLICIES='p1'"}},
		{name: "Defender scans uploads", answers: map[string]any{"/providers/Microsoft.Security/pricings/StorageAccounts": map[string]any{"properties": map[string]any{
			"pricingTier": "Standard", "extensions": []any{map[string]any{"name": "OnUploadMalwareScanning", "isEnabled": "True"}},
		}}}, want: []string{"OnUploadMalwareScanning", "az security pricing create"}},
		{name: "another package than meant", env: []string{"PACKAGE_SHA256=00"}, want: []string{"SHA-256", "PACKAGE_SHA256"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.file != "" {
				w.Must(os.WriteFile(w.Path("infra/regions/westeurope.bicepparam"), []byte(tc.file), 0o600))
			}
			w.change(func(azure *model.World) {
				maps.Copy(azure.Answers, tc.answers)
				if tc.change != nil {
					tc.change(azure)
				}
			})
			before := w.model()
			r := w.Run("deploy", tc.env...)
			r.Stopped(t, append(tc.want, "Nothing was changed.")...)
			if diff := changed(before, w.model()); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

// listed is an answer of Resource Manager with one entry.
func listed(entry map[string]any) map[string]any { return map[string]any{"value": []any{entry}} }

func TestAPolicyThatWasReadIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(azure *model.World) {
		azure.Answers["policy assignment list"] = []map[string]string{
			{"name": "p1", "displayName": "Audit backup"}, {"name": "p2", "displayName": "Soft delete", "enforcementMode": "DoNotEnforce"},
		}
	})
	w.Done("deploy", "ACCEPT_POLICIES=p0 p1")
}

func TestWithoutAnAnswerNothingIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.model()
	r := w.Run("deploy", "YES=")
	r.Stopped(t, "Not confirmed.", "Nothing was changed.", "YES=1")
	if !strings.Contains(r.Stdout, "Resource changes") {
		t.Errorf("it does not show what would change:\n%s", r.Stdout)
	}
	if diff := changed(before, w.model()); diff != "" {
		t.Errorf("the empty group stayed (-before +after):\n%s", diff)
	}
}

func TestAGroupOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"deploy", "upgrade", "rotate-key", "destroy"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.change(func(azure *model.World) {
				azure.Groups[group] = &model.Group{Location: "westeurope", Tags: map[string]string{"team": "payroll"}}
			})
			before := w.model()
			w.Run(script).Stopped(t, group+" exists and is not a stamp", "Nothing was changed.")
			if diff := changed(before, w.model()); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAStampThatIsNotFinishedIsNotUpgradedNorGivenAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Run("upgrade").Stopped(t, "there is no finished stamp", "make deploy REGION=westeurope")
	w.Run("rotate-key").Stopped(t, "not there", "make deploy REGION=westeurope")
	w.Run("deploy", "STANDIN_FAULT=30+:before").Stopped(t)
	w.Run("upgrade").Stopped(t, "there is no finished stamp")
	w.Run("rotate-key").Stopped(t, "is deploying")
}

// TestParametersAreReadAsTheCompilerReadsThem holds the reader without compiler against the compiler.
func TestParametersAreReadAsTheCompilerReadsThem(t *testing.T) {
	t.Parallel()
	bicep := os.Getenv("BICEP")
	if bicep == "" {
		t.Skip("no Bicep compiler: set BICEP")
	}
	for _, file := range []string{"regions/westeurope", "azure/testdata/everything", "azure/testdata/events"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			compareParameters(t, bicep, "../../infra/"+file+".bicepparam")
		})
	}
}
