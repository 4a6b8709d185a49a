package task_test

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// life is one task of the sweep over two days; times are counted from its creation.
type life struct {
	name      string
	upload    bool
	processed time.Duration // when its processing ends; negative for never
	deleted   time.Duration // when it is deleted; zero for never
	wish      time.Duration
	erased    time.Duration // when it must be gone
	reason    retention.Reason
}

func lives() []life {
	const hour, never = time.Hour, -1
	return []life{
		{name: "never uploaded", processed: never, erased: 24 * hour, reason: retention.NeverUploaded},
		{name: "never processed", upload: true, processed: never, erased: 47 * hour, reason: retention.AfterUpload},
		{name: "processed at once", upload: true, erased: 23 * hour, reason: retention.AfterProcessing},
		{name: "processed after 20 hours", upload: true, processed: 20 * hour, erased: 43 * hour, reason: retention.AfterProcessing},
		{name: "processed after 46 hours", upload: true, processed: 46 * hour, erased: 47 * hour, reason: retention.AfterUpload},
		{name: "past its clock", upload: true, processed: 47*hour + 5*time.Minute, erased: 47 * hour, reason: retention.AfterUpload},
		{name: "tenant's wish", upload: true, processed: hour, wish: 2 * hour, erased: 3 * hour, reason: retention.TenantWish},
		{name: "wish that does not lengthen", upload: true, processed: 30 * hour, wish: 22 * hour, erased: 47 * hour, reason: retention.AfterUpload},
		{name: "deleted", upload: true, processed: hour, deleted: 5 * hour, erased: 5 * hour, reason: retention.DeleteRequested},
		{name: "deleted unprocessed", upload: true, processed: never, deleted: 5 * hour, erased: 5 * hour, reason: retention.DeleteRequested},
	}
}

func TestEveryTaskIsErasedAtItsTimeAndForgottenAfterThirtyDays(t *testing.T) {
	const step = 5 * time.Minute
	inWorld(t, func(t *testing.T, w *world) {
		began := time.Now()
		all := lives()
		refs := map[string]task.Ref{}
		for _, l := range all {
			o := order()
			o.IdempotencyKey = l.name
			o.Settings.Retain = l.wish
			ref := w.create(o)
			if l.upload {
				w.upload(ref, content)
				w.landed(ref)
			}
			refs[l.name] = ref
		}
		for at := time.Duration(0); at <= 49*time.Hour; at += step {
			for _, l := range all {
				switch ref := refs[l.name]; {
				case l.deleted > 0 && at == l.deleted:
					w.delete(ref)
				case l.upload && at == l.processed:
					w.mustProcess(ref, task.Done)
				}
			}
			w.sweep()
			w.queue.take()
			for _, l := range all {
				got, err := w.look(refs[l.name])
				if err != nil {
					t.Fatal(err)
				}
				if gone := got.State == task.Deleted; gone != (at >= l.erased) {
					t.Fatalf("%s: after %v it is %s, to be erased after %v", l.name, at, got.State, l.erased)
				}
				if at < l.erased {
					continue
				}
				w.checkNothingLeft(refs[l.name])
				if got.Reason != l.reason || !got.Erased.Equal(began.Add(l.erased)) {
					t.Fatalf("%s: erased after %v for %q, want %v for %q", l.name, got.Erased.Sub(began), got.Reason, l.erased, l.reason)
				}
			}
			pass(step)
		}
		if left := w.names(); len(left) != 0 {
			t.Errorf("blobs left: %v", left)
		}
		if left := w.records(storage.Idempotency); len(left) != 0 {
			t.Errorf("idempotency keys left: %v", left)
		}
		for day := 2; day <= 33; day++ {
			pass(time.Until(began.Add(time.Duration(day)*24*time.Hour + time.Hour)))
			w.sweep()
			for _, l := range all {
				_, kept := w.record(refs[l.name])
				if old := time.Since(began) >= l.erased+30*24*time.Hour; kept == old && time.Since(began) > l.erased {
					t.Errorf("%s: on day %d its tombstone is there: %t", l.name, day, kept)
				}
			}
		}
		w.checkQuiet()
	})
}

// noneOpen is a count of no open tasks.
var noneOpen = regexp.MustCompile(`^{"v":1,"changed":"[^"]*"}$`)

// metered is a record of what ended on a day.
var metered = regexp.MustCompile(`^[0-9]{8}![0-9]$`)

// checkQuiet asserts that nothing is stored but the notes of the last sweep and full pass, a count of no open tasks, and how many
// ended by day: as many as the ledger says.
func (w *world) checkQuiet() {
	w.Helper()
	ended := w.checkLedger()
	if got := w.metered(); got.Documents != ended {
		w.Errorf("%d documents are counted of which processing ended, the ledger knows %d", got.Documents, ended)
	}
	if left := w.names(); len(left) != 0 {
		w.Errorf("blobs left: %v", left)
	}
	for _, table := range storage.Tables() {
		for _, rec := range w.records(table) {
			switch {
			case table == storage.State && (rec.Row == "sweep" || rec.Row == "fullpass" || rec.Row == "head"):
			case table == storage.Usage && rec.Row == "open" && noneOpen.Match(rec.Value):
			case table == storage.Usage && metered.MatchString(rec.Row) && !identifier.Match(rec.Value):
			default:
				w.Errorf("left in %s: %s %s", table, rec.Row, rec.Value)
			}
		}
	}
	due, err := w.store.Due(w.Context(), time.Now().Add(1000*time.Hour), nil, 10)
	if err != nil || len(due) != 0 {
		w.Errorf("due entries left: %v, %v", due, err)
	}
}

// Retention does not hang on the timer alone.
func TestAnyCallSweepsWhenTheTimerIsSilent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var refs []task.Ref
		for range 450 {
			refs = append(refs, w.completed(order()))
		}
		w.sweep()
		pass(5 * time.Minute)
		if swept, err := w.CatchUp(t.Context()); swept || err != nil {
			t.Errorf("five minutes after a sweep: %t, %v", swept, err)
		}
		pass(24 * time.Hour)
		for call, want := range []bool{true, false} {
			if swept, err := w.CatchUp(t.Context()); swept != want || err != nil {
				t.Errorf("call %d: %t, %v", call+1, swept, err)
			}
		}
		pass(time.Minute)
		if swept, err := w.CatchUp(t.Context()); !swept || err != nil {
			t.Errorf("while more is due: %t, %v", swept, err)
		}
		left := 0
		for _, ref := range refs {
			left += len(w.blobsOf(ref))
		}
		if left == 0 || left == len(refs) {
			t.Errorf("%d results are left: the batch is not bounded, or erased nothing", left)
		}
		w.sweep()
		w.checkNothingLeft(refs[len(refs)-1])
	})
}

// checkLedger asserts that the ledger can be checked from outside and that every document in it has its receipt.
func (w *world) checkLedger() (ended int64) {
	w.Helper()
	l := w.ledger()
	if _, err := l.Sequence(w.Context()); err != nil {
		w.Fatalf("sequence: %v", err)
	}
	audit, err := ledger.Check(w.Context(), ledgerFiles{w}, ledger.Examination{Keys: []string{w.signer.Public()}, Now: time.Now(), Visit: func(e ledger.Entry) {
		w.checkEntry(e)
		if e.Kind == ledger.Erased && !e.Time(ledger.FieldEnded).IsZero() {
			ended++
		}
	}})
	if err != nil {
		w.Fatalf("audit: %v", err)
	}
	if audit.Open != 0 || audit.Erased != audit.Documents {
		w.Errorf("the ledger says %+v", audit)
	}
	pass(31 * 24 * time.Hour) // the places of receipts are forgotten
	w.sweep()
	return ended
}

// checkEntry asserts that an entry of the ledger tells nothing of a task but when what happened to it.
func (w *world) checkEntry(e ledger.Entry) {
	text := e.Text()
	for _, canary := range []string{app, password, content, word, "uploads/", "results/"} {
		if strings.Contains(text, canary) {
			w.Errorf("the ledger holds %q: %s", canary, text)
		}
	}
	if found := identifier.FindString(text); found != "" {
		w.Errorf("the ledger holds the id %s: %s", found, text)
	}
}

// identifier is the form of a task's id.
var identifier = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-`)

// ledgerFiles is a copy of the ledger as an auditor has it.
type ledgerFiles struct{ *world }

// ReadFile implements ledger.Source.
func (w ledgerFiles) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := w.blobs.Get(ctx, storage.Ledger+"/"+path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}
