package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// promiseHeading begins every promise and fixes its format.
const promiseHeading = "lethe-promise/v1"

// Promise is the signed statement to a client that its task was created, or that its document arrived: that the log will say so and
// when everything is gone. It follows from the task's record alone, so that it is the same however often it is made, and an
// operator who never logs a document can be found out by whoever holds it.
type Promise struct {
	Task        string
	Application string
	Subject     string        // the commitment that stands in every entry about the task
	Created     time.Time     // when the task was created
	Uploaded    time.Time     // when its document came, by storage's clock; zero in the promise of the creation
	Digest      string        // SHA-256 of the document in hex, where its bytes came through the service
	Submission  time.Duration // limits, slack included: after the creation without a document,
	Unprocessed time.Duration // after the upload,
	Processed   time.Duration // after the end of processing
	Retain      time.Duration // how long after processing erasure is due; zero where the limit says it
	Fetched     bool          // the document is erased once every result was fetched
	Formats     []string
	Languages   []string
	Region      string

	Key string // the public key that signed it, once it is verified; no part of the text
}

// promiseNames are the lines of a promise, in their order.
func promiseNames() []string {
	return []string{
		"task", "application", "subject", "created", "uploaded", "document", "limit-without-document", "limit-after-upload", "limit-after-processing",
		"retained-after-processing", "erased-on-fetch", "formats", "languages", "region",
	}
}

// Text is the promise as it is signed: one line for each field.
func (p *Promise) Text() string {
	document, retain := "unread", "to the limit"
	if p.Digest != "" {
		document = "sha256:" + p.Digest
	}
	if p.Retain > 0 {
		retain = p.Retain.String()
	}
	values := []string{
		p.Task, p.Application, p.Subject, Time("", p.Created).Value, Time("", p.Uploaded).Value, document,
		p.Submission.String(), p.Unprocessed.String(), p.Processed.String(), retain, fmt.Sprint(p.Fetched),
		strings.Join(p.Formats, ","), strings.Join(p.Languages, ","), p.Region,
	}
	var b strings.Builder
	fmt.Fprintln(&b, promiseHeading)
	for i, name := range promiseNames() {
		fmt.Fprintf(&b, "%s %s\n", name, values[i])
	}
	return b.String()
}

// parsePromise reads what Text writes, and nothing else.
func parsePromise(text string) (Promise, error) {
	malformed := Failed(ErrAltered, "this has not the form of a promise")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	names := promiseNames()
	if len(lines) != 1+len(names) || lines[0] != promiseHeading {
		return Promise{}, malformed
	}
	said := map[string]string{}
	for i, name := range names {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return Promise{}, malformed
		}
		said[name] = value
	}
	p := Promise{
		Task: said["task"], Application: said["application"], Subject: said["subject"], Region: said["region"],
		Fetched: said["erased-on-fetch"] == "true", Formats: listed(said["formats"]), Languages: listed(said["languages"]),
	}
	p.Digest, _ = strings.CutPrefix(said["document"], "sha256:")
	if said["document"] == "unread" {
		p.Digest = ""
	}
	e := Entry{}
	for name, value := range said {
		e.Fields = append(e.Fields, Field{name, value})
	}
	p.Created, p.Uploaded = e.Time("created"), e.Time("uploaded")
	for name, into := range map[string]*time.Duration{
		"limit-without-document": &p.Submission, "limit-after-upload": &p.Unprocessed, "limit-after-processing": &p.Processed,
		"retained-after-processing": &p.Retain,
	} {
		*into, _ = time.ParseDuration(said[name]) // what cannot be read is written otherwise, which the comparison notices
	}
	if p.Text() != text {
		return Promise{}, malformed
	}
	return p, nil
}

func listed(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Promise signs a promise about a record that is durable. The same promise is signed with the same bytes.
func (l *Log) Promise(ctx context.Context, p Promise) ([]byte, error) {
	signer, err := l.promiser(ctx)
	if err != nil {
		return nil, err
	}
	p.Region = l.Region
	signed, err := note.Sign(&note.Note{Text: p.Text()}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign promise: %w", err)
	}
	return signed, nil
}

// promiser returns the signer. Once the signing key is among those published it stays there, and is not checked again.
func (l *Log) promiser(ctx context.Context) (note.Signer, error) {
	if l.vouched.Load() {
		return l.Signer, nil
	}
	h, signer, err := l.signing(ctx)
	if err == nil && slices.Contains(h.Keys, l.Signer.Public()) {
		l.vouched.Store(true)
	}
	return signer, err
}

// IsPromise reports whether a file is a promise and no receipt.
func IsPromise(signed []byte) bool { return strings.HasPrefix(string(signed), promiseHeading+"\n") }

// VerifyPromise checks the signature of a promise with public keys alone. Whether it was kept only the log can show: see
// Examination.
func VerifyPromise(signed []byte, public []string) (Promise, error) {
	ks, err := parseKeys(public)
	if err != nil {
		return Promise{}, err
	}
	return ks.promise(signed)
}

func (ks keys) promise(signed []byte) (Promise, error) {
	if len(signed) > maxReceipt || !IsPromise(signed) {
		return Promise{}, Failed(ErrAltered, "this is not a promise: its first line is not %s", promiseHeading)
	}
	text, by, err := ks.open(signed)
	if err != nil {
		return Promise{}, about("the promise", err)
	}
	p, err := parsePromise(text)
	p.Key = by.public
	return p, err
}

// Verdicts about a promise.
const (
	Kept   = "kept"
	NotYet = "not yet" // what it says is younger than the log, less the time in which entries are sequenced
	Broken = "broken"
	Gone   = "lost" // with a disk, after which the place was made anew: neither kept nor known to be broken
)

// Judgement is what a log says of a promise.
type Judgement struct {
	Task    string
	About   string // creation, or document
	Verdict string
	Why     string
}

// PromiseError says which of the promises given to an examination is none that the keys signed.
type PromiseError struct {
	Index int // among those given
	Err   error
}

// Error implements error.
func (p *PromiseError) Error() string { return fmt.Sprintf("promise %d: %s", p.Index+1, p.Err) }

// Unwrap returns the cause.
func (p *PromiseError) Unwrap() error { return p.Err }

// judgeAll compares promises with the log. now is the time of the examination, in the time of the log.
func (a *auditor) judgeAll(promises [][]byte, now time.Time) error {
	earlier := map[string]*Promise{} // by subject
	for i, signed := range promises {
		p, err := a.trusted.promise(signed)
		if err != nil {
			return &PromiseError{Index: i, Err: err}
		}
		j := a.judge(&p)
		if e := earlier[p.Subject]; e != nil && e.contradicts(p) {
			j.Verdict, j.Why = Broken, "another promise about the same entries of the log contradicts it"
		}
		if earlier[p.Subject] == nil || earlier[p.Subject].Uploaded.IsZero() {
			earlier[p.Subject] = &p
		}
		a.Promises = append(a.Promises, j)
		switch due := p.Due(); {
		case j.Verdict == Broken:
			a.breach("broken-promise: task %s: %s", p.Task, j.Why)
		case j.Verdict == NotYet && now.After(due.Add(2*Sequencing)):
			a.breach("silent-log: task %s: the log had to record it by %s and ends before that: take a newer copy, or it is no longer written", p.Task, due)
		}
	}
	return nil
}

// Due is when the log has to say what became of the task.
func (p *Promise) Due() time.Time {
	if p.Uploaded.IsZero() {
		return p.Created.Add(p.Submission)
	}
	return p.Uploaded.Add(p.Unprocessed)
}

// contradicts reports whether two promises about the same entries of the log cannot both be meant: one life in the log would
// otherwise do for many documents.
func (p Promise) contradicts(o Promise) bool {
	if p.Uploaded.IsZero() || o.Uploaded.IsZero() { // the creation knows no document
		p.Uploaded, o.Uploaded, p.Digest, o.Digest = time.Time{}, time.Time{}, "", ""
	}
	return p.Text() != o.Text()
}

// judge compares a promise with the log. The log is complete up to its own time, less the time in which entries are sequenced.
func (a *auditor) judge(p *Promise) Judgement {
	l := a.lives[p.Subject]
	if l == nil {
		l = &life{}
	}
	var j Judgement
	if p.Uploaded.IsZero() {
		j = a.judgeCreation(p, l)
	} else {
		j = a.judgeDocument(p, l)
	}
	if j.Verdict == Broken && !l.logged && p.Created.Before(a.blind) {
		j.Why += "; the log before, which may have told of it, cannot be read"
	}
	j.Task = p.Task
	return j
}

func (a *auditor) judgeCreation(p *Promise, l *life) Judgement {
	j := Judgement{About: "creation", Verdict: Broken}
	known, gone, uploaded, until := a.Reached.Add(-Sequencing), l.gone(), l.uploaded.first(), p.Due()
	limit := until.UTC().Format(time.RFC3339)
	switch {
	case !l.logged && gone.IsZero() && a.lostBetween(p.Created, until):
		j.Verdict, j.Why = Gone, "a disk was lost while a document could come, and the task with it"
	case l.logged && uploaded.Before(until.Add(Sequencing)):
		j.Verdict, j.Why = Kept, "the document came and is in the log"
	case l.logged:
		j.Why = "the log lets the document come after " + limit
	case !gone.IsZero() && !uploaded.IsZero():
		j.Why = "a receipt tells of a document that the log does not know as accepted"
	case !gone.IsZero() && gone.Before(until.Add(Sequencing)):
		j.Verdict, j.Why = Kept, "a receipt says that no document came"
	case !gone.IsZero():
		j.Why = "a receipt says that no document came, and had to say so at " + limit
	case known.Before(until):
		j.Verdict, j.Why = NotYet, "a document may come until "+limit
	default:
		j.Why = "the log knows neither a document nor a receipt of the task"
	}
	return j
}

func (a *auditor) judgeDocument(p *Promise, l *life) Judgement {
	j := Judgement{About: "document", Verdict: Broken}
	known, gone, limit := a.Reached.Add(-Sequencing), l.gone(), p.Due()
	if ended := l.ended.first(); !ended.IsZero() {
		limit = earliest(limit, ended.Add(p.Processed))
		if p.Retain > 0 {
			limit = earliest(limit, ended.Add(p.Retain+Sequencing))
		}
	}
	switch {
	case !l.logged && gone.IsZero() && a.lostBetween(p.Uploaded, p.Uploaded):
		j.Verdict, j.Why = Gone, "a disk was lost after the document came, and what the log would have told of it"
	case l.lost && gone.IsZero():
		j.Verdict, j.Why = Gone, "a disk was lost with the document; no receipt says that its copies are gone"
	case !l.logged && known.Before(p.Uploaded):
		j.Verdict, j.Why = NotYet, "the document is younger than what the log tells of"
	case !l.logged:
		j.Why = "the log does not know the document"
	case !slices.ContainsFunc(l.uploaded, p.Uploaded.Equal):
		j.Why = "the log gives another time of upload"
	case gone.IsZero() && known.Before(limit):
		j.Verdict, j.Why = NotYet, "the document may live until "+limit.UTC().Format(time.RFC3339)
	case gone.IsZero():
		j.Why = "there is no receipt, and the document had to be gone at " + limit.UTC().Format(time.RFC3339)
	case gone.After(limit):
		j.Why = fmt.Sprintf("the document had to be gone at %s and was at %s", limit.UTC().Format(time.RFC3339), gone.UTC().Format(time.RFC3339))
	default:
		j.Verdict, j.Why = Kept, "the document is in the log, and its receipt is in time"
	}
	return j
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
