package task_test

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// soakRounds is how often the model is checked anew when LETHE_SOAK is set.
const soakRounds = 40

// sweepEvery and passEvery are the longest pauses of the retention function that the model allows.
const (
	sweepEvery = 10 * time.Minute
	passEvery  = 6 * time.Hour
)

// slack is how long an accepted delete may take at most: the lease, the longest write, and a few sweeps that meet a fault.
const slack = time.Hour

func TestNoHistoryBreaksThePromise(t *testing.T) {
	rounds := 1
	if os.Getenv("LETHE_SOAK") != "" {
		rounds = soakRounds
	}
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			rapid.SyncTest(t, func(t *rapid.T) {
				m := &model{world: newWorld(t)}
				m.inParts(rapid.IntRange(1, 3).Draw(t, "pages of a part"), rapid.IntRange(1, 3).Draw(t, "parts at once"))
				t.Repeat(map[string]func(*rapid.T){
					"":            m.check,
					"create":      m.create,
					"upload":      m.upload,
					"event":       m.event,
					"process":     m.processOne,
					"work":        func(*rapid.T) { m.work() },
					"crash":       m.crashOne,
					"give up":     m.giveUp,
					"delete":      m.deleteOne,
					"fetch":       m.fetch,
					"sweep":       func(*rapid.T) { m.tolerate(m.doSweep()) },
					"full pass":   func(*rapid.T) { m.tolerate(m.doPass()) },
					"lose queue":  func(*rapid.T) { m.queue.take() },
					"rescan":      m.rescan,
					"engine":      m.script,
					"fault":       m.fault,
					"moments":     m.moments,
					"hours":       m.hours,
					"renew":       m.renew,
					"full upload": m.uploadWithEvent,
					"hold":        m.hold,
					"picture":     m.addPicture,
					"start":       m.startOne,
				})
				m.finish()
			})
		})
	}
}

// model plays clients, events, workers and the clock against a world, and knows what was promised.
type model struct {
	*world
	tasks  []*known
	sweptT time.Time
	passT  time.Time
}

// known is what the outside knows of a task.
type known struct {
	ref     task.Ref
	sent    bool      // its link was used
	deleted time.Time // a delete succeeded then
}

// tolerate accepts only faults that the model itself caused.
func (m *model) tolerate(err error) bool {
	m.Helper()
	if err != nil && !errors.Is(err, errStruck) {
		m.Fatalf("unexpected: %v", err)
	}
	return err == nil
}

var errStruck = errors.New("struck by the model")

func struck() error { return fault.Wrap(errStruck, fault.StorageUnavailable, "away") }

func (m *model) any(t *rapid.T) *known {
	if len(m.tasks) == 0 {
		t.Skip("no task yet")
	}
	return rapid.SampledFrom(m.tasks).Draw(t, "task")
}

func (m *model) create(t *rapid.T) {
	o := order()
	o.Settings.Retain = rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 5 * time.Hour}).Draw(t, "retain")
	o.Settings.DeleteOnFetch = rapid.Bool().Draw(t, "delete on fetch")
	o.Settings.Formats = rapid.SampledFrom([][]render.Format{{render.TXT}, {render.TXT, render.PDF}}).Draw(t, "formats")
	a, err := m.Create(m.Context(), o)
	if m.tolerate(err) {
		m.tasks = append(m.tasks, &known{ref: a.Task.Ref})
	}
}

// upload uses a link that still lives, whatever became of the task, and loses the event.
func (m *model) upload(t *rapid.T) {
	k := m.any(t)
	at, err := m.look(k.ref)
	if err != nil || k.sent || time.Now().After(at.LinkEnds) {
		t.Skip("no link")
	}
	k.sent = true
	doc := rapid.SampledFrom([]string{content, content, content, "", "damaged"}).Draw(t, "document")
	m.world.upload(k.ref, doc)
}

func (m *model) uploadWithEvent(t *rapid.T) {
	m.upload(t)
	for _, k := range m.tasks {
		if k.sent {
			_, err := m.Landed(m.Context(), k.ref.UploadName())
			m.tolerateGone(err)
		}
	}
}

func (m *model) tolerateGone(err error) {
	m.Helper()
	if !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.TaskErased) {
		m.tolerate(err)
	}
}

func (m *model) event(t *rapid.T) {
	_, err := m.Landed(m.Context(), m.any(t).ref.UploadName())
	m.tolerateGone(err)
}

func (m *model) processOne(t *rapid.T) {
	_, err := m.Process(m.Context(), m.any(t).ref.Job())
	m.tolerate(err)
}

func (m *model) work() {
	for _, p := range m.queue.take() {
		_, err := m.Process(m.Context(), p.job)
		m.tolerate(err)
	}
}

func (m *model) crashOne(t *rapid.T) {
	k := m.any(t)
	m.faulty.Heal()
	m.crash(k.ref)
}

func (m *model) giveUp(t *rapid.T) { m.tolerate(m.GiveUp(m.Context(), m.any(t).ref.Job())) }

func (m *model) deleteOne(t *rapid.T) {
	k := m.any(t)
	_, err := m.Delete(m.Context(), k.ref)
	if errors.Is(err, fault.TaskNotFound) {
		return // forgotten
	}
	if m.tolerate(err) && k.deleted.IsZero() {
		k.deleted = time.Now()
	}
}

func (m *model) fetch(t *rapid.T) {
	k := m.any(t)
	got, err := m.Get(m.Context(), k.ref)
	if err != nil || got.State != task.Completed {
		m.tolerateGone(err)
		return
	}
	for _, r := range got.Results {
		if err := m.world.fetch(k.ref, r.Format); err != nil {
			t.Fatalf("a completed task has no %s: %v", r.Format, err)
		}
		err := m.Fetched(m.Context(), k.ref, r.Format)
		if err != nil {
			m.tolerateGone(err)
			return
		}
	}
	if got.Settings.DeleteOnFetch {
		k.deleted = time.Now()
	}
}

func (m *model) renew(t *rapid.T) {
	_, err := m.RenewUpload(m.Context(), m.any(t).ref)
	if !errors.Is(err, fault.WrongState) {
		m.tolerateGone(err)
	}
}

func (m *model) rescan(*rapid.T) {
	_, err := m.Rescan(m.Context())
	m.tolerate(err)
}

// script changes what the engine does from here on.
func (m *model) script(t *rapid.T) {
	m.engine.always = rapid.SampledFrom([]map[int]error{
		nil, nil, {2: damaged()}, {1: damaged(), 2: damaged(), 3: damaged()}, {3: away()}, {0: away()},
	}).Draw(t, "pages")
}

// fault makes one of the next writes fail once, before or after its effect.
func (m *model) fault(t *rapid.T) {
	n := rapid.Int64Range(1, 6).Draw(t, "write")
	var writes atomic.Int64
	hook := func(op storagetest.Op, _ string) error {
		if op.Writes() && writes.Add(1) == n {
			return struck()
		}
		return nil
	}
	m.faulty.Heal()
	if rapid.Bool().Draw(t, "after its effect") {
		m.faulty.After(hook)
	} else {
		m.faulty.Before(hook)
	}
}

func (m *model) doSweep() error {
	m.sweptT = time.Now()
	_, err := m.Sweep(m.Context())
	return err
}

func (m *model) doPass() error {
	m.passT = time.Now()
	_, err := m.FullPass(m.Context())
	return err
}

func (m *model) moments(t *rapid.T) {
	m.advance(time.Duration(rapid.IntRange(1, 900).Draw(t, "seconds")) * time.Second)
}

func (m *model) hours(t *rapid.T) {
	m.advance(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
}

// advance lets time go by while the retention function runs as often as it must.
func (m *model) advance(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		pass(min(time.Until(end), sweepEvery-time.Minute))
		if time.Since(m.sweptT) >= sweepEvery-time.Minute {
			m.tolerate(m.doSweep())
		}
		if time.Since(m.passT) >= passEvery {
			m.tolerate(m.doPass())
		}
		m.checkCopies()
	}
}

// check holds after every step.
func (m *model) check(*rapid.T) {
	m.checkCopies()
	for _, k := range m.tasks {
		if !k.deleted.IsZero() {
			m.checkNothingFetchable(k.ref)
		}
	}
}

// checkCopies asserts that no copy is older than its limit.
func (m *model) checkCopies() {
	m.Helper()
	now := time.Now()
	for _, b := range m.copies() {
		if now.Sub(b.Created) > retention.UnprocessedLimit {
			m.Fatalf("%s is %v old", container(b.Name), now.Sub(b.Created))
		}
		_, ref, _, err := task.ParseName(b.Name)
		if err != nil {
			m.Fatalf("%v", err)
		}
		t, err := m.look(ref)
		if err != nil {
			continue
		}
		if !t.Ended.IsZero() && now.Sub(t.Ended) > retention.ProcessedLimit && b.Created.Before(t.Ended.Add(time.Second)) {
			m.Fatalf("%s is there %v after the end of processing", container(b.Name), now.Sub(t.Ended))
		}
		if t.State == task.Deleted && b.Created.Before(t.Removed) && now.Sub(t.Removed) > slack {
			m.Fatalf("%s is there %v after the delete", container(b.Name), now.Sub(t.Removed))
		}
		if t.State == task.Deleted && now.Sub(b.Created) > passEvery+slack && now.Sub(t.Removed) > passEvery+slack {
			m.Fatalf("%s came late and is there after %v", container(b.Name), now.Sub(b.Created))
		}
	}
}

func container(name string) string {
	c, _, _ := strings.Cut(name, "/")
	return c
}

// finish heals everything: no task stays in limbo, and when the clocks have run out nothing is left.
func (m *model) finish() {
	m.faulty.Heal()
	m.engine.always = nil
	for range 30 {
		m.work()
		m.advance(sweepEvery)
	}
	m.tolerate(m.doPass())
	for _, k := range m.tasks {
		t, err := m.look(k.ref)
		if errors.Is(err, fault.TaskNotFound) {
			continue
		}
		if err != nil {
			m.Fatalf("%v", err)
		}
		if t.State == task.Queued || t.State == task.InProgress || t.State == task.Submitted && k.sent && !t.Held {
			m.Fatalf("the task is %s for ever", t.State)
		}
		want := len(t.Results)
		if t.Upload == task.UntilDeadline {
			want += t.FileCount()
		}
		if t.State == task.Completed && len(m.blobsOf(k.ref)) != want {
			m.Fatalf("blobs of a completed task: %v", m.blobsOf(k.ref))
		}
		if t.State == task.Deleted {
			m.checkNothingLeft(k.ref)
		}
	}
	m.advance(retention.UnprocessedLimit)
	pass(32 * 24 * time.Hour)
	for range 2 {
		m.tolerate(m.doPass())
		m.tolerate(m.doSweep())
	}
	m.checkQuiet()
	m.checkLog()
}
