package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Source is a copy of a log: a folder, a web server, the service itself. Paths are those of c2sp.org/tlog-tiles.
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
	Follows   *Before   `json:"follows,omitempty"` // the log before this one; nil for none
	Since     int64     `json:"since"`             // size of the checkpoint that consistency was proved with; 0 for none
	Documents int       `json:"documents"`
	Erased    int       `json:"erased"` // of them, with a receipt
	Open      int       `json:"open"`   // of them, without one
	Strays    int       `json:"strays"` // copies that no task explained
	Acts      int       `json:"acts"`   // privileged acts
	Canaries  int       `json:"canaries"`
	Silent    int       `json:"canaries_failed"`
	Visits    int       `json:"doctor_visits"`
	Findings  int       `json:"doctor_breaches"`

	LongestAfterUpload     time.Duration  `json:"longest_after_upload"`     // that any copy lived, until the check found none
	LongestAfterProcessing time.Duration  `json:"longest_after_processing"` // likewise
	Reasons                map[string]int `json:"reasons"`                  // why documents were erased
	Promises               []Judgement    `json:"promises,omitempty"`       // of the promises given, in their order
	Breaches               []string       `json:"breaches"`                 // each a name and a sentence; empty if the promise was kept
	Checkpoint             []byte         `json:"-"`                        // as read; keep it for the next audit
}

// Before is the log that another one was begun after, as that one's own entry says.
type Before struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`       // in base64
	Signed string `json:"checkpoint"` // SHA-256 of its last signed checkpoint
}

// Sequencing is how long an entry may wait for its place before an audit calls it missing or late.
const Sequencing = time.Hour

// auditor collects what entries say.
type auditor struct {
	Audit
	trusted keys
	visit   func(Entry)
	lives   map[string]*life
	late    int           // entries that stand behind much younger ones
	latest  time.Duration // by how much at most
	offset  time.Duration // of UTC against the log's own time, since the last correction of the clock
}

// Examination says how a log is checked.
type Examination struct {
	Keys  []string // public keys that the caller trusts; later ones are trusted if the log holds their vouchers
	Since []byte   // a checkpoint kept from an earlier examination; nil for none
	// Promises are signed promises that are held against the log.
	Promises [][]byte
	Now      time.Time   // when the examination is made
	Visit    func(Entry) // sees every entry in the log's order; nil for nobody
}

// Check reads a whole log and computes the longest life that any document had.
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
	text, _, _ := strings.Cut(string(signed), "\n\n")
	claimed, err := torchwood.ParseCheckpoint(text + "\n")
	if err != nil {
		return nil, errors.New("the checkpoint is malformed")
	}
	a := &auditor{trusted: trusted, visit: x.Visit, lives: map[string]*life{}}
	a.Origin, a.Size, a.Checkpoint, a.Reasons = claimed.Origin, claimed.N, signed, map[string]int{}
	reader, err := torchwood.NewClient(sourceReader{src})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	for index, entry := range reader.AllEntries(ctx, claimed.Tree, 0) {
		if err := a.read(string(entry)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	if tree, err := a.trusted.tree(signed); err != nil || tree != claimed.Tree {
		return nil, errors.Join(errors.New("the checkpoint is not signed by a key that is trusted"), err)
	}
	if x.Since != nil {
		if err := a.consistent(ctx, src, claimed.Tree, x.Since); err != nil {
			return nil, err
		}
	}
	for i, signed := range x.Promises {
		p, err := a.trusted.promise(signed)
		if err != nil {
			return nil, fmt.Errorf("promise %d: %w", i+1, err)
		}
		j := a.judge(&p)
		if j.Verdict == Broken {
			a.breach("broken-promise: task %s: %s", p.Task, j.Why)
		}
		a.Promises = append(a.Promises, j)
	}
	a.conclude(x.Now.Add(-a.offset))
	return &a.Audit, nil
}

// consistent proves that the log only grew since a checkpoint.
func (a *auditor) consistent(ctx context.Context, src Source, tree tlog.Tree, since []byte) error {
	if origin, _, _ := strings.Cut(string(since), "\n"); a.Follows != nil && origin == a.Follows.Origin {
		return a.bound(since)
	}
	old, err := a.trusted.tree(since)
	if err != nil {
		return fmt.Errorf("the checkpoint kept: %w", err)
	}
	a.Since = old.N
	if old.N > tree.N {
		return fmt.Errorf("the log shrank: it has %d entries and had %d", tree.N, old.N)
	}
	proof, err := tlog.ProveTree(tree.N, old.N, torchwood.TileHashReaderWithContext(ctx, tree, sourceReader{src}))
	if err != nil {
		return fmt.Errorf("prove consistency: %w", err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("the log was rewritten since that checkpoint: %w", err)
	}
	return nil
}

// bound checks that a checkpoint kept of the log before is the one that this log is bound to. An older one is held against the
// old log's own files.
func (a *auditor) bound(since []byte) error {
	text, _, _ := strings.Cut(string(since), "\n\n")
	old, err := torchwood.ParseCheckpoint(text + "\n")
	switch {
	case err != nil:
		return errors.New("the checkpoint kept is malformed")
	case old.N == a.Follows.Size && base64.StdEncoding.EncodeToString(old.Hash[:]) == a.Follows.Root:
		a.Since = 0
		return nil
	case old.N < a.Follows.Size:
		return fmt.Errorf("the checkpoint kept is an older one of the log before this, which ended with %d entries: audit a copy of that log with it", a.Follows.Size)
	default:
		return errors.New("this log is bound to another end of the log before than the checkpoint kept")
	}
}

// read takes note of one entry.
func (a *auditor) read(text string) error {
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
		size, err := strconv.ParseInt(e.Value(FieldSize), 10, 64)
		if err != nil || a.Follows != nil {
			return errors.New("the entry about the log before is malformed, or is not the only one")
		}
		a.Follows = &Before{e.Value(FieldOrigin), size, e.Value(FieldRoot), e.Value(FieldCheckpoint)}
	case Clock: // ages are told by the log's own time, which a correction does not move
		a.offset = e.Time(FieldTo).Sub(e.Time(FieldElapsed))
	}
	return nil
}

// newKey trusts a key that a trusted one vouches for.
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
		return nil // a key from before the trusted ones; whether it matters the checkpoint will tell
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
