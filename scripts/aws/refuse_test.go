package aws_test

import (
	"os"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
)

// TestBadInputIsRefusedBeforeAnythingIsCreated: each message names what is wrong, says what is allowed and gives an example.
func TestBadInputIsRefusedBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	const region = `{"ParameterKey": "Region", "ParameterValue": "eu-central-1"}`
	for _, tc := range []struct {
		name   string
		file   string             // of the region; the one in the tree if empty
		change func(*model.World) // changes the account
		pack   string             // version of the package
		env    []string
		want   []string
	}{
		{name: "no region", env: []string{"REGION="}, want: []string{"REGION is missing", "ap-southeast-2 | eu-central-1 | eu-west-1 | us-east-1", "REGION=eu-central-1"}},
		{name: "unknown region", env: []string{"REGION=atlantis"}, want: []string{"REGION is 'atlantis'", "eu-central-1 | eu-west-1", "infra/aws/regions/NAME.json"}},
		{name: "region of another file", file: `[{"ParameterKey": "Region", "ParameterValue": "eu-west-1"}]`, want: []string{"Region is 'eu-west-1'", "called after", "eu-central-1"}},
		{name: "no list", file: `{"Region": "eu-central-1"}`, want: []string{"is no list of parameters", `"ParameterKey": "Region"`}},
		{name: "value without quotes", file: `[{"ParameterKey": "OcrMemory", "ParameterValue": 3538}]`, want: []string{"values in quotes"}},
		{name: "unknown parameter", file: `[` + region + `, {"ParameterKey": "Retention", "ParameterValue": "12"}]`, want: []string{"Retention is no parameter", "ProcessedHours"}},
		{name: "parameter of the scripts", file: `[` + region + `, {"ParameterKey": "CodeKey", "ParameterValue": "x"}]`, want: []string{"CodeKey is given by the scripts"}},
		{name: "parameter given twice", file: `[` + region + `,` + region + `]`, want: []string{"Region is given twice"}},
		{name: "no e-mail", env: []string{"ALERT_EMAIL="}, want: []string{"AlertEmail is missing", "ALERT_EMAIL=operations@example.org"}},
		{name: "not signed in", change: func(a *model.World) { a.SignedIn = false }, want: []string{"no valid credentials", "aws sso login"}},
		{name: "another account", env: []string{"ACCOUNT=000000000002"}, want: []string{"the account is 000000000001", "000000000002", "AWS_PROFILE"}},
		{name: "history of aws", change: func(a *model.World) { a.History = true }, want: []string{"cli_history", "aws configure set cli_history disabled"}},
		{name: "keys that never end", change: func(a *model.World) { a.Static = true }, want: []string{"keys that never end", "those of a role", "aws sso login"}},
		{name: "bucket of somebody else", change: func(a *model.World) { a.Foreign = []string{codeName} }, want: []string{codeName + " is somebody else's"}},
		{name: "name of the documents taken", change: func(a *model.World) { a.Foreign = []string{bucket} }, want: []string{bucket + " is somebody else's"}},
		{name: "documents without a stack", change: func(a *model.World) { a.Buckets[bucket] = &model.Bucket{} }, want: []string{bucket + " exists and belongs to no stack"}},
		{name: "too little concurrency", change: func(a *model.World) { a.Free = 10 }, want: []string{"10 concurrent executions free", "94 aside", "ReserveConcurrency"}},
		{
			name: "too little concurrency for webhooks", file: `[` + region + `, {"ParameterKey": "Webhooks", "ParameterValue": "true"}]`,
			change: func(a *model.World) { a.Free = 198 }, want: []string{"198 concurrent executions free", "99 aside"},
		},
		{name: "another package than meant", env: []string{"PACKAGE_SHA256=00"}, want: []string{"SHA-256", "PACKAGE_SHA256"}},
		{name: "package of changed files", pack: "v1-dirty", want: []string{"v1-dirty", "no commit holds", "ACCEPT_PACKAGE=1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.file != "" {
				w.Must(os.WriteFile(w.Path("infra/aws/regions/eu-central-1.json"), []byte(tc.file), 0o600))
			}
			if tc.pack != "" {
				w.pack(tc.pack, packaged)
			}
			if tc.change != nil {
				w.change(tc.change)
			}
			before := w.model()
			w.Run("deploy", tc.env...).Stopped(t, append(tc.want, "Nothing was changed.")...)
			if diff := changed(before, w.model()); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAPackageOfChangedFilesIsTriedOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pack("v1-dirty", packaged)
	w.Done("deploy", "ACCEPT_PACKAGE=1")
}

func TestAPackageWithoutFunctionsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Pack("v1", packaged, "lethe", nil)
	w.Run("deploy").Stopped(t, "holds no functions", "make package", "Nothing was changed.")
	w.Must(os.Remove(w.Path(packaged)))
	w.Run("deploy").Stopped(t, packaged+" is missing", "Nothing was changed.")
}

func TestWithoutAnAnswerNothingIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.model()
	r := w.Run("deploy", "YES=")
	r.Stopped(t, "Not confirmed.", "Nothing was changed.", "YES=1")
	if !strings.Contains(r.Stdout, "add\tAWS::DynamoDB::Table\tTasksTable") {
		t.Errorf("it does not show what would change:\n%s", r.Stdout)
	}
	if diff := changed(before, w.model()); diff != "" {
		t.Errorf("what was made to compare with stayed (-before +after):\n%s", diff)
	}
}

func TestAStackOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"deploy", "upgrade", "rotate-key", "destroy"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.change(func(a *model.World) {
				a.Stacks[stackName] = &model.Stack{Status: "CREATE_COMPLETE", Tags: map[string]string{"team": "payroll"}}
			})
			before := w.model()
			w.Run(script).Stopped(t, stackName+" exists and is not a stamp", "Nothing was changed.")
			if diff := changed(before, w.model()); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAStampThatIsNotFinishedIsNotUpgradedNorGivenAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Run("upgrade").Stopped(t, "there is no finished stamp", "make deploy CLOUD=aws REGION=eu-central-1")
	w.Run("rotate-key").Stopped(t, "there is no finished stamp", "make deploy CLOUD=aws REGION=eu-central-1")
	w.Run("deploy", "STANDIN_FAULT=30+:before").Stopped(t)
	w.Run("upgrade").Stopped(t, "there is no finished stamp")
	w.Run("rotate-key").Stopped(t, "there is no finished stamp")
}

// TestNothingThatHoldsDocumentsOrKeysGoesUnasked: a change set may remove or replace what the operator did not think of.
func TestNothingThatHoldsDocumentsOrKeysGoesUnasked(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.change(func(a *model.World) {
		a.Surprise = []model.Change{
			{Action: "Remove", LogicalResourceId: "Bucket", ResourceType: "AWS::S3::Bucket", PhysicalResourceId: bucket},
			{Action: "Modify", Replacement: "True", LogicalResourceId: "TasksTable", ResourceType: "AWS::DynamoDB::Table", PhysicalResourceId: "lethe-tasks"},
			{Action: "Modify", Replacement: "Conditional", LogicalResourceId: "SigningKey", ResourceType: "AWS::SecretsManager::Secret", PhysicalResourceId: secret},
			{Action: "Dynamic", LogicalResourceId: "Key", ResourceType: "AWS::KMS::Key", PhysicalResourceId: "key"},
			{Action: "Modify", Replacement: "False", LogicalResourceId: "DueTable", ResourceType: "AWS::DynamoDB::Table"},
			{Action: "Modify", Replacement: "True", LogicalResourceId: "People", ResourceType: "AWS::SNS::Topic"},
		}
	})
	before := w.stack()
	r := w.Run("upgrade")
	r.Stopped(t, "Bucket ("+bucket+") would go: remove", "TasksTable (lethe-tasks) would go: replace", "SigningKey ("+secret+") would go: replace?", "Key (key) would go: dynamic",
		"What is in it would be lost", "ACCEPT_CHANGES='Bucket'")
	if strings.Contains(r.Stderr, "DueTable") || strings.Contains(r.Stderr, "People") {
		t.Errorf("it refuses what takes nothing away:\n%s", r.Stderr)
	}
	if after := w.stack(); after.App.Program != before.App.Program || len(after.ChangeSets) != 0 || state(w) != "ready" {
		t.Errorf("left %+v", after)
	}
	w.Done("upgrade", "ACCEPT_CHANGES=Bucket TasksTable SigningKey Key")
}
