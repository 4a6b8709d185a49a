package ledger_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

// forgedLog writes entries as a dishonest operator could: in any order, as often as wanted.
func forgedLog(ctx context.Context, key *ledger.Signer, entries []ledger.Entry) (ledger.Source, error) {
	now := func() time.Time { return noon }
	m := memory.New(now)
	log := ledger.New(ledger.Config{Blobs: m.Blobs(), Records: m, Signer: key, Region: "westeurope", Program: "lethe test", Now: now, Log: slog.New(slog.DiscardHandler)})
	for _, e := range entries {
		if err := log.Append(ctx, e); err != nil {
			return nil, err
		}
		if _, err := log.Sequence(ctx); err != nil { // one at a time, so that the order is the forger's
			return nil, err
		}
	}
	return folder{m.Blobs()}, nil
}

// folder reads a log's files from a store.
type folder struct{ blobs storage.Blobs }

// ReadFile implements ledger.Source.
func (f folder) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := f.blobs.Get(ctx, storage.Ledger+"/"+path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// contradictory is a document whose life is told by hand.
func contradictory() document {
	return document{
		Opening:  ledger.Opening{Task: "task", Nonce: "nonce", Digest: strings.Repeat("0", 64)},
		uploaded: noon, ended: noon.Add(time.Minute), gone: noon.Add(time.Hour),
	}
}

func TestContradictionsAreBreachesByNameAndTheLongestLifeCounts(t *testing.T) {
	honest := contradictory()
	later, earlier := honest, honest
	later.uploaded = honest.uploaded.Add(30 * time.Minute)
	earlier.gone = honest.gone.Add(-50 * time.Minute)
	backwards := honest
	backwards.gone = honest.uploaded.Add(-2 * time.Hour)
	backwards.ended = time.Time{}
	unprocessed := honest
	unprocessed.ended = honest.uploaded.Add(-30 * time.Minute)
	told := honest.entries()
	for name, c := range map[string]struct {
		entries []ledger.Entry
		breach  string // empty if the log is honest
		longest time.Duration
	}{
		"told once":                               {told, "", time.Hour},
		"told twice":                              {append(told, told...), "", time.Hour},
		"a second, later acceptance":              {append(told, later.entries()[0]), "two-uploads", time.Hour},
		"a second, earlier receipt":               {append(told, earlier.receipt()), "two-receipts", time.Hour},
		"a receipt from before":                   {append(slices.Clone(told[:1]), backwards.receipt()), "erased-before-upload", 0},
		"processed before it came":                {append(slices.Clone(told[:1]), unprocessed.entries()[1:]...), "ended-before-upload", time.Hour},
		"a copy that went later":                  {append(slices.Clone(told[:2]), copied(told[2], honest.uploaded.Add(50*time.Hour))), "outlived-upload", 50 * time.Hour},
		"erased after the receipt":                {append(slices.Clone(told[:2]), erased(told[2], honest.uploaded.Add(50*time.Hour))), "outlived-upload", 50 * time.Hour},
		"a log that runs ahead":                   {append(slices.Clone(told), ledger.Entry{Kind: ledger.Doctor, Subject: "-", At: noon.Add(102 * time.Hour)}), "ahead-of-time", time.Hour},
		"a correction from nowhere":               {append(slices.Clone(told), corrected(noon.Add(2*time.Hour), time.Hour, 0)), "clock-contradiction", time.Hour},
		"a correction that hides an old document": {append(slices.Clone(told[:2]), corrected(noon.Add(2*time.Hour), 0, 1000*time.Hour)), "ahead-of-time", 0},
		"a receipt that was dated back":           {append(told, ledger.Entry{Kind: ledger.Doctor, Subject: "-", At: noon.Add(90 * time.Hour)}, later.entries()[1]), "late-entry", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			key := signer(t, "lethe.test")
			log, err := forgedLog(t.Context(), key, c.entries)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Now: noon.Add(100 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			named := slices.ContainsFunc(a.Breaches, func(b string) bool { return strings.HasPrefix(b, c.breach+": ") })
			if c.breach == "" && len(a.Breaches) > 0 || c.breach != "" && !named {
				t.Errorf("breaches are %q, want %q", a.Breaches, c.breach)
			}
			if a.LongestAfterUpload != c.longest {
				t.Errorf("the longest life is %v, want %v", a.LongestAfterUpload, c.longest)
			}
		})
	}
}

// copied is a receipt that names a copy which went at another time.
func copied(receipt ledger.Entry, gone time.Time) ledger.Entry {
	value := "page " + gone.Format(time.RFC3339Nano) + " " + gone.Format(time.RFC3339Nano)
	receipt.Fields = append(slices.Clone(receipt.Fields), ledger.Field{Name: ledger.FieldCopy, Value: value})
	return receipt
}

// erased is a receipt that says of itself that the last copy went at another time.
func erased(receipt ledger.Entry, gone time.Time) ledger.Entry {
	receipt.Fields = append(slices.Clone(receipt.Fields), ledger.Time(ledger.FieldErased, gone))
	return receipt
}

// corrected is a correction of the clock: UTC was ahead of the log's time by from, and is by to.
func corrected(at time.Time, from, to time.Duration) ledger.Entry {
	return ledger.Entry{Kind: ledger.Clock, Subject: "-", At: at, Fields: []ledger.Field{
		ledger.Time(ledger.FieldFrom, at.Add(from)), ledger.Time(ledger.FieldTo, at.Add(to)), ledger.Time(ledger.FieldElapsed, at),
	}}
}

// A correction of the clock moves no age: a log that runs ten days ahead of UTC is judged by its own time.
func TestAuditorCountsAgesAcrossACorrectionByElapsedTime(t *testing.T) {
	key := signer(t, "lethe.test")
	ahead := 240 * time.Hour
	d := contradictory()
	d.uploaded, d.ended, d.gone = noon.Add(ahead), noon.Add(ahead+time.Minute), noon.Add(ahead+2*time.Hour)
	open := d
	open.Task = "open"
	told := d.entries()
	at := noon.Add(ahead + time.Hour)
	correction := ledger.Entry{Kind: ledger.Clock, Subject: "-", At: at, Fields: []ledger.Field{
		ledger.Time(ledger.FieldFrom, at), ledger.Time(ledger.FieldTo, at.Add(-ahead)), ledger.Time(ledger.FieldElapsed, at),
	}}
	log, err := forgedLog(t.Context(), key, append(slices.Clone(told[:2]), open.entries()[0], correction, told[2]))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after    time.Duration // since the upload, in true time
		breaches int
	}{{47 * time.Hour, 0}, {50 * time.Hour, 1}} {
		a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Now: noon.Add(c.after)})
		if err != nil {
			t.Fatal(err)
		}
		if a.LongestAfterUpload != 2*time.Hour || len(a.Breaches) != c.breaches || len(a.Corrections) != 1 || a.Corrections[0].To.Sub(a.Corrections[0].From) != -ahead {
			t.Errorf("%v after upload: the longest life is %v, corrected by %+v, breaches are %q", c.after, a.LongestAfterUpload, a.Corrections, a.Breaches)
		}
	}
}

// Whoever reorders, repeats or dates back entries of an honest log makes no life shorter without a breach. What an honest log
// allows, an entry may be late: the time in which entries get their place.
func TestNoForgeryOfEntriesShortensALifeUnnoticed(t *testing.T) {
	key := signer(t, "lethe.test")
	rapid.Check(t, func(t *rapid.T) {
		honest, longest, longestProcessed := honestLog(t)
		for range 5 {
			log, err := forgedLog(t.Context(), key, forged(t, honest))
			if err != nil {
				t.Fatal(err)
			}
			a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Now: noon.Add(1000 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Breaches) > 0 {
				continue
			}
			if a.LongestAfterUpload < longest-ledger.Sequencing || a.LongestAfterProcessing < longestProcessed-ledger.Sequencing {
				t.Errorf("a document lived %v, and %v after processing; the auditor says %v and %v and names no breach",
					longest, longestProcessed, a.LongestAfterUpload, a.LongestAfterProcessing)
			}
		}
	})
}

// honestLog is the lives of a few documents in the order in which they were told, with the doctor's visits between them.
func honestLog(t *rapid.T) (entries []ledger.Entry, longest, longestProcessed time.Duration) {
	hours := func(most int, label string) time.Duration {
		return time.Duration(rapid.IntRange(1, most*60).Draw(t, label)) * time.Minute
	}
	for n := range rapid.IntRange(1, 4).Draw(t, "documents") {
		d := contradictory()
		d.Task = string(rune('a' + n))
		d.uploaded = noon.Add(hours(20, "comes"))
		d.ended = d.uploaded.Add(hours(20, "is read"))
		d.gone = d.ended.Add(hours(20, "is gone"))
		longest = max(longest, d.gone.Sub(d.uploaded))
		longestProcessed = max(longestProcessed, d.gone.Sub(d.ended))
		for _, e := range d.entries() {
			entries = append(entries, ledger.Entry{Kind: ledger.Doctor, Subject: e.Subject + string(e.Kind), At: e.At, Fields: []ledger.Field{{Name: ledger.FieldBreach, Value: "0"}}}, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b ledger.Entry) int { return a.At.Compare(b.At) })
	return entries, longest, longestProcessed
}

// forged changes the log in one of the three ways.
func forged(t *rapid.T, entries []ledger.Entry) []ledger.Entry {
	which := func(label string) int { return rapid.IntRange(0, len(entries)-1).Draw(t, label) }
	from := which("entry")
	for entries[from].Kind == ledger.Doctor { // the lives are in the others
		from++
	}
	switch rapid.SampledFrom([]string{"reorder", "repeat", "date back"}).Draw(t, "forgery") {
	case "reorder":
		e := entries[from]
		entries = slices.Delete(slices.Clone(entries), from, from+1)
		return slices.Insert(entries, rapid.IntRange(0, len(entries)).Draw(t, "to"), e)
	case "repeat":
		by := time.Duration(rapid.IntRange(-30*60, 30*60).Draw(t, "by")) * time.Minute
		return slices.Insert(slices.Clone(entries), which("to"), shifted(entries[from], by))
	default:
		by := time.Duration(rapid.IntRange(1, 30*60).Draw(t, "by")) * time.Minute
		entries = slices.Clone(entries)
		entries[from] = shifted(entries[from], -by)
		return entries
	}
}

// shifted is an entry whose own time, and what it says of the time that it is about, are moved.
func shifted(e ledger.Entry, by time.Duration) ledger.Entry {
	own := map[ledger.Kind]string{ledger.Accepted: ledger.FieldUploaded, ledger.Processed: ledger.FieldEnded}[e.Kind]
	e.At = e.At.Add(by)
	e.Fields = slices.Clone(e.Fields)
	for i, f := range e.Fields {
		if f.Name == own {
			e.Fields[i] = ledger.Time(own, e.Time(own).Add(by))
		}
	}
	return e
}
