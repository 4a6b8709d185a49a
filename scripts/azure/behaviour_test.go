package azure_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/azure/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

func TestTheFirstSecretIsShownOnceAndOnlyItsHashIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.Env, "SECRET_FILE")
	// It stops after the secret has been shown and deployed.
	r := w.Run("deploy", "STANDIN_FAULT=26+:before")
	r.Stopped(t)
	secret := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.Stdout+r.Stderr, -1)
	if len(secret) != 1 {
		t.Fatalf("shown: %q in\n%s", secret, r.Stdout)
	}
	w.Run("deploy").Stopped(t, "LETHE_SECRET is missing", "NEW_ADMIN=1", "Nothing was changed.")
	if r := w.Done("deploy", "LETHE_SECRET="+secret[0]); strings.Contains(r.Stdout, secret[0]) {
		t.Error("it is shown again")
	}
	if text := w.Everything(); strings.Contains(text, secret[0]) {
		t.Error("the secret itself is in Azure, or in an argument")
	}

	// Who has lost it makes another first application.
	r = w.Done("deploy", "NEW_ADMIN=1")
	another := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.Stdout, -1)
	if len(another) != 1 || another[0] == secret[0] || len(w.model().Groups[group].Tables.Applications) != 2 {
		t.Errorf("shown: %q", another)
	}
}

func TestTheSigningKeyIsNeverPrintedAndNeverAnArgument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var said strings.Builder
	for _, script := range []string{"deploy", "rotate-key", "destroy"} {
		r := w.Done(script)
		said.WriteString(r.Stdout + r.Stderr)
		if m := w.model().Groups[group]; script == "rotate-key" && (len(m.Secrets) != 2 || !strings.Contains(m.Secrets[0], "PRIVATE+KEY")) {
			t.Fatalf("the vault holds %q", m.Secrets)
		}
	}
	log, err := os.ReadFile(w.Path("world.json.log"))
	w.Must(err)
	for _, secret := range []string{"PRIVATE+KEY", "canary-system-key"} {
		if strings.Contains(said.String(), secret) || strings.Contains(string(log), secret) {
			t.Errorf("%s was printed or is an argument", secret)
		}
	}
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
			r := w.Run("upgrade")
			r.Stopped(t, "Version "+name+" did not pass", "The previous package, v1, serves again", want)
			s := w.model().Groups[group]
			if s.App.Package != before.App.Package || s.Tags["package"] != before.Tags["package"] || s.Tags["state"] != "ready" {
				t.Errorf("left %+v", s)
			}
			w.pack("v3", "dist/lethe.zip")
			w.Done("upgrade")
		})
	}
}

func TestAnUpgradeBeginsOnlyWithAWayBack(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.Must(os.RemoveAll(w.Path("home")))
	w.Run("upgrade").Stopped(t, "PREVIOUS is ", "PREVIOUS=none", "Nothing was changed.")
	w.pack("v0", "other.zip")
	w.Run("upgrade", "PREVIOUS="+w.Path("other.zip")).Stopped(t, "not the package that runs now", "Nothing was changed.")
	w.pack("v1", "same.zip")
	w.Done("upgrade", "PREVIOUS="+w.Path("same.zip"))
}

func TestAnUpgradeWithoutWayBackStaysMarkedAsUnfinished(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.pack("reads-nothing", "dist/lethe.zip")
	w.Run("upgrade", "PREVIOUS=none").Stopped(t, "there is no way back")
	if state := w.model().Groups[group].Tags["state"]; state != "upgrading" {
		t.Errorf("state %q", state)
	}
	w.Run("deploy").Stopped(t, "an upgrade of this stamp has not ended", "make upgrade")
	w.pack("v3", "dist/lethe.zip")
	w.Done("upgrade", "PREVIOUS=none")
}

func TestDeployRefusesAnotherPackageOnAFinishedStamp(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.Run("deploy").Stopped(t, "runs another package", "make upgrade REGION=westeurope", "Nothing was changed.")
}

func TestNothingIsTakenInWhileTheAccountKeepsWhatIsErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Run("deploy", "STANDIN_FAULT=26+:before").Stopped(t)
	w.change(func(azure *model.World) { azure.Groups[group].Keeping = true })
	w.Run("deploy").Stopped(t, "The documents account is misconfigured", "often a policy")
	if s := w.model().Groups[group]; s.App.Package != "" || s.Events || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
	w.change(func(azure *model.World) { azure.Groups[group].Keeping = false })
	w.Done("deploy")
}

func TestNothingIsTakenInWhereWorkersCannotBeConfined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pack("confines-nothing", "dist/lethe.zip")
	w.Run("deploy").Stopped(t, "not closed are network", "worker processes cannot be confined there")
	if s := w.model().Groups[group]; s.Events || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
}

func TestAClosedStampIsFinishedFromInsideItsNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.Path("infra/regions/westeurope.bicepparam")
	text, err := os.ReadFile(file)
	w.Must(err, os.WriteFile(file, append(text, "param privateNetwork = true\n"...), 0o600))

	w.Run("deploy").Stopped(t, "The network vnet-lethe-prod-westeurope is made", "need a machine inside it")
	if s := w.model().Groups[group]; s.App.Package != "" || s.Tags["state"] != "deploying" {
		t.Errorf("left %+v", s)
	}
	for _, script := range []string{"deploy", "destroy"} {
		before := w.model()
		r := w.Run(script)
		if script == "deploy" {
			r.Stopped(t, "privateNetwork is true", "inside the network vnet-lethe-prod-westeurope", "Nothing was changed.")
			same(t, before, w.model())
		} else if r.Code != 0 { // nothing was ever taken in
			t.Errorf("destroy: %s", r.Stderr)
		}
	}

	w.change(func(azure *model.World) { azure.Inside = true })
	w.Done("deploy", "SECRET_FILE="+w.Path("another"))
	w.pack("v2", "dist/lethe.zip")
	w.Env["SECRET_FILE"] = w.Path("another")
	w.change(func(azure *model.World) { azure.Inside = false })
	for _, script := range []string{"upgrade", "rotate-key", "destroy"} {
		w.Run(script).Stopped(t, "privateNetwork is true", "Nothing was changed.")
	}
	w.change(func(azure *model.World) { azure.Inside = true })
	w.Done("upgrade")
	w.Done("rotate-key")
	w.Done("destroy")
}

func TestAStampThatDoesNotAnswerIsNotRemovedUnasked(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(azure *model.World) { azure.Groups[group].App.Program = "never-loads" })
	w.Run("destroy").Stopped(t, "does not answer", "LOSE_LEDGER=1", "Nothing was changed.")

	w.change(func(azure *model.World) { azure.Groups[group].Tables.Saved = true }) // so that losing it is no violation
	r := w.Done("destroy", "LOSE_LEDGER=1")
	if !strings.Contains(r.Stdout, "can be restored by the owner of the subscription for 14 days") || len(w.model().Groups) != 0 {
		t.Errorf("it says:\n%s", r.Stdout)
	}
}

func TestDocumentsOnTheirWayAreErasedBeforeTheGroupIsRemoved(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(azure *model.World) {
		tables := &azure.Groups[group].Tables
		tables.Tasks["client"], tables.Saved = &standin.Document{Made: 1, State: "InProgress"}, false
	})
	w.Done("destroy")
	w.model() // the stand-in notes a group that is removed with documents in it
	if _, err := os.Stat(w.Path("home/.local/state/lethe/" + group + "/receipts/client")); err != nil {
		t.Error(err)
	}
}

func TestDestroyAsksForTheNameOfTheGroup(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	before := w.model()
	w.Run("destroy", "YES=").Stopped(t, "Not confirmed.", "Nothing was changed.")
	same(t, before, w.model())
}

func TestAStampThatIsBeingRemovedIsOpenedAgainOnRequestOnly(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.Run("destroy", "STANDIN_FAULT=12+:before").Stopped(t)
	if state := w.model().Groups[group].Tags["state"]; state != "closing" {
		t.Fatalf("state %q", state)
	}
	w.Run("deploy").Stopped(t, "is being removed", "make destroy", "REOPEN=1")
	w.Run("upgrade").Stopped(t, "is being removed")
	w.Run("rotate-key").Stopped(t, "is closing")
	w.Done("deploy", "REOPEN=1")
	s := w.model().Groups[group]
	if s.Tags["state"] != "ready" || s.App.Settings["LETHE_INTAKE"] != "" {
		t.Errorf("left %+v", s)
	}
}

func TestAProtectedVaultIsLeftToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := w.Path("infra/regions/westeurope.bicepparam")
	text, err := os.ReadFile(file)
	w.Must(err, os.WriteFile(file, append(text, "param customerKey = true\n"...), 0o600))
	w.Done("deploy")
	if r := w.Done("destroy"); !strings.Contains(r.Stdout, "is protected") {
		t.Errorf("it says:\n%s", r.Stdout)
	}
	w.Run("deploy", "SECRET_FILE="+w.Path("another")).Stopped(t, vault+" was deleted", "wait 7 days")
}

func TestAKeyThatIsBeingReplacedSurvivesNoOtherScript(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.Run("rotate-key", "STANDIN_FAULT=13+:before").Stopped(t, "goes on with the key that was begun")
	s := w.model().Groups[group]
	if s.Tags["state"] != "rotating" || s.Tags["previous-key"] == "" {
		t.Fatalf("left %+v", s)
	}
	w.Run("deploy").Stopped(t, "is being replaced", "make rotate-key")
	w.Run("upgrade").Stopped(t, "is being replaced")
	w.Done("rotate-key")
	if s := w.model().Groups[group]; len(s.Secrets) != 2 || len(s.Tables.Keys) != 2 {
		t.Errorf("left %+v", s)
	}
}
