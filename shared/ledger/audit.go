package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// Source is a copy of a log: a folder, a web server, the service itself. Paths are those of c2sp.org/tlog-tiles; a log before it
// has them below retired/N/. A file that is not there is an error that is fs.ErrNotExist.
type Source interface {
	ReadFile(ctx context.Context, path string) ([]byte, error)
}

// Audit is what the whole log says. The log tells of what happened until Reached, less the time in which entries are sequenced:
// whatever is younger may be missing in it without anything being wrong.
type Audit struct {
	At        time.Time // when the examination was made
	Origin    string
	Size      int64     // entries
	Root      string    // of the tree, in base64
	SignedBy  string    // public key that signed the checkpoint, of those trusted
	First     time.Time // time of the earliest entry
	Last      time.Time // time of the latest entry
	Reached   time.Time // the log's own time: the latest that an entry of the program bears
	Keys      []string  // public keys that signed, oldest first
	Follows   *Before   // the log before this one, whose entries count too; nil for none
	Since     int64     // size of the checkpoint that consistency was proved with; 0 for none
	Kinds     map[Kind]int
	Documents int
	Erased    int       // of them, with a receipt
	Open      int       // of them, without one in the log: they exist, or their receipt waits to be sequenced
	Lost      int       // of them, without one because a disk was lost with them: nobody can tell what became of its copies
	Due       time.Time // by when the first of these receipts has to be in the log; zero for none
	Silent    int       // canaries that were not read and erased in time
	Findings  int       // visits of the doctor that found a breach

	Corrections            []Correction
	LongestAfterUpload     time.Duration  // that any copy existed, until the check found none; of those with a receipt
	LongestAfterProcessing time.Duration  // likewise
	Reasons                map[string]int // why documents were erased
	Limits                 Limits         // that the examination was asked to check
	Promises               []Judgement    // of the promises given, in their order
	Breaches               []string       // each a name and a sentence; empty if the promise was kept
	Checkpoint             []byte         // as read; keep it for the next audit
}

// Limits are those of a contract, which are shorter than the promise. Zero means none.
type Limits struct {
	AfterUpload     time.Duration
	AfterProcessing time.Duration
}

// Correction is what an operator corrected UTC by.
type Correction struct {
	At   time.Time // in the log's own time, which went on undisturbed
	From time.Time
	To   time.Time
}

// Sequencing is how long an entry may wait to be sequenced before an audit calls it missing or late.
const Sequencing = time.Hour

// OverLimit is the name of a breach of the limits that an examination was asked to check.
const OverLimit = "over-limit"

// auditor collects what entries say.
type auditor struct {
	Audit
	trusted keys
	src     Source
	folder  string // of the log before that is being read, below src
	visit   func(Entry)
	lives   map[string]*life
	sought  string // subject whose receipts are kept, with their places
	found   []placed
	index   int64         // of the entry that is being read, in its own log
	losses  []loss        // of disks, in the log's order
	blind   time.Time     // what came until then may stand in a log before that cannot be read
	late    int           // entries that stand behind much younger ones
	latest  time.Duration // by how much at most
	offset  time.Duration // of UTC against the log's own time, since the last correction of the clock
}

// Examination says how a log is checked.
type Examination struct {
	Keys  []string // public keys that the caller trusts; later ones are trusted if the log contains their cross-signatures
	Since []byte   // a checkpoint kept from an earlier examination; nil for none
	// Promises are signed promises that are held against the log.
	Promises [][]byte
	Limits   Limits
	Now      time.Time   // when the examination is made
	Visit    func(Entry) // sees every entry in the log's order; nil for nobody
}

// Check reads a whole log and computes how long any document existed.
func Check(ctx context.Context, src Source, x Examination) (*Audit, error) {
	a, err := check(ctx, src, x, "")
	if err != nil {
		return nil, err
	}
	return &a.Audit, nil
}

// check also finds the receipts about a subject.
func check(ctx context.Context, src Source, x Examination, subject string) (*auditor, error) {
	trusted, err := parseKeys(x.Keys)
	if err != nil {
		return nil, err
	}
	signed, err := src.ReadFile(ctx, checkpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Failed(ErrIncomplete, "there is no checkpoint: this is no log, only a part of one, or one so new that its first checkpoint, due within minutes, is not written")
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	// Which key signed it is checked after the entries, which may bring new keys.
	c, err := claimed(signed)
	if err != nil {
		return nil, err
	}
	a := &auditor{trusted: trusted, src: src, visit: x.Visit, lives: map[string]*life{}, sought: subject}
	a.At, a.Limits, a.Checkpoint, a.Reasons, a.Kinds = x.Now, x.Limits, signed, map[string]int{}, map[Kind]int{}
	a.Origin, a.Size, a.Root = c.Origin, c.N, base64.StdEncoding.EncodeToString(c.Hash[:])
	if err := a.entries(ctx, src, c.Tree); err != nil {
		return nil, err
	}
	_, by, err := a.trusted.tree(signed)
	if err != nil {
		return nil, about("the log's checkpoint", err)
	}
	a.SignedBy = by.public
	if x.Since != nil {
		if err := a.consistent(ctx, c.Tree, x.Since); err != nil {
			return nil, err
		}
	}
	now := x.Now.Add(-a.offset) // in the time of the log
	if ahead := a.Last.Sub(now); ahead > Sequencing {
		a.breach("ahead-of-time: the log has an entry of %s, which is %s ahead of the time of this audit", a.Last, ahead.Round(time.Second))
	}
	if err := a.judgeAll(x.Promises, now); err != nil {
		return nil, err
	}
	a.conclude(now)
	return a, nil
}

// entries reads every entry of a log.
func (a *auditor) entries(ctx context.Context, src Source, tree tlog.Tree) error {
	files := &sourceReader{src: src}
	reader, err := torchwood.NewClient(files)
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	for index, entry := range reader.AllEntries(ctx, tree, 0) {
		a.index = index
		switch err := a.read(ctx, string(entry)); {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			return Failed(ErrAltered, "entry %d: %s", index, err)
		}
	}
	if err := reader.Err(); err != nil {
		return files.why(err)
	}
	return nil
}

// consistent proves that the log only grew since a checkpoint, be it one of a log before.
func (a *auditor) consistent(ctx context.Context, tree tlog.Tree, since []byte) error {
	origin, _, _ := strings.Cut(string(since), "\n")
	for b := a.Follows; b != nil; b = b.Follows {
		if b.Origin == origin {
			var err error
			a.Since, err = b.grewFrom(ctx, a.src, since)
			return err
		}
	}
	old, _, err := a.trusted.tree(since)
	if err != nil {
		return about("the checkpoint kept", err)
	}
	a.Since = old.N
	return grew(ctx, a.src, tree, old)
}

// read takes note of one entry.
func (a *auditor) read(ctx context.Context, text string) error {
	signed := ""
	if strings.HasPrefix(text, heading+string(Key)+"\n") {
		top, _, ok := strings.Cut(text, "\n\n")
		if !ok {
			return errors.New("a change of key is not signed")
		}
		signed, text = text, top+"\n"
	}
	e, err := ParseEntry(text)
	if err != nil {
		return err
	}
	a.place(&e)
	if a.First.IsZero() || e.At.Before(a.First) {
		a.First = e.At
	}
	if e.At.After(a.Last) {
		a.Last = e.At
	}
	if a.visit != nil {
		a.visit(e)
	}
	a.Kinds[e.Kind]++
	switch e.Kind {
	case Key:
		return a.newKey(signed, &e)
	case Canary:
		if e.Value(FieldOutcome) != Done {
			a.Silent++
		}
	case Doctor:
		if e.Value(FieldBreach) != "0" {
			a.Findings++
		}
	case Access:
	case Stray:
		a.lasted(e.Time(FieldUploaded), time.Time{}, e.Time(FieldErased))
	case Accepted, Processed, Erased, Lost:
		a.follow(&e)
	case Begun:
		return a.precede(ctx, &e)
	case Clock:
		a.correct(&e)
	}
	return nil
}

// correct takes note of a correction of the clock. Ages follow from the log's own time, which it does not move: it only says
// what UTC is, and so how old a document that still exists is now.
func (a *auditor) correct(e *Entry) {
	c := Correction{At: e.Time(FieldElapsed), From: e.Time(FieldFrom), To: e.Time(FieldTo)}
	a.Corrections = append(a.Corrections, c)
	if wrong := c.From.Sub(c.At) - a.offset; wrong.Abs() > resolution || c.To.IsZero() || c.At.Sub(e.At).Abs() > resolution {
		a.breach("clock-contradiction: the correction of %s does not start from the time that the log had until then", e.At)
	}
	a.offset = c.To.Sub(c.At)
}

// newKey trusts a key that a trusted one has cross-signed.
func (a *auditor) newKey(signed string, e *Entry) error {
	public := e.Value(FieldKey)
	fresh, err := parseKey(public)
	if err != nil {
		return errors.New("a change of key names no key")
	}
	if _, _, err := (keys{fresh}).open([]byte(signed)); err != nil {
		return errors.New("a new key did not sign for itself")
	}
	a.Keys = append(a.Keys, public)
	if a.trusted.has(public) {
		return nil
	}
	old, err := parseKey(e.Value(FieldReplaces))
	if err != nil || !a.trusted.has(e.Value(FieldReplaces)) {
		return nil // a key from before the trusted ones; the checkpoint shows whether it matters
	}
	if _, _, err := (keys{old}).open([]byte(signed)); err != nil {
		return errors.New("the old key did not vouch for the new one")
	}
	a.trusted = append(a.trusted, fresh)
	return nil
}

// breach names one: a stable name, and a sentence for people.
func (a *auditor) breach(format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case time.Time:
			args[i] = utc(arg)
		case time.Duration:
			args[i] = arg.Round(time.Millisecond)
		}
	}
	a.Breaches = append(a.Breaches, fmt.Sprintf(format, args...))
}

// utc writes a time for people.
func utc(at time.Time) string { return at.UTC().Format(time.RFC3339) }
