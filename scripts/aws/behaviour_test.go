package aws_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/scripttest"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// trials are the scripts, each with where it begins.
var trials = map[string]func(*testing.T) *world{"deploy": newWorld, "upgrade": upgradable, "rotate-key": deployed, "destroy": deployed}

// at is the fault of the first call whose words are these, in a script that does its work otherwise.
func at(t *testing.T, script, mode string, words ...string) string {
	t.Helper()
	trial := trials[script](t)
	trial.Done(script)
	for _, c := range trial.Calls() {
		if line := c.Name + " " + strings.Join(c.Args, " "); !missing(line, words) {
			return scripttest.Failure{Call: c, Mode: mode}.Fault()
		}
	}
	t.Fatalf("%s calls nothing with %q", script, words)
	return ""
}

func missing(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(line, word) {
			return true
		}
	}
	return false
}

// from makes a fault one of all calls that follow, too.
func from(fault string) string { return strings.Replace(fault, ":", "+:", 1) }

func state(w *world) string { return remembered(w.model().Buckets[codeName])["state"] }

func TestTheFirstSecretIsShownOnceAndOnlyItsHashIsDeployed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fault := from(at(t, "deploy", "before", "put-secret-value")) // after it has been shown and deployed
	delete(w.Env, "SECRET_FILE")
	r := w.Run("deploy", fault)
	r.Stopped(t)
	shown := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.Stdout+r.Stderr, -1)
	if len(shown) != 1 {
		t.Fatalf("shown: %q in\n%s", shown, r.Stdout)
	}
	w.Run("deploy").Stopped(t, "LETHE_SECRET is missing", "NEW_ADMIN=1", "Nothing was changed.")
	if r := w.Done("deploy", "LETHE_SECRET="+shown[0]); strings.Contains(r.Stdout, shown[0]) {
		t.Error("it is shown again")
	}
	if strings.Contains(w.Everything(), shown[0]) {
		t.Error("the secret itself is in AWS, or in an argument")
	}

	// Who has lost it makes another first application.
	r = w.Done("deploy", "NEW_ADMIN=1")
	if another := regexp.MustCompile(`lethe_[\w-]{43}`).FindAllString(r.Stdout, -1); len(another) != 1 || another[0] == shown[0] || len(w.stack().Tables.Applications) != 2 {
		t.Errorf("shown: %q", another)
	}
}

// TestTheSigningKeyIsNeverPrintedNoArgumentAndInNoFile: a stand-in in place of every program notes a key among its arguments; a folder
// for temporary files that is looked into at each call would show one on disk.
func TestTheSigningKeyIsNeverPrintedNoArgumentAndInNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var said strings.Builder
	for _, script := range []string{"deploy", "rotate-key", "destroy"} {
		r := w.Done(script)
		said.WriteString(r.Stdout + r.Stderr)
		if m := w.model(); script == "rotate-key" && !strings.HasPrefix(m.Secrets[secret].Labelled("AWSCURRENT"), "PRIVATE+KEY") {
			t.Fatalf("the secret holds %+v", m.Secrets[secret])
		}
	}
	log, err := os.ReadFile(w.Path("world.json.log"))
	w.Must(err)
	for _, word := range []string{"PRIVATE+KEY", "canary-credential"} {
		if strings.Contains(said.String(), word) || strings.Contains(string(log), word) {
			t.Errorf("%s was printed or is an argument", word)
		}
	}
}

func TestAPackageThatDoesNotPassGivesWayToTheOneBefore(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"reads-nothing":    "the task is ProcessingFailed",
		"never-loads":      "does not answer",
		"confines-nothing": "not closed are network",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := deployed(t)
			before := w.stack()
			w.pack(name, packaged)
			w.Run("upgrade").Stopped(t, "Version "+name+" did not pass", "The previous package, v1, serves again", want)
			if s := w.stack(); s.Parameters["CodeKey"] != before.Parameters["CodeKey"] || s.App.Program != "v1" || state(w) != "ready" {
				t.Errorf("left %+v", s)
			}
			w.pack("v3", packaged)
			w.Done("upgrade")
		})
	}
}

func TestAnUpgradeThatCloudFormationTakesBackIsTold(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.change(func(a *model.World) { a.Failing = true })
	w.Run("upgrade").Stopped(t, "no room for more executions", "UPDATE_ROLLBACK_COMPLETE", "The previous package, v1, serves again")
	if s := w.stack(); s.App.Program != "v1" || state(w) != "ready" {
		t.Errorf("left %+v", s)
	}
	w.Done("upgrade")
}

func TestACreationThatFailsIsClearedAndMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(a *model.World) { a.Failing = true })
	w.Run("deploy").Stopped(t, "ROLLBACK_COMPLETE", "no room for more executions")
	w.Done("deploy")
	if len(w.stack().Tables.Applications) != 1 {
		t.Errorf("applications %v", w.stack().Tables.Applications)
	}
}

func TestAnUpgradeBeginsOnlyWithAWayBack(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.change(func(a *model.World) { delete(a.Buckets[codeName].Objects, w.stack().Parameters["CodeKey"]) })
	w.Run("upgrade").Stopped(t, "does not hold the package that runs now", "PREVIOUS=none", "Nothing was changed.")
	w.pack("reads-nothing", packaged)
	w.Run("upgrade", "PREVIOUS=none").Stopped(t, "there is no way back")
	if state(w) != "upgrading" {
		t.Errorf("state %q", state(w))
	}
	w.Run("deploy").Stopped(t, "an upgrade of this stamp has not ended", "make upgrade")
	w.pack("v3", packaged)
	w.Done("upgrade", "PREVIOUS=none")
}

func TestDeployRefusesAnotherPackageOnAFinishedStamp(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.Run("deploy").Stopped(t, "runs another package", "make upgrade CLOUD=aws REGION=eu-central-1", "Nothing was changed.")
}

func TestNothingIsTakenInWhereTheStampIsNotAsItShouldBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Run("deploy", from(at(t, "deploy", "before", "put-secret-value"))).Stopped(t)
	w.change(func(a *model.World) { a.Stacks[stackName].Keeping = true })
	w.Run("deploy").Stopped(t, "The stamp is misconfigured", "undo what changed it")
	if state(w) != "deploying" {
		t.Errorf("state %q", state(w))
	}
	w.change(func(a *model.World) { a.Stacks[stackName].Keeping = false })
	w.Done("deploy")

	w = newWorld(t)
	w.pack("confines-nothing", packaged)
	w.Run("deploy").Stopped(t, "not closed are network", "worker processes cannot be confined there")
}

func TestAStampThatDoesNotAnswerIsNotRemovedUnasked(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(a *model.World) { a.Stacks[stackName].App.Program = "never-loads" })
	w.Run("destroy").Stopped(t, "does not answer", "LOSE_LEDGER=1", "Nothing was changed.")
	// Nor is one that somebody made by other means, of which the scripts remember nothing: its bucket holds a ledger.
	memory := w.model().Buckets[codeName].Objects["stamp.json"]
	w.change(func(a *model.World) {
		delete(a.Buckets[codeName].Objects, "stamp.json")
		a.Buckets[bucket].Objects["ledger/checkpoint"] = model.Object{}
	})
	w.Run("destroy").Stopped(t, "does not answer", "LOSE_LEDGER=1", "Nothing was changed.")
	w.change(func(a *model.World) { a.Buckets[codeName].Objects["stamp.json"] = memory })
	w.change(func(a *model.World) { a.Stacks[stackName].Tables.Saved = true }) // so that losing it is no violation
	// Unfinished uploads are still there: only the program or the end of the bucket's policy lets anybody abort them.
	if r := w.Done("destroy", "LOSE_LEDGER=1"); !strings.Contains(r.Stdout, "The ledger is lost with it") || len(w.model().Buckets) != 0 {
		t.Errorf("it says:\n%s", r.Stdout)
	}
}

func TestDocumentsOnTheirWayAreErasedBeforeTheStackIsRemoved(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(a *model.World) {
		tables := &a.Stacks[stackName].Tables
		tables.Tasks["client"], tables.Saved = &standin.Document{Made: 1, State: "InProgress"}, false
	})
	w.Done("destroy")
	w.model() // the stand-in notes a stack that is removed with documents in it
	if _, err := os.Stat(w.Path("home/.local/state/lethe/" + stackName + "/receipts/client")); err != nil {
		t.Error(err)
	}
}

func TestWhatTheBucketStillHoldsStopsTheRemoval(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.change(func(a *model.World) { a.Buckets[bucket].Objects["work/orphan"] = model.Object{} })
	w.Run("destroy").Stopped(t, "still holds something below work/")
	if m := w.model(); m.Stacks[stackName] == nil || state(w) != "closing" {
		t.Errorf("left %+v", m)
	}
	w.change(func(a *model.World) { delete(a.Buckets[bucket].Objects, "work/orphan") })
	w.Done("destroy")
}

func TestDestroyAsksForTheNameOfTheStack(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	before := w.model()
	w.Run("destroy", "YES=").Stopped(t, "Not confirmed.", "Nothing was changed.")
	same(t, before, w.model())
}

func TestAStampThatIsBeingRemovedIsOpenedAgainOnRequestOnly(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.Run("destroy", from(at(t, "destroy", "before", "lethe-standin", "ledger save"))).Stopped(t)
	if state(w) != "closing" || w.stack().App.Settings["LETHE_INTAKE"] != "closed" {
		t.Fatalf("state %q", state(w))
	}
	w.Run("deploy").Stopped(t, "is being removed", "make destroy", "REOPEN=1")
	w.Run("upgrade").Stopped(t, "is being removed")
	w.Run("rotate-key").Stopped(t, "is being removed")
	w.Done("deploy", "REOPEN=1")
	if s := w.stack(); state(w) != "ready" || s.App.Closing() || s.App.Settings["LETHE_INTAKE"] != "open" || s.Parameters["Protection"] != "true" {
		t.Errorf("left %+v", s)
	}
}

func TestAKeyThatIsBeingReplacedSurvivesNoOtherScript(t *testing.T) {
	t.Parallel()
	w := deployed(t)
	w.Run("rotate-key", from(at(t, "rotate-key", "before", "create-change-set"))).Stopped(t, "goes on with the key that was begun")
	if state(w) != "rotating" {
		t.Fatalf("state %q", state(w))
	}
	w.Run("deploy").Stopped(t, "is being replaced", "make rotate-key")
	w.Run("upgrade").Stopped(t, "is being replaced")
	w.Done("rotate-key")
	if m := w.model(); len(m.Secrets[secret].Versions) != 2 || len(w.stack().Tables.Keys) != 2 {
		t.Errorf("left %+v", m.Secrets[secret])
	}
}

func TestAnOperationThatIsUnderWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := upgradable(t)
	w.Run("upgrade", at(t, "upgrade", "kill", "execute-change-set"))
	if s := w.stack(); s.Status != "UPDATE_IN_PROGRESS" {
		t.Fatalf("status %s", s.Status)
	}
	if r := w.Done("upgrade"); !strings.Contains(r.Stdout, "waiting until the operation on "+stackName+" that is under way has ended") {
		t.Errorf("it says:\n%s", r.Stdout)
	}
	w.change(func(a *model.World) { a.Stacks[stackName].Status = "UPDATE_ROLLBACK_FAILED" })
	w.pack("v3", packaged)
	w.Done("upgrade")
}
