// Package storagetest has the conformance suite that every storage driver passes, and a decorator that makes a store fail.
package storagetest

import (
	"net/http"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Stores is one empty store under test.
type Stores struct {
	Blobs   storage.Blobs
	Records storage.Records
	Agenda  storage.Agenda
	// Stage leaves an unfinished upload under a name; nil where the driver cannot have one.
	Stage func(t *testing.T, name string)

	Links     storage.Linker // nil where the driver signs none
	Client    *http.Client   // that reaches what links point to; nil for the default one
	BindsSize bool           // an upload link with a size is refused any other length by the store itself
}

// Run checks every rule of the ports. open returns an empty store each time.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	for _, group := range []struct {
		name  string
		rules map[string]func(*testing.T, Stores)
	}{
		{"Blobs", blobRules()},
		{"Ranges", rangeRules()},
		{"Opened", openedRules()},
		{"Links", linkRules()},
		{"Records", recordRules()},
		{"Create", createRules()},
		{"Agenda", agendaRules()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for name, rule := range group.rules {
				t.Run(name, func(t *testing.T) { rule(t, open(t)) })
			}
		})
	}
}

// base is a whole second; due times keep no more.
var base = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
