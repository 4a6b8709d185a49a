// Package access says who may do what: applications with their secrets, scopes and caps, tokens of an identity provider
// with their roles, and the check of credentials. Object-level access follows from the keys of records: every record is
// stored under its owner, an application or a person inside one, and the owner comes from verified credentials only.
package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Scope is a right that a credential carries.
type Scope string

// The scopes. Only the first three reach tasks, and only those of the application itself.
const (
	Submit   Scope = "submit"   // create tasks and send documents
	Read     Scope = "read"     // see own tasks and fetch results
	Delete   Scope = "delete"   // erase own tasks
	Admin    Scope = "admin"    // manage applications; no right to any document
	Operator Scope = "operator" // run the stamp: numbers, sweeps, checks and codes, never content
	Auditor  Scope = "auditor"  // read the ledger, receipts and the access log
	Reviewer Scope = "reviewer" // open and approve cases of exceptional review
)

// Scopes lists every scope.
func Scopes() []Scope { return append(ApplicationScopes(), roles()...) }

// ApplicationScopes lists what a program needs that owns tasks, or manages applications.
func ApplicationScopes() []Scope { return []Scope{Submit, Read, Delete, Admin} }

// roles lists the scopes of people who watch over the service.
func roles() []Scope { return []Scope{Operator, Auditor, Reviewer} }

// Roles returns those of scopes that a secret gives only where no token is required for them.
func Roles(scopes []Scope) []Scope {
	return slices.DeleteFunc(slices.Clone(scopes), func(s Scope) bool { return !slices.Contains(roles(), s) })
}

// Application is a client of the service and owns tasks.
type Application struct {
	ID     string  `json:"id"` // a UUID in lower case; part of record keys and blob names
	Name   string  `json:"name"`
	Scopes []Scope `json:"scopes"`
	Client string  `json:"client,omitempty"` // whose tokens act as this application, by the identity provider's name for it
	// Alias is the id or name that the client has at ABBYY, empty for none: a user name beside ID, compared exactly.
	Alias     string        `json:"abbyy_id,omitempty"`
	Reprocess bool          `json:"abbyy_reprocess,omitempty"` // uploads are kept after processing, to be processed again
	Info      bool          `json:"abbyy_info,omitempty"`      // getApplicationInfo tells it
	Caps      task.Caps     `json:"caps"`
	Ceilings  task.Ceilings `json:"ceilings,omitzero"`
	Secrets   []Secret      `json:"secrets"`
	Created   time.Time     `json:"created"`
	Revoked   time.Time     `json:"revoked,omitzero"`
}

// Secret is what is stored of a secret.
type Secret struct {
	ID      string    `json:"id"`
	Hash    []byte    `json:"hash"` // SHA-256
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero for never
}

// KeepsUploads reports whether uploads are kept after processing until their deadline, so that a task can be processed again. That is
// what clients of ABBYY are used to.
func (a *Application) KeepsUploads() bool { return a.Reprocess || a.Alias != "" }

// Expires returns when the last of its secrets ends; zero for never.
func (a *Application) Expires() time.Time {
	var last time.Time
	for _, s := range a.Secrets {
		if s.Expires.IsZero() {
			return time.Time{}
		}
		if s.Expires.After(last) {
			last = s.Expires
		}
	}
	return last
}

// May reports whether the application has a scope.
func (a *Application) May(s Scope) bool { return slices.Contains(a.Scopes, s) }

// maxName bounds an application's name in characters.
const maxName = 80

// nameForm is what a name may hold: what people read in lists, and nothing that a terminal or a log acts on.
var nameForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._-]*$`)

// clientForm is what identity providers call their clients: UUIDs, names and URIs.
var clientForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~:/@-]{0,199}$`)

// IsClient reports whether a text can be what an identity provider calls a client.
func IsClient(text string) bool { return clientForm.MatchString(text) }

// check refuses an application that cannot be, naming the field.
func (a *Application) check() error {
	if len([]rune(a.Name)) > maxName || !nameForm.MatchString(a.Name) {
		return fault.New(fault.BadField, "a name must have 1 to %d letters, digits, spaces and . _ -, and begin with a letter or digit", maxName).In("name")
	}
	if task.ApplicationOf(a.ID) != a.ID {
		return fault.New(fault.BadField, "this id is one of a person inside an application").In("id")
	}
	if len(a.Scopes) == 0 {
		return fault.New(fault.BadField, "at least one scope is needed, out of: %s", scopesInWords()).In("scopes")
	}
	for _, s := range a.Scopes {
		if !slices.Contains(Scopes(), s) {
			return fault.New(fault.BadField, "a scope is unknown; the scopes are: %s", scopesInWords()).In("scopes")
		}
	}
	if a.Client != "" && !IsClient(a.Client) {
		return fault.New(fault.BadField, "a client must be the identity provider's client id: 1 to 200 letters, digits and . _ ~ : / @ -").In("client")
	}
	if a.Alias != "" {
		if err := checkAlias(a.Alias); err != nil {
			return err
		}
		if a.Client != "" {
			return fault.New(fault.BadField, "an application with a client has no secret, which a client of ABBYY needs; give one or the other").In("abbyy_id")
		}
	}
	if a.Caps.OpenTasks < 0 || a.Caps.BytesPerDay < 0 || a.Caps.BytesStored < 0 || a.Caps.PagesPerDay < 0 {
		return fault.New(fault.BadField, "a cap must be a positive number, or 0 for none").In("caps")
	}
	return a.Ceilings.Check()
}

func scopesInWords() string {
	var names []string
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// ParseScopes reads scopes separated by commas.
func ParseScopes(names []string) ([]Scope, error) {
	var scopes []Scope
	for _, n := range names {
		if s := Scope(n); slices.Contains(Scopes(), s) {
			scopes = append(scopes, s)
			continue
		}
		return nil, fmt.Errorf("scope %q is unknown; the scopes are: %s", n, scopesInWords())
	}
	return scopes, nil
}
