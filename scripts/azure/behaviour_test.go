package azure_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
)

func TestTheFirstSecretIsShownOnceAndOnlyItsHashIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.env, "SECRET_FILE")
	// It stops after the secret has been shown and deployed.
	r := w.run("deploy", "STANDIN_FAULT=26+:before")
	r.stopped(t)
	secret := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.stdout+r.stderr, -1)
	if len(secret) != 1 {
		t.Fatalf("shown: %q in\n%s", secret, r.stdout)
	}
	w.run("deploy").stopped(t, "LETHE_SECRET is missing", "NEW_ADMIN=1", "Nothing was changed.")
	if r := w.done("deploy", "LETHE_SECRET="+secret[0]); strings.Contains(r.stdout, secret[0]) {
		t.Error("it is shown again")
	}
	if text := w.everything(); strings.Contains(text, secret[0]) {
		t.Error("the secret itself is in Azure, or in an argument")
	}

	// Who has lost it makes another first application.
	r = w.done("deploy", "NEW_ADMIN=1")
	another := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.stdout, -1)
	if len(another) != 1 || another[0] == secret[0] || len(w.model().Groups[group].Tables.Applications) != 2 {
		t.Errorf("shown: %q", another)
	}
}

func TestTheSigningKeyIsNeverPrintedAndNeverAnArgument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var said strings.Builder
	for _, script := range []string{"deploy", "rotate-key", "destroy"} {
		r := w.done(script)
		said.WriteString(r.stdout + r.stderr)
		if m := w.model().Groups[group]; script == "rotate-key" && (len(m.Secrets) != 2 || !strings.Contains(m.Secrets[0], "PRIVATE+KEY")) {
			t.Fatalf("the vault holds %q", m.Secrets)
		}
	}
	log, err := os.ReadFile(w.path("world.json.log"))
	w.must(err)
	for _, secret := range []string{"PRIVATE+KEY", "canary-system-key"} {
		if strings.Contains(said.String(), secret) || strings.Contains(string(log), secret) {
			t.Errorf("%s was printed or is an argument", secret)
		}
	}
}

// everything is what Azure holds and what was ever an argument.
func (w *world) everything() string {
	w.t.Helper()
	azure, err := os.ReadFile(w.path("world.json"))
	w.must(err)
	log, err := os.ReadFile(w.path("world.json.log"))
	w.must(err)
	return string(azure) + string(log)
}

func TestAPackageThatDoesNotPassGivesWayToTheOneBefore(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"reads-nothing":    "the task is ProcessingFailed",
		"never-loads":      "the host has not loaded",
		"confines-nothing": "not closed are network",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := deployed(t)
			before := w.model().Groups[group]
			w.pack(name, "dist/lethe.zip")
			r := w.run("upgrade")
			r.stopped(t, "Version "+name+" did not pass", "The previous package, v1, serves again", want)
			s := w.model().Groups[group]
			if s.App.Package != before.App.Package || s.Tags["package"] != before.Tags["package"] || s.Tags["state"] != "ready" {
				t.Errorf("left %+v", s)
			}
			w.pack("v3", "dist/lethe.zip")
			w.done("upgrade")
		})
	}
}

func TestAnUpgradeBeginsOnlyWithAWayBack(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.must(os.RemoveAll(w.path("home")))
	w.run("upgrade").stopped(t, "PREVIOUS is ", "PREVIOUS=none", "Nothing was changed.")
	w.pack("v0", "other.zip")
	w.run("upgrade", "PREVIOUS="+w.path("other.zip")).stopped(t, "not the package that runs now", "Nothing was changed.")
	w.pack("v1", "same.zip")
	w.done("upgrade", "PREVIOUS="+w.path("same.zip"))
}

func TestAnUpgradeWithoutWayBackStaysMarkedAsUnfinished(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.pack("reads-nothing", "dist/lethe.zip")
	w.run("upgrade", "PREVIOUS=none").stopped(t, "there is no way back")
	if state := w.model().Groups[group].Tags["state"]; state != "upgrading" {
		t.Errorf("state %q", state)
	}
	w.run("deploy").stopped(t, "an upgrade of this stamp has not ended", "make upgrade")
	w.pack("v3", "dist/lethe.zip")
	w.done("upgrade", "PREVIOUS=none")
}

func TestDeployRefusesAnotherPackageOnAFinishedStamp(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.run("deploy").stopped(t, "runs another package", "make upgrade REGION=westeurope", "Nothing was changed.")
}

func TestNothingIsTakenInWhileTheAccountKeepsWhatIsErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run("deploy", "STANDIN_FAULT=26+:before").stopped(t)
	w.change(func(azure *model.World) { azure.Groups[group].Keeping = true })
	w.run("deploy").stopped(t, "The documents account is misconfigured", "often a policy")
	if s := w.model().Groups[group]; s.App.Package != "" || s.Events || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
	w.change(func(azure *model.World) { azure.Groups[group].Keeping = false })
	w.done("deploy")
}

func TestNothingIsTakenInWhereWorkersCannotBeConfined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pack("confines-nothing", "dist/lethe.zip")
	w.run("deploy").stopped(t, "not closed are network", "worker processes cannot be confined there")
	if s := w.model().Groups[group]; s.Events || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
}

func TestAClosedStampIsFinishedFromInsideItsNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.path("infra/regions/westeurope.bicepparam")
	text, err := os.ReadFile(file)
	w.must(err, os.WriteFile(file, append(text, "param privateNetwork = true\n"...), 0o600))

	w.run("deploy").stopped(t, "The network vnet-lethe-prod-westeurope is made", "need a machine inside it")
	if s := w.model().Groups[group]; s.App.Package != "" || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
	for _, script := range []string{"deploy", "destroy"} {
		before := w.model()
		r := w.run(script)
		if script == "deploy" {
			r.stopped(t, "privateNetwork is true", "inside the network vnet-lethe-prod-westeurope", "Nothing was changed.")
			same(t, before, w.model())
		} else if r.code != 0 { // nothing was ever taken in
			t.Errorf("destroy: %s", r.stderr)
		}
	}

	w.change(func(azure *model.World) { azure.Inside = true })
	w.done("deploy", "SECRET_FILE="+w.path("another"))
	w.pack("v2", "dist/lethe.zip")
	w.env["SECRET_FILE"] = w.path("another")
	w.change(func(azure *model.World) { azure.Inside = false })
	for _, script := range []string{"upgrade", "rotate-key", "destroy"} {
		w.run(script).stopped(t, "privateNetwork is true", "Nothing was changed.")
	}
	w.change(func(azure *model.World) { azure.Inside = true })
	w.done("upgrade")
	w.done("rotate-key")
	w.done("destroy")
}

func TestAStampThatDoesNotAnswerIsNotRemovedUnasked(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(azure *model.World) { azure.Groups[group].App.Program = "never-loads" })
	w.run("destroy").stopped(t, "does not answer", "LOSE_LEDGER=1", "Nothing was changed.")

	w.change(func(azure *model.World) { azure.Groups[group].Tables.Saved = true }) // so that losing it is no violation
	r := w.done("destroy", "LOSE_LEDGER=1")
	if !strings.Contains(r.stdout, "can be restored by the owner of the subscription for 14 days") || len(w.model().Groups) != 0 {
		t.Errorf("it says:\n%s", r.stdout)
	}
}

func TestDocumentsOnTheirWayAreErasedBeforeTheGroupIsRemoved(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(azure *model.World) {
		tables := &azure.Groups[group].Tables
		tables.Tasks["client"], tables.Saved = &model.Document{Made: 1, State: "InProgress"}, false
	})
	w.done("destroy")
	w.model() // the stand-in notes a group that is removed with documents in it
	if _, err := os.Stat(w.path("home/.local/state/lethe/" + group + "/receipts/client")); err != nil {
		t.Error(err)
	}
}

func TestDestroyAsksForTheNameOfTheGroup(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	before := w.model()
	w.run("destroy", "YES=").stopped(t, "Not confirmed.", "Nothing was changed.")
	same(t, before, w.model())
}

func TestAStampThatIsBeingRemovedIsOpenedAgainOnRequestOnly(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.run("destroy", "STANDIN_FAULT=12+:before").stopped(t)
	if state := w.model().Groups[group].Tags["state"]; state != "closing" {
		t.Fatalf("state %q", state)
	}
	w.run("deploy").stopped(t, "is being removed", "make destroy", "REOPEN=1")
	w.run("upgrade").stopped(t, "is being removed")
	w.run("rotate-key").stopped(t, "is closing")
	w.done("deploy", "REOPEN=1")
	s := w.model().Groups[group]
	if s.Tags["state"] != "ready" || s.App.Settings["LETHE_INTAKE"] != "" {
		t.Errorf("left %+v", s)
	}
}

func TestAProtectedVaultIsLeftToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.path("infra/regions/westeurope.bicepparam")
	text, err := os.ReadFile(file)
	w.must(err, os.WriteFile(file, append(text, "param customerKey = true\n"...), 0o600))
	w.done("deploy")
	if r := w.done("destroy"); !strings.Contains(r.stdout, "is protected") {
		t.Errorf("it says:\n%s", r.stdout)
	}
	w.run("deploy", "SECRET_FILE="+w.path("another")).stopped(t, vault+" was deleted", "wait 7 days")
}

func TestAKeyThatIsBeingReplacedSurvivesNoOtherScript(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.run("rotate-key", "STANDIN_FAULT=13+:before").stopped(t, "goes on with the key that was begun")
	s := w.model().Groups[group]
	if s.Tags["state"] != "rotating" || s.Tags["previous-key"] == "" {
		t.Fatalf("left %+v", s)
	}
	w.run("deploy").stopped(t, "is being replaced", "make rotate-key")
	w.run("upgrade").stopped(t, "is being replaced")
	w.done("rotate-key")
	if s := w.model().Groups[group]; len(s.Secrets) != 2 || len(s.Tables.Keys) != 2 {
		t.Errorf("left %+v", s)
	}
}
