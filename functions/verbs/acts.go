package verbs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	accesslog "github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// actLog holds the access log against the commitments in a ledger. A nil one holds nothing.
type actLog struct {
	entries   []accesslog.Opened
	committed map[string]bool
}

// readActs reads what lethe access-log --json prints.
func readActs(name string) (*actLog, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, File(fmt.Errorf("--access-log: %w", err))
	}
	l := &actLog{committed: map[string]bool{}}
	for line := range bytes.Lines(text) {
		var logged client.LogEntry
		if err := json.Unmarshal(line, &logged); err != nil {
			return nil, ledger.Failed(ledger.ErrAltered, "%s: a line is no entry of the access log", name)
		}
		if _, err := l.add(logged); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// add takes an entry that is what its commitment says.
func (l *actLog) add(logged client.LogEntry) (at time.Time, err error) {
	entry, err := accesslog.ParseEntry(logged.Text)
	opened := accesslog.Opened{Entry: entry, Nonce: logged.Nonce}
	if err != nil || opened.Commitment() != logged.Commitment {
		return time.Time{}, ledger.Failed(ledger.ErrAltered, "an entry of the access log is not what its commitment says: %s", Printable(logged.Text))
	}
	l.entries = append(l.entries, opened)
	return entry.At, nil
}

// visit takes note of the commitments in a ledger.
func (l *actLog) visit(e ledger.Entry) {
	if e.Kind == ledger.Access {
		l.committed[e.Subject] = true
	}
}

// tally counts the acts of a period that the ledger knows, by their kind, and those that wait for it. One that the ledger should know
// and does not is an error.
func (l *actLog) tally(span interval, reached time.Time) (kinds map[string]int, waits int, err error) {
	kinds = map[string]int{}
	for _, e := range l.entries {
		switch {
		case !span.holds(e.At):
		case l.committed[e.Commitment()]:
			kinds[string(e.Act)]++
		case e.At.Before(reached.Add(-ledger.Sequencing)):
			err = errors.Join(err, ledger.Failed(ledger.ErrAltered, "the ledger does not know the entry of the access log of %s", utc(e.At)))
		default:
			waits++
		}
	}
	return kinds, waits, err
}

// judge adds what the access log says to an audit.
func (l *actLog) judge(out *auditCheck, a *ledger.Audit) error {
	if l == nil {
		return nil
	}
	kinds, waits, err := l.tally(interval{}, a.Reached)
	if err != nil {
		return err
	}
	out.Log.ActKinds = kinds
	known := 0
	for _, n := range kinds {
		known += n
	}
	s := &out.Statements
	s.say(proven, "acts", "Entries of the access log that stand in the ledger as they are: %d.", known)
	if missing := a.Kinds[ledger.Access] - known; missing > 0 {
		s.say(notChecked, "acts_not_given", "Privileged acts in the ledger that the access log given does not hold: %d.", missing)
	}
	if waits > 0 {
		s.say(waiting, "acts_waiting", "Entries of the access log that the ledger does not know yet: %d.", waits)
	}
	return nil
}
