package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what an entry is about.
type Kind string

// The kinds of entries.
const (
	Accepted  Kind = "accepted"  // a document arrived; its deadline is running
	Processed Kind = "processed" // processing ended, whatever the outcome
	Erased    Kind = "receipt"   // every copy was erased, and the check found none
	Stray     Kind = "stray"     // an orphan was erased: a copy that no task explained
	Access    Kind = "access"    // a privileged act; its text is in the access log
	Canary    Kind = "canary"    // a synthetic page came and went, or did not
	Doctor    Kind = "doctor"    // the stamp was examined
	Key       Kind = "key"       // a signing key came into use
	Begun     Kind = "begun"     // the log begins after another one, whose last checkpoint it names
	Clock     Kind = "clock"     // an operator corrected what UTC is; times of entries go on undisturbed
	Lost      Kind = "lost"      // the disk with the document was lost, and the place made anew from its saved state
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Accepted, Processed, Erased, Stray, Access, Canary, Doctor, Key, Begun, Clock, Lost}
}

// Meaning says in a few words what entries of the kind are about.
func (k Kind) Meaning() string {
	return map[Kind]string{
		Accepted: "documents that came", Processed: "documents whose processing ended", Erased: "receipts, of documents and of tasks that never had one",
		Stray: "orphans erased: copies that no task explained", Access: "privileged acts", Canary: "synthetic pages", Doctor: "examinations by the doctor",
		Key: "keys that came into use", Begun: "beginnings after an earlier log", Clock: "corrections of the clock",
		Lost: "documents that a lost disk held",
	}[k]
}

// Names of fields, beside those of copies.
const (
	FieldUploaded    = "uploaded" // when the document appeared, by storage's clock
	FieldEnded       = "ended"    // when processing ended
	FieldOutcome     = "outcome"  // how processing ended
	FieldRemoved     = "removed"  // when a delete was accepted or a deadline passed
	FieldErased      = "erased"   // when the last copy was erased
	FieldReason      = "reason"   // why it was erased
	FieldDocument    = "document" // commitment to the document's bytes
	FieldCopy        = "copy"     // <class> <erased> <checked>, once for each class
	FieldUpload      = "upload"   // until when the document was kept: until-processed or until-deadline
	FieldProcessed   = "after-processing"
	FieldUnprocessed = "after-upload"
	FieldRead        = "read-seconds"  // of a canary, from its start to its result
	FieldGone        = "erase-seconds" // of a canary, from its result to its erasure
	FieldOK          = "ok"            // findings of the doctor
	FieldBreach      = "breach"
	FieldUnknown     = "unknown"
	FieldBreaches    = "breaches" // names of the doctor's checks that found a breach
	FieldUnknowns    = "unknowns" // and of those that could not be made
	FieldRegion      = "region"
	FieldProgram     = "program"
	FieldKey         = "key"          // a public key
	FieldReplaces    = "replaces"     // the public key before it
	FieldFrom        = "from"         // UTC as shown before a correction of the clock
	FieldTo          = "to"           // and from then on
	FieldElapsed     = "elapsed"      // the log's own time at the correction: that of all entries, which no correction moves
	FieldOrigin      = "origin"       // of the log before
	FieldSize        = "size"         // entries of the log before
	FieldRoot        = "root"         // of its tree, in base64
	FieldCheckpoint  = "checkpoint"   // SHA-256 of its last signed checkpoint
	FieldFolder      = "folder"       // of its files, below those of this one
	FieldSaved       = "saved"        // of which time the state is that a place was made anew from; none where it goes on
	FieldOffset      = "clock-offset" // what UTC is ahead of the log's own time, in force when the entry was made; none for zero
)

// Done is the outcome of a canary that was read and erased in time.
const Done = "done"

// heading begins every entry and fixes the format.
const heading = "lethe/v1 "

// Entry is one leaf of the log.
type Entry struct {
	Kind    Kind
	Subject string    // commitment in base64url; the same for all entries of one task
	At      time.Time // when it happened
	Fields  []Field   // in the order written
}

// Field is one line of an entry.
type Field struct{ Name, Value string }

// Time is a field that holds a time; none for a zero time.
func Time(name string, at time.Time) Field {
	if at.IsZero() {
		return Field{name, "none"}
	}
	return Field{name, at.UTC().Format(time.RFC3339Nano)}
}

// Value returns the first field of that name, empty if there is none.
func (e *Entry) Value(name string) string {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Time returns a field as a time, zero for none.
func (e *Entry) Time(name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, e.Value(name))
	if err != nil {
		return time.Time{}
	}
	return at
}

// Text is the entry as it stands in the log: one field on each line. The same entry always gives the same bytes.
func (e *Entry) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\nsubject %s\nat %s\n", heading, e.Kind, e.Subject, e.At.UTC().Format(time.RFC3339Nano))
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "%s %s\n", f.Name, f.Value)
	}
	return b.String()
}

// maxEntry bounds an entry in bytes, as entry bundles do.
const maxEntry = 8 << 10

// ParseEntry reads the text of an entry. It accepts exactly what Text writes.
func ParseEntry(text string) (Entry, error) {
	malformed := errors.New("entry of the ledger is malformed")
	if len(text) > maxEntry {
		return Entry{}, malformed
	}
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 {
		return Entry{}, malformed
	}
	kind, ok := strings.CutPrefix(lines[0], heading)
	subject, okSubject := strings.CutPrefix(lines[1], "subject ")
	at, okAt := strings.CutPrefix(lines[2], "at ")
	e := Entry{Kind: Kind(kind), Subject: subject}
	if !ok || !okSubject || !okAt || !slices.Contains(Kinds(), e.Kind) || strings.ContainsAny(subject, " ") {
		return Entry{}, malformed
	}
	var err error
	if e.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return Entry{}, malformed
	}
	for _, line := range lines[3:] {
		name, value, ok := strings.Cut(line, " ")
		if !ok || name == "" {
			return Entry{}, malformed
		}
		e.Fields = append(e.Fields, Field{name, value})
	}
	if e.Text() != text {
		return Entry{}, malformed
	}
	return e, nil
}
