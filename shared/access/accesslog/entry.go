package accesslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// Act is what somebody did. Acts are fixed: nothing that a user typed is one.
type Act string

// The acts.
const (
	ResultLink     Act = "result.link"     // a link to a result was issued
	ResultRead     Act = "result.read"     // a result was streamed
	AppCreated     Act = "app.created"     // an application and its first secret
	AppRotated     Act = "app.rotated"     // a secret was added
	AppRevoked     Act = "app.revoked"     // all secrets ended
	AppsExported   Act = "apps.exported"   // hashes of all secrets left the stamp
	AppsImported   Act = "apps.imported"   // applications of another stamp came in
	ErasureSubject Act = "erasure.subject" // everything about a subject was erased
	SweepRun       Act = "sweep.run"       // a sweep was started by hand
	ClockAccepted  Act = "clock.accepted"  // the wall clock was accepted as correct
	LedgerBegun    Act = "ledger.begun"    // a new ledger took the place of one that could not go on
	StateSaved     Act = "state.saved"     // applications, key and ledger were written to a file for a lost disk
	StateLoaded    Act = "state.loaded"    // the place was made anew from such a file
	LogRead        Act = "access-log.read" // the log of all applications was read
	CaseOpened     Act = "case.opened"     // a reviewer asked to see a document
	CaseApproved   Act = "case.approved"   // a second person agreed
	CaseRead       Act = "case.read"       // the derivative was fetched
	CaseOriginal   Act = "case.original"   // the document itself was fetched
	CaseClosed     Act = "case.closed"     // the review ended
	WebhookAdded   Act = "webhook.added"   // an address to tell of tasks, and its secret
	WebhookTested  Act = "webhook.tested"  // a challenge was sent, which makes the address one that is told
	WebhookRotated Act = "webhook.rotated" // its secret was replaced
	WebhookRemoved Act = "webhook.removed" // it is told nothing any more
)

// Acts lists every act.
func Acts() []Act {
	return []Act{
		ResultLink, ResultRead, AppCreated, AppRotated, AppRevoked, AppsExported, AppsImported, ErasureSubject, SweepRun, ClockAccepted, LedgerBegun,
		StateSaved, StateLoaded, LogRead,
		CaseOpened, CaseApproved, CaseRead, CaseOriginal, CaseClosed, WebhookAdded, WebhookTested, WebhookRotated, WebhookRemoved,
	}
}

// Stamp stands in place of an application for acts that concern none or all of them.
const Stamp = "stamp"

// Console is who acts on the machine itself, where the system's own accounts say who that is.
const Console = "console"

// MaxReason bounds a reason in characters.
const MaxReason = 500

// Entry is one privileged act. It holds ids and times, and for a case the reason that a reviewer gave.
type Entry struct {
	At          time.Time // milliseconds are kept
	Application string    // that is concerned, or Stamp
	Who         string    // opaque: the subject of a token, an application, or Console
	Scope       string    // that was used
	Act         Act
	Task        string // id; may be empty
	Case        string // id; may be empty
	Why         string // one line; may be empty
}

// Text is the entry as the ledger commits to it: a name and a value on each line, in this order, without those that are
// empty. The same entry always gives the same bytes.
func (e Entry) Text() string {
	var b strings.Builder
	for _, f := range e.fields() {
		if f.value != "" {
			fmt.Fprintf(&b, "%s %s\n", f.name, f.value)
		}
	}
	return b.String()
}

type field struct{ name, value string }

func (e Entry) fields() []field {
	return []field{
		{"at", e.At.UTC().Format(timeForm)}, {"application", e.Application}, {"who", e.Who}, {"scope", e.Scope}, {"act", string(e.Act)},
		{"task", e.Task}, {"case", e.Case}, {"why", e.Why},
	}
}

// timeForm is RFC 3339 with milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z"

// check refuses what cannot be written so that it is read back as it was. The text of the error names no value.
func (e Entry) check() error {
	for _, f := range e.fields() {
		switch {
		case f.value == "" && !slices.Contains([]string{"task", "case", "why"}, f.name):
			return fmt.Errorf("entry of the access log has no %s", f.name)
		case f.name != "why" && strings.ContainsFunc(f.value, func(r rune) bool { return r <= ' ' || r > '~' }), !Printable(f.value):
			return fmt.Errorf("entry of the access log: %s holds what cannot be written", f.name)
		}
	}
	switch {
	case !slices.Contains(Acts(), e.Act):
		return errors.New("entry of the access log: the act is unknown")
	case utf8.RuneCountInString(e.Why) > MaxReason:
		return fmt.Errorf("entry of the access log: the reason has more than %d characters", MaxReason)
	}
	return nil
}

// Printable reports whether a text is one line that a terminal shows as it is.
func Printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// ParseEntry reads the text of an entry. It accepts exactly what Text writes of entries that can be recorded.
func ParseEntry(text string) (Entry, error) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		values[name] = value
	}
	at, err := time.Parse(timeForm, values["at"])
	e := Entry{
		At: at, Application: values["application"], Who: values["who"], Scope: values["scope"], Act: Act(values["act"]),
		Task: values["task"], Case: values["case"], Why: values["why"],
	}
	if err != nil || e.check() != nil || e.Text() != text {
		return Entry{}, errors.New("entry of the access log is malformed")
	}
	return e, nil
}

// Opened is an entry with what opens the ledger's commitment to it.
type Opened struct {
	Entry
	Nonce string // base64url of 32 random bytes
}

// Commitment is the subject of the ledger's entry of kind "access": the SHA-256 of "lethe.access.v1", the nonce and the
// text, with a line end after the first two, in base64url.
func (o Opened) Commitment() string { return ledger.Commitment(kind, o.Nonce, o.Text()) }
