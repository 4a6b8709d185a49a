package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// A log shows of a genuine receipt that it stands there, that it may still come, or that it was left out or replaced.
func TestReceiptIsFoundInTheLogOrMissedThere(t *testing.T) {
	w := newWorld(t)
	d := w.document(7)
	if err := w.tell(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	early, err := w.Receipt(t.Context(), d.Opening, d.receipt())
	if err != nil {
		t.Fatal(err)
	}
	visit := func(after time.Duration) ledger.Entry {
		return ledger.Entry{Kind: ledger.Doctor, Subject: "-", At: d.gone.Add(after)}
	}
	other := d.receipt()
	other.Fields = append(slices.Clone(other.Fields), ledger.Field{Name: ledger.FieldOutcome, Value: "made up"})
	altered := []byte(strings.Replace(string(early), "reason delete-requested", "reason nobody-asked", 1))
	for name, c := range map[string]struct {
		entries []ledger.Entry
		receipt []byte
		want    error
		says    string
	}{
		"in the log":        {d.entries(), early, nil, ""},
		"not sequenced yet": {append(d.entries()[:2], visit(ledger.Sequencing)), early, ledger.ErrNotLogged, "younger than what this log tells of"},
		"left out":          {append(d.entries()[:2], visit(ledger.Sequencing+time.Second)), early, ledger.ErrBroken, "the log does not contain it"},
		"replaced":          {append(d.entries()[:2], other), early, ledger.ErrBroken, `the log says "outcome made up"`},
		"altered":           {d.entries(), altered, ledger.ErrAltered, `the receipt says "reason nobody-asked", the log says "reason delete-requested"`},
		"altered, left out": {d.entries()[:2], altered, ledger.ErrAltered, "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := forgedLog(t.Context(), w.Signer, c.entries)
			if err != nil {
				t.Fatal(err)
			}
			x := ledger.Examination{Keys: []string{w.Signer.Public()}, Now: noon.Add(3 * time.Hour)}
			v, audit, err := ledger.Locate(t.Context(), log, x, c.receipt)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Fatalf("Locate: %v, want %v: %s", err, c.want, c.says)
			}
			if audit == nil || (err == nil) != v.Logged || v.Logged && (v.Index != 3 || v.Size != 4) {
				t.Errorf("Locate = %+v, %v", v, audit)
			}
		})
	}
}

// The limits of a contract are held against receipts and, once a receipt had time to be sequenced, against documents without one.
func TestLimitsOfAContractAreChecked(t *testing.T) {
	key := signer(t, "lethe.test")
	d := contradictory() // gone after an hour
	for name, c := range map[string]struct {
		entries []ledger.Entry
		limits  ledger.Limits
		now     time.Duration // since the upload
		over    int
	}{
		"none":                         {d.entries(), ledger.Limits{}, 2 * time.Hour, 0},
		"kept":                         {d.entries(), ledger.Limits{AfterUpload: time.Hour, AfterProcessing: 59 * time.Minute}, 2 * time.Hour, 0},
		"missed after upload":          {d.entries(), ledger.Limits{AfterUpload: time.Hour - time.Second}, 2 * time.Hour, 1},
		"missed after processing":      {d.entries(), ledger.Limits{AfterProcessing: 59*time.Minute - time.Second}, 2 * time.Hour, 1},
		"no receipt, which may wait":   {d.entries()[:2], ledger.Limits{AfterUpload: time.Hour}, 2 * time.Hour, 0},
		"no receipt, which is missing": {d.entries()[:2], ledger.Limits{AfterUpload: time.Hour}, 2*time.Hour + time.Second, 1},
		"no receipt since processing":  {d.entries()[:2], ledger.Limits{AfterUpload: 9 * time.Hour, AfterProcessing: time.Hour}, 2*time.Hour + time.Minute + time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := forgedLog(t.Context(), key, c.entries)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Limits: c.limits, Now: noon.Add(c.now)})
			if err != nil {
				t.Fatal(err)
			}
			over := slices.DeleteFunc(slices.Clone(a.Breaches), func(b string) bool { return !strings.HasPrefix(b, ledger.OverLimit+": ") })
			if len(over) != c.over {
				t.Errorf("breaches are %q, want %d over the limit", a.Breaches, c.over)
			}
		})
	}
}
