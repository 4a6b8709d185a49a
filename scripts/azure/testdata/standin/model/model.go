// Package model is the subscription that the stand-in keeps in a file between its calls, and that tests read and change.
package model

import "github.com/lethe-ocr/lethe/scripts/stamp/standin"

// World is a subscription and what runs in it. The tests read and write its JSON.
type World struct {
	standin.World

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
	Tables    standin.Service
}

// Resource is what the scripts see of a resource.
type Resource struct {
	Type   string
	Commit string
}

// App is the function app.
type App struct {
	standin.Process
	Name      string
	Package   string // SHA-256 of what was uploaded
	Functions []string
}

// Pass lets time go by: a sweep runs every five minutes where a program runs.
func (w *World) Pass(seconds int) {
	w.Seconds += seconds
	for _, g := range w.Groups {
		if g.App.Runs(w.Seconds) {
			g.Tables.Live(w.Seconds, &g.App.Process)
		}
	}
}

// Runs reports whether the host has loaded a package.
func (a *App) Runs(now int) bool { return a != nil && a.Process.Runs(now) }
