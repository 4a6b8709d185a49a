package main

import (
	"encoding/json"
	"os"
	"time"
)

// world is a subscription and what runs in it. The tests read and write its JSON.
type world struct {
	Calls      int
	Seconds    int // since it began
	Violations []string

	SignedIn      bool
	Answers       map[string]any // by command, or by address in Resource Manager: see answers.json
	Taken         []string       // names of others
	Inside        bool           // whether the caller is in the private network
	Groups        map[string]*group
	DeletedVaults map[string]bool // by name, whether protected

	half bool
}

// group is a resource group: a stamp or a part of one.
type group struct {
	Location  string
	Tags      map[string]string
	Resources map[string]resource // by name
	App       *app
	Secrets   []string // versions of the signing key
	Private   bool
	Protected bool
	Events    bool
	Keeping   bool // something switched soft delete on
	Tables    serviceState
}

type resource struct {
	Type   string
	Commit string
}

// app is the function app.
type app struct {
	Name             string
	Settings         map[string]string
	Package, Program string // SHA-256 and version of what was uploaded
	Functions        []string
	Loads            int    // when the host has loaded the functions
	Key, Previous    string // signing keys as the platform resolved them
}

// serviceState is what the program keeps in storage.
type serviceState struct {
	Applications map[string]string // hash by id
	Tasks        map[string]*document
	Keys         []string // public keys in the ledger
	LastSweep    int
	Saved        bool // the ledger was saved with every receipt in it
}

type document struct {
	Made, Erased int
	State        string
}

func load(path string) *world {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	w := &world{}
	if err := json.Unmarshal(content, w); err != nil {
		panic(err)
	}
	return w
}

func (w *world) save(path string) {
	content, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
}

func (w *world) violate(what string) exit {
	w.Violations = append(w.Violations, what)
	return exit{2, "ERROR: the stand-in refuses this: " + what}
}

// time is when something was, as an interface tells it.
func (w *world) time(seconds int) string {
	return time.Date(2026, 3, 1, 0, 0, seconds, 0, time.UTC).Format(time.RFC3339Nano)
}

// pass lets time go by: a sweep runs every five minutes where a program runs.
func (w *world) pass(seconds int) {
	w.Seconds += seconds
	for _, g := range w.Groups {
		g.live(w.Seconds)
	}
}

// live is what the timer does.
func (g *group) live(now int) {
	const sweeps = 300
	s := &g.Tables
	if !g.App.runs(now) || now-s.LastSweep < sweeps {
		return
	}
	s.LastSweep = now
	g.App.sequence(s)
	life := 23 * 3600
	if g.App.Settings["LETHE_RETAIN_PROCESSED"] == "2m" {
		life = 60
	}
	for _, d := range s.Tasks {
		if d.Erased == 0 && now-d.Made >= life {
			d.State, d.Erased = "Deleted", now
		}
	}
}

func (a *app) runs(now int) bool { return a != nil && a.Package != "" && now >= a.Loads }

// sequence brings the signing key into the ledger if the one before it vouches.
func (a *app) sequence(s *serviceState) {
	public := publicHalf(a.Key)
	switch {
	case a.Key == "" || len(s.Keys) > 0 && s.Keys[len(s.Keys)-1] == public:
	case len(s.Keys) == 0 || s.Keys[len(s.Keys)-1] == publicHalf(a.Previous):
		s.Keys = append(s.Keys, public)
	}
}
