package verbs

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// standing says how far a statement about evidence is proven.
type standing string

// The standings, in the order in which they are printed.
const (
	proven     standing = "proven"
	notProven  standing = "not_proven"  // no check of this evidence can prove it
	notChecked standing = "not_checked" // a check that was not asked for
	waiting    standing = "waiting"     // for the log
)

// statement is one thing that a check of evidence says.
type statement struct {
	Name     string   `json:"name"` // stable
	Standing standing `json:"standing"`
	Text     string   `json:"text"`
}

// statements are what a check says, in their order.
type statements []statement

func (s *statements) say(at standing, name, format string, args ...any) {
	*s = append(*s, statement{name, at, fmt.Sprintf(format, args...)})
}

// print writes the statements below headings.
func (s statements) print(w io.Writer) {
	for _, section := range []struct {
		standing standing
		heading  string
	}{{proven, "Proven"}, {notProven, "Not proven"}, {notChecked, "Not checked"}, {waiting, "Waits for the log"}} {
		heading := "\n" + section.heading + ":\n"
		for _, one := range s {
			if one.Standing == section.standing {
				fmt.Fprintf(w, "%s  %s\n", heading, Printable(one.Text))
				heading = ""
			}
		}
	}
}

// outcome names what a check came to; empty for an error that says nothing about the evidence.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "verified"
	case errors.Is(err, ledger.ErrAltered):
		return "altered"
	case errors.Is(err, ledger.ErrUnknownKey):
		return "unknown_key"
	case errors.Is(err, ledger.ErrBroken):
		return "broken"
	case errors.Is(err, ledger.ErrIncomplete):
		return "incomplete"
	case errors.Is(err, ledger.ErrNotLogged):
		return "not_logged"
	default:
		return ""
	}
}

// checked is what every check of evidence comes to.
type checked struct {
	Kind       string     `json:"kind"`    // receipt, promise, log or export
	Outcome    string     `json:"outcome"` // verified, altered, unknown_key, not_logged, broken or incomplete
	ExitCode   int        `json:"exit_code"`
	Detail     string     `json:"detail,omitempty"` // of what is not verified
	Statements statements `json:"statements"`
}

// conclude takes note of how the check ended.
func (c *checked) conclude(err error) {
	c.Outcome, c.ExitCode = outcomeOf(err), ExitCode(err)
	if err != nil {
		c.Detail = Message(err)
	}
	if c.Statements == nil {
		c.Statements = statements{}
	}
}

// keyView is a public key as people compare it.
type keyView struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Public      string `json:"public"`
}

func viewKey(public string) keyView {
	name, _, _ := strings.Cut(public, "+")
	return keyView{name, ledger.Fingerprint(public), public}
}

// String is the key's name and fingerprint.
func (k keyView) String() string { return k.Name + " (" + k.Fingerprint + ")" }

// foreignKey says what a check with a key does not prove about the key.
func (s *statements) foreignKey() {
	s.say(notProven, "key_owner", "Whose key this is. Compare the fingerprint with one that you got another way than from the server, such as in the contract, "+
		"or by telephone from whoever runs `lethe ledger key signing.key` beside it.")
}

// seconds is a duration in JSON. Every duration there is in seconds.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// span is a duration in words. What is shorter than a second has been, too.
func span(d time.Duration) string {
	if d.Abs() < time.Second {
		return "less than a second"
	}
	return Duration(d)
}

// utc writes a time, "never" for none.
func utc(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format(time.RFC3339)
}
