package accesslog_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

const life = 400 * 24 * time.Hour

// commitments is the ledger: what was handed in, by subject.
type commitments struct {
	kinds map[string]string
	at    map[string]time.Time
	err   error
}

func (c *commitments) Commit(_ context.Context, kind, subject string, at time.Time) error {
	if c.err == nil {
		c.kinds[subject], c.at[subject] = kind, at
	}
	return c.err
}

type world struct {
	*accesslog.Log
	ledger *commitments
	store  *memory.Store
	faults *storagetest.Faulty
	events bytes.Buffer
	now    time.Time
}

func newWorld() *world {
	w := &world{now: time.Date(2026, 11, 1, 12, 0, 0, 1_234_567, time.UTC), ledger: &commitments{kinds: map[string]string{}, at: map[string]time.Time{}}}
	clock := func() time.Time { return w.now }
	w.store = memory.New(clock)
	w.faults = storagetest.NewFaulty(storagetest.Stores{Blobs: w.store.Blobs(), Records: w.store, Agenda: w.store})
	w.Log = accesslog.New(w.faults.FaultyRecords(), w.ledger, life, clock, slog.New(slog.NewJSONHandler(&w.events, nil)))
	return w
}

// example is an entry with every field.
func example() accesslog.Entry {
	return accesslog.Entry{
		Application: "app-a", Who: "subject-jane", Scope: "reviewer", Act: accesslog.CaseOpened,
		Task: "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", Case: "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d56", Why: "engine killed three times; ticket 4711",
	}
}

func (w *world) record(t *testing.T, e accesslog.Entry) {
	t.Helper()
	if err := w.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func (w *world) list(t *testing.T, q accesslog.Query) []accesslog.Opened {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	page, next, err := w.List(t.Context(), q)
	if err != nil || next != "" {
		t.Fatalf("next page %q, %v", next, err)
	}
	return page
}

func TestEntryCanBeCheckedAgainstTheLedgerByHand(t *testing.T) {
	w := newWorld()
	w.record(t, example())
	got := w.list(t, accesslog.Query{})
	if len(got) != 1 {
		t.Fatalf("%d entries", len(got))
	}
	want := example()
	want.At = w.now.Truncate(time.Millisecond)
	if diff := cmp.Diff(want, got[0].Entry); diff != "" {
		t.Error(diff)
	}
	text := "at 2026-11-01T12:00:00.001Z\napplication app-a\nwho subject-jane\nscope reviewer\nact case.opened\n" +
		"task 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55\ncase 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d56\nwhy engine killed three times; ticket 4711\n"
	sum := sha256.Sum256([]byte("lethe.access.v1\n" + got[0].Nonce + "\n" + text))
	subject := base64.RawURLEncoding.EncodeToString(sum[:])
	if w.ledger.kinds[subject] != "access" || !w.ledger.at[subject].Equal(want.At) || len(w.ledger.kinds) != 1 {
		t.Errorf("the ledger holds %v", w.ledger.kinds)
	}
	if got[0].Commitment() != subject {
		t.Error("the entry tells another commitment")
	}
}

func TestEqualActsHaveDifferentCommitments(t *testing.T) {
	w := newWorld()
	w.record(t, example())
	w.record(t, example())
	if len(w.ledger.kinds) != 2 || len(w.list(t, accesslog.Query{})) != 2 {
		t.Errorf("%d commitments to %d entries", len(w.ledger.kinds), len(w.list(t, accesslog.Query{})))
	}
}

func TestReasonsAndIdsOfTasksStayOutOfTheLedger(t *testing.T) {
	w := newWorld()
	e := example()
	w.record(t, e)
	for subject := range w.ledger.kinds {
		for _, told := range []string{e.Who, e.Task, e.Case, e.Why, e.Application} {
			if strings.Contains(subject, told) {
				t.Errorf("the ledger tells %q", told)
			}
		}
	}
	if strings.Contains(w.events.String(), e.Why) || !strings.Contains(w.events.String(), "access.recorded") {
		t.Errorf("event: %s", &w.events)
	}
}

func TestAccessLogForgets(t *testing.T) {
	w := newWorld()
	w.record(t, example())
	due := func(after time.Duration) int {
		entries, err := w.store.Due(t.Context(), w.now.Add(after), nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if due(life-time.Minute) != 0 || due(life) != 1 {
		t.Errorf("due a minute early: %d, in time: %d", due(life-time.Minute), due(life))
	}
}

func TestActWithoutRecordIsAnError(t *testing.T) {
	lost := fault.New(fault.StorageUnavailable, "storage did not answer")
	w := newWorld()
	for name, hook := range map[string]func(storagetest.Hook){"before": w.faults.Before, "after": w.faults.After} {
		hook(func(op storagetest.Op, _ string) error {
			if op.Writes() {
				return lost
			}
			return nil
		})
		if err := w.Record(t.Context(), example()); !errors.Is(err, fault.Unavailable) {
			t.Errorf("write lost %s its effect: %v", name, err)
		}
		w.faults.Heal()
	}
	if len(w.ledger.kinds) != 0 {
		t.Error("the ledger commits to a text that may not exist")
	}
	w.ledger.err = lost
	if err := w.Record(t.Context(), example()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("ledger away: %v", err)
	}
	if strings.Contains(w.events.String(), "access.recorded") {
		t.Error("an event tells of an act that was not recorded")
	}
}

func TestWhatCannotBeReadBackIsRefused(t *testing.T) {
	w := newWorld()
	for name, change := range map[string]func(*accesslog.Entry){
		"no application":       func(e *accesslog.Entry) { e.Application = "" },
		"nobody":               func(e *accesslog.Entry) { e.Who = "" },
		"no scope":             func(e *accesslog.Entry) { e.Scope = "" },
		"unknown act":          func(e *accesslog.Entry) { e.Act = "case.dropped" },
		"line end in reason":   func(e *accesslog.Entry) { e.Why = "a\nwho subject-john" },
		"escape in reason":     func(e *accesslog.Entry) { e.Why = "a\x1b[2J" },
		"reason not in UTF-8":  func(e *accesslog.Entry) { e.Why = "\xff" },
		"reason without end":   func(e *accesslog.Entry) { e.Why = strings.Repeat("x", accesslog.MaxReason+1) },
		"space in who":         func(e *accesslog.Entry) { e.Who = "Jane Doe" },
		"line end in the task": func(e *accesslog.Entry) { e.Task = "a\ncase b" },
	} {
		e := example()
		change(&e)
		if err := w.Record(t.Context(), e); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	if got := w.list(t, accesslog.Query{}); len(got) != 0 {
		t.Errorf("%d entries", len(got))
	}
}

// acts records one act of each application in each of so many minutes.
func (w *world) acts(t *testing.T, minutes int, applications ...string) {
	t.Helper()
	for range minutes {
		for _, a := range applications {
			w.record(t, accesslog.Entry{Application: a, Who: a, Scope: "read", Act: accesslog.ResultLink})
		}
		w.now = w.now.Add(time.Minute)
	}
}

func TestApplicationSeesItsOwnEntriesOnly(t *testing.T) {
	w := newWorld()
	w.acts(t, 3, "app-a", "app-b", accesslog.Stamp)
	for _, e := range w.list(t, accesslog.Query{Application: "app-b"}) {
		if e.Application != "app-b" {
			t.Errorf("entry of %s", e.Application)
		}
	}
	if n := len(w.list(t, accesslog.Query{Application: "app-b"})); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
	// A cursor that names another application opens nothing of it.
	page, _, err := w.List(t.Context(), accesslog.Query{Application: "app-b", After: "app-a~0", Limit: 100})
	for _, e := range page {
		if e.Application != "app-b" {
			t.Errorf("entry of %s by a forged cursor, %v", e.Application, err)
		}
	}
}

func TestPagesHoldEveryEntrySinceATimeOnce(t *testing.T) {
	w := newWorld()
	w.acts(t, 5, "app-a", "app-b")
	since := w.now
	w.acts(t, 4, "app-a", "app-c")
	for _, limit := range []int{1, 2, 3, 7, 8, 100} {
		got := map[string]int{}
		cursor, pages := "", 0
		for {
			page, next, err := w.List(t.Context(), accesslog.Query{Since: since, After: cursor, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				if e.At.Before(since.Truncate(time.Millisecond)) {
					t.Errorf("entry of %v, want since %v", e.At, since)
				}
				got[e.Application+e.At.String()]++
			}
			if pages++; next == "" || pages > 100 {
				break
			}
			cursor = next
		}
		if len(got) != 8 {
			t.Errorf("pages of %d: %d entries, want 8", limit, len(got))
		}
		for _, n := range got {
			if n != 1 {
				t.Errorf("pages of %d: an entry came %d times", limit, n)
			}
		}
	}
	if n := len(w.list(t, accesslog.Query{Application: "app-a", Since: since})); n != 4 {
		t.Errorf("%d entries of one application, want 4", n)
	}
}

func TestMadeUpCursorIsRefused(t *testing.T) {
	w := newWorld()
	for _, cursor := range []string{"x", "~", "a~", "~b", "a~b/c", "a~b~c", "a\n~b"} {
		if _, _, err := w.List(t.Context(), accesslog.Query{After: cursor, Limit: 1}); !errors.Is(err, fault.BadField) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
}

func TestRecordOfANewerProgramIsNotMisread(t *testing.T) {
	w := newWorld()
	_, err := w.store.Put(t.Context(), storage.Record{
		Key: storage.Key{Table: storage.AccessLog, Partition: "app-a", Row: "0000000000001!00"}, Value: []byte(`{"v":2,"text":"","nonce":""}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.List(t.Context(), accesslog.Query{Limit: 1}); err == nil {
		t.Error("it was read")
	}
}

func FuzzParseEntry(f *testing.F) {
	e := example()
	e.At = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f.Add(e.Text())
	e.Task, e.Case, e.Why = "", "", ""
	f.Add(e.Text())
	f.Add("at \nwho a b\nwho c\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := accesslog.ParseEntry(text)
		if err == nil && e.Text() != text {
			t.Error("what was read is written differently")
		}
		if err != nil && e != (accesslog.Entry{}) {
			t.Error("refused, but something was returned")
		}
	})
}
