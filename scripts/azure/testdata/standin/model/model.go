// Package model is the subscription that the stand-in keeps in a file between its calls, and that tests read and change.
package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"time"
)

// World is a subscription and what runs in it. The tests read and write its JSON.
type World struct {
	Calls      int
	Seconds    int // since it began
	Violations []string

	SignedIn      bool
	Answers       map[string]any // by command, or by address in Resource Manager: see answers.json
	Taken         []string       // names of others
	Inside        bool           // whether the caller is in the private network
	Groups        map[string]*Group
	DeletedVaults map[string]bool // by name, whether protected
}

// Group is a resource group: a stamp or a part of one.
type Group struct {
	Location  string
	Tags      map[string]string
	Resources map[string]Resource // by name
	App       *App
	Secrets   []string // versions of the signing key
	Private   bool
	Protected bool
	Events    bool
	Keeping   bool // something switched soft delete on
	Tables    Service
}

// Resource is what the scripts see of a resource.
type Resource struct {
	Type   string
	Commit string
}

// App is the function app.
type App struct {
	Name             string
	Settings         map[string]string
	Package, Program string // SHA-256 and version of what was uploaded
	Functions        []string
	Loads            int    // when the host has loaded the functions
	Key, Previous    string // signing keys as the platform resolved them
}

// Service is what the program keeps in storage.
type Service struct {
	Applications map[string]string // hash by id
	Tasks        map[string]*Document
	Keys         []string // public keys in the ledger
	LastSweep    int
	Sealed       string // signing key that a waiting document's password depends on, if one waits
	Saved        bool   // the ledger was saved with every receipt in it
}

// Document is a task with its document; times are seconds of the world.
type Document struct {
	Made, Erased int
	State        string
}

// Load reads the model from a file.
func Load(path string) *World {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	w := &World{}
	if err := json.Unmarshal(content, w); err != nil {
		panic(err)
	}
	return w
}

// Save writes the model to a file.
func (w *World) Save(path string) {
	content, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		panic(err)
	}
}

// Time is when something was, as an interface tells it.
func (w *World) Time(seconds int) string {
	return time.Date(2026, 3, 1, 0, 0, seconds, 0, time.UTC).Format(time.RFC3339Nano)
}

// Pass lets time go by: a sweep runs every five minutes where a program runs.
func (w *World) Pass(seconds int) {
	w.Seconds += seconds
	for _, g := range w.Groups {
		g.live(w.Seconds)
	}
}

// live is what the timer does.
func (g *Group) live(now int) {
	const sweeps = 300
	s := &g.Tables
	if !g.App.Runs(now) || now-s.LastSweep < sweeps {
		return
	}
	s.LastSweep = now
	g.App.Sequence(s)
	if s.Sealed != "" && s.Sealed == g.App.Previous {
		s.Sealed = g.App.Key
	}
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

// Runs reports whether the host has loaded a package.
func (a *App) Runs(now int) bool { return a != nil && a.Package != "" && now >= a.Loads }

// Sequence brings the signing key into the ledger if the one before it cross-signs it.
func (a *App) Sequence(s *Service) {
	public := PublicHalf(a.Key)
	switch {
	case a.Key == "" || len(s.Keys) > 0 && s.Keys[len(s.Keys)-1] == public:
	case len(s.Keys) == 0 || s.Keys[len(s.Keys)-1] == PublicHalf(a.Previous):
		s.Keys = append(s.Keys, public)
	}
}

// PublicHalf is the public key of a signing key.
func PublicHalf(private string) string { return strings.Replace(private, "PRIVATE+KEY+", "", 1) }

// Admits reports whether an application has this secret.
func (g *Group) Admits(application, secret string) bool {
	hash := sha256.Sum256([]byte(secret))
	return application != "" && g.Tables.Applications[application] == hex.EncodeToString(hash[:])
}
