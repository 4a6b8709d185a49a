package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Source is a copy of a log: a folder, a web server, the service itself. Paths are those of c2sp.org/tlog-tiles; a log before it
// has them below retired/N/. A file that is not there is an error that is fs.ErrNotExist.
type Source interface {
	ReadFile(ctx context.Context, path string) ([]byte, error)
}

// Audit is what the whole log says.
type Audit struct {
	Origin    string    `json:"origin"`
	Size      int64     `json:"size"`              // entries
	First     time.Time `json:"first"`             // time of the earliest entry
	Last      time.Time `json:"last"`              // time of the latest entry
	Keys      []string  `json:"keys"`              // public keys that signed, oldest first
	Follows   *Before   `json:"follows,omitempty"` // the log before this one, whose entries count too; nil for none
	Since     int64     `json:"since"`             // size of the checkpoint that consistency was proved with; 0 for none
	Documents int       `json:"documents"`
	Erased    int       `json:"erased"` // of them, with a receipt
	Open      int       `json:"open"`   // of them, without one
	Strays    int       `json:"strays"` // orphans: copies that no task explained
	Acts      int       `json:"acts"`   // privileged acts
	Canaries  int       `json:"canaries"`
	Silent    int       `json:"canaries_failed"`
	Visits    int       `json:"doctor_visits"`
	Findings  int       `json:"doctor_breaches"`

	Corrections            []Correction   `json:"clock_corrections,omitempty"`
	LongestAfterUpload     time.Duration  `json:"longest_after_upload"`     // that any copy existed, until the check found none
	LongestAfterProcessing time.Duration  `json:"longest_after_processing"` // likewise
	Reasons                map[string]int `json:"reasons"`                  // why documents were erased
	Promises               []Judgement    `json:"promises,omitempty"`       // of the promises given, in their order
	Breaches               []string       `json:"breaches"`                 // each a name and a sentence; empty if the promise was kept
	Checkpoint             []byte         `json:"-"`                        // as read; keep it for the next audit
}

// Correction is what an operator corrected UTC by.
type Correction struct {
	At   time.Time `json:"at"` // in the log's own time, which went on undisturbed
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Sequencing is how long an entry may wait to be sequenced before an audit calls it missing or late.
const Sequencing = time.Hour

// auditor collects what entries say.
type auditor struct {
	Audit
	trusted keys
	src     Source
	folder  string // of the log before that is being read, below src
	visit   func(Entry)
	lives   map[string]*life
	reached time.Time     // the log's own time: the latest that an entry bears
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
	Now      time.Time   // when the examination is made
	Visit    func(Entry) // sees every entry in the log's order; nil for nobody
}

// Check reads a whole log and computes how long any document existed.
func Check(ctx context.Context, src Source, x Examination) (*Audit, error) {
	trusted, err := parseKeys(x.Keys)
	if err != nil {
		return nil, err
	}
	signed, err := src.ReadFile(ctx, "checkpoint")
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	// Which key signed it is checked after the entries, which may bring new keys.
	c, err := claimed(signed)
	if err != nil {
		return nil, err
	}
	a := &auditor{trusted: trusted, src: src, visit: x.Visit, lives: map[string]*life{}}
	a.Origin, a.Size, a.Checkpoint, a.Reasons = c.Origin, c.N, signed, map[string]int{}
	if err := a.entries(ctx, src, c.Tree); err != nil {
		return nil, err
	}
	if tree, err := a.trusted.tree(signed); err != nil || tree != c.Tree {
		return nil, errors.Join(errors.New("the checkpoint is not signed by a key that is trusted"), err)
	}
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
	return &a.Audit, nil
}

// entries reads every entry of a log.
func (a *auditor) entries(ctx context.Context, src Source, tree tlog.Tree) error {
	reader, err := torchwood.NewClient(sourceReader{src})
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	for index, entry := range reader.AllEntries(ctx, tree, 0) {
		if err := a.read(ctx, string(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("read log: %w", err)
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
	old, err := a.trusted.tree(since)
	if err != nil {
		return fmt.Errorf("the checkpoint kept: %w", err)
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
	switch e.Kind {
	case Key:
		return a.newKey(signed, &e)
	case Canary:
		a.Canaries++
		if e.Value(FieldOutcome) != Done {
			a.Silent++
		}
	case Doctor:
		a.Visits++
		if e.Value(FieldBreach) != "0" {
			a.Findings++
		}
	case Access:
		a.Acts++
	case Stray:
		a.Strays++
		a.lasted(e.Time(FieldUploaded), time.Time{}, e.Time(FieldErased))
	case Accepted, Processed, Erased:
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
	fresh, err := note.NewVerifier(public)
	if err != nil {
		return errors.New("a change of key names no key")
	}
	if _, err := (keys{fresh}).open([]byte(signed)); err != nil {
		return errors.New("a new key did not sign for itself")
	}
	a.Keys = append(a.Keys, public)
	if a.trusted.has(public) {
		return nil
	}
	old, err := note.NewVerifier(e.Value(FieldReplaces))
	if err != nil || !a.trusted.has(e.Value(FieldReplaces)) {
		return nil // a key from before the trusted ones; the checkpoint shows whether it matters
	}
	if _, err := (keys{old}).open([]byte(signed)); err != nil {
		return errors.New("the old key did not vouch for the new one")
	}
	a.trusted = append(a.trusted, fresh)
	return nil
}

// breach names one: a stable name, and a sentence for people.
func (a *auditor) breach(format string, args ...any) {
	for i, arg := range args {
		if at, ok := arg.(time.Time); ok {
			args[i] = at.UTC().Format(time.RFC3339)
		}
	}
	a.Breaches = append(a.Breaches, fmt.Sprintf(format, args...))
}

// sourceReader reads tiles of a Source. It implements torchwood.TileReader.
type sourceReader struct{ src Source }

// ReadTiles implements torchwood.TileReader.
func (r sourceReader) ReadTiles(ctx context.Context, wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		var err error
		if data[i], err = r.src.ReadFile(ctx, torchwood.TilePath(tile)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// SaveTiles implements torchwood.TileReader; nothing is kept.
func (sourceReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadEndpoint implements torchwood.TileReader.
func (r sourceReader) ReadEndpoint(ctx context.Context, path string) ([]byte, error) {
	return r.src.ReadFile(ctx, path)
}
