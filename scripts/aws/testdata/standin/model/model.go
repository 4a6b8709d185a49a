// Package model is the account that the stand-in keeps in a file between its calls, and that tests read and change.
package model

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

// World is an account in one region and what runs in it. The tests read and write its JSON.
type World struct {
	standin.World

	SignedIn bool
	History  bool // whether aws keeps a history of its calls
	Static   bool // whether its credentials never end
	Free     int  // concurrent executions that nobody has set aside
	Foreign  []string
	Buckets  map[string]*Bucket
	Stacks   map[string]*Stack
	Secrets  map[string]*Secret
	Surprise []Change // what an update of the stack would do besides
	Failing  bool     // whether the next operation on a stack goes back by itself
}

// Bucket is a bucket with what is in it.
type Bucket struct {
	Closed  bool // to the public
	Policy  bool
	Objects map[string]Object
	Uploads map[string]string // keys of unfinished uploads, by id
}

// Object is an object; of a package or template it is known what the stand-in needs.
type Object struct {
	SHA256   string // in hex
	Program  string // version of the program in a package
	Text     string // of the scripts' memory
	Template *Template
}

// Template is what of a template the stand-in acts by.
type Template struct {
	Parameters map[string]*string // with their defaults
	Resources  map[string]string  // types by logical name
}

// Stack is a stack, with the stamp that it makes.
type Stack struct {
	Status     string
	Next       string // status once the operation has ended
	Ends       int    // when that is
	Tags       map[string]string
	Parameters map[string]string
	Template   *Template
	ChangeSets map[string]*ChangeSet
	Pending    *ChangeSet // what is being executed
	App        App
	Keeping    bool // something switched versioning on
	Tables     standin.Service
}

// ChangeSet is a change set.
type ChangeSet struct {
	Parameters map[string]string
	Template   *Template
	Reason     string // why there is nothing to execute
}

// App is the program in its functions.
type App struct {
	standin.Process
	Stopped []string // functions that nothing may invoke
}

// Secret is the secret of a signing key.
type Secret struct {
	Versions  []Version
	Scheduled bool // for its end, while it holds its name
}

// Version is a value of a secret.
type Version struct {
	ID, Value string
	Stages    []string
}

// Change is a change of a resource as a change set tells it.
type Change struct {
	Action, Replacement, LogicalResourceId, ResourceType, PhysicalResourceId string //nolint:revive // as AWS spells it
}

// Labelled returns the value that has a label.
func (s *Secret) Labelled(stage string) string {
	for _, v := range s.Versions {
		if slices.Contains(v.Stages, stage) {
			return v.Value
		}
	}
	return ""
}

// Pass lets time go by: operations on stacks end, and a sweep runs every five minutes where a program runs.
func (w *World) Pass(seconds int) {
	w.Seconds += seconds
	for name, s := range w.Stacks {
		if strings.HasSuffix(s.Status, "_IN_PROGRESS") && s.Next != "" && w.Seconds >= s.Ends {
			w.end(name, s)
		}
		if s.App.Runs(w.Seconds) && len(s.App.Stopped) == 0 && s.App.Program != "never-loads" {
			s.Tables.Live(w.Seconds, &s.App.Process)
			if b := w.Buckets[documents(name)]; b != nil && s.App.Closing() {
				clear(b.Uploads) // the full pass
			}
		}
	}
}

// Names of what a stack makes.
func documents(stack string) string { return stack + "-000000000001" }
func trail(stack string) string     { return stack + "-trail-000000000001" }
func secretOf(stack string) string  { return stack + "-signing-key" }

// end ends an operation on a stack.
func (w *World) end(name string, s *Stack) {
	s.Status, s.Next = s.Next, ""
	change := s.Pending
	s.Pending = nil
	switch s.Status {
	case "CREATE_COMPLETE":
		if secret := w.Secrets[secretOf(name)]; secret != nil && secret.Scheduled {
			s.Status = "ROLLBACK_COMPLETE"
			return
		}
		for _, bucket := range []string{documents(name), trail(name)} {
			w.Buckets[bucket] = &Bucket{Closed: true, Policy: true, Objects: map[string]Object{"ledger/checkpoint": {}}, Uploads: map[string]string{"1": "uploads/late"}}
		}
		w.Secrets[secretOf(name)] = &Secret{}
		s.Tables = standin.NewService()
		w.configure(name, s, change)
	case "ROLLBACK_COMPLETE":
		// Tables that are protected stay, and nothing but an update, for which it is too late, takes the protection away.
		if s.Parameters = change.Parameters; s.Parameters["Protection"] == "true" {
			s.Status = "ROLLBACK_FAILED"
		}
	case "UPDATE_COMPLETE":
		w.configure(name, s, change)
	case "DELETED":
		w.remove(name, s)
	}
}

// remove removes a stack unless something holds it.
func (w *World) remove(name string, s *Stack) {
	s.App = App{}
	if s.Parameters["Protection"] == "true" {
		s.Status = "DELETE_FAILED"
		return
	}
	for _, bucket := range []string{documents(name), trail(name)} {
		b := w.Buckets[bucket]
		if b != nil && len(b.Objects)+len(b.Uploads) > 0 {
			s.Status = "DELETE_FAILED"
			b.Policy = false
			continue
		}
		delete(w.Buckets, bucket)
	}
	if secret := w.Secrets[secretOf(name)]; secret != nil {
		secret.Scheduled = true
	}
	if s.Status == "DELETED" {
		delete(w.Stacks, name)
	}
}

// configure gives the functions their package and settings. They start anew where either differs, and read their keys then.
func (w *World) configure(name string, s *Stack, change *ChangeSet) {
	old := s.Parameters
	s.Parameters, s.Template = change.Parameters, change.Template
	settings := map[string]string{}
	for parameter, setting := range map[string]string{"BootstrapApp": "LETHE_BOOTSTRAP_APP", "BootstrapHash": "LETHE_BOOTSTRAP_HASH", "Intake": "LETHE_INTAKE"} {
		if value := s.Parameters[parameter]; value != "" {
			settings[setting] = value
		}
	}
	if s.Parameters["Closing"] == "true" {
		settings["LETHE_INTAKE"], settings["LETHE_RETAIN_PROCESSED"] = "closed", "2m"
	}
	s.Tables.Register(settings["LETHE_BOOTSTRAP_APP"], settings["LETHE_BOOTSTRAP_HASH"])
	for _, parameter := range []string{"CodeKey", "Started", "Closing", "BootstrapApp", "Intake"} {
		if old == nil || old[parameter] != s.Parameters[parameter] {
			key := w.Secrets[secretOf(name)]
			s.App.Process = standin.Process{
				Settings: settings, Program: w.Buckets[s.Parameters["CodeBucket"]].Objects[s.Parameters["CodeKey"]].Program,
				Loads: w.Seconds + 5, Key: key.Labelled("AWSCURRENT"), Previous: key.Labelled("AWSPREVIOUS"),
			}
			return
		}
	}
}
