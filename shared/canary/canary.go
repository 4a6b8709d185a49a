// Package canary sends a synthetic page through the whole service again and again: upload link, recognition, result, and its
// erasure at the deadline. It logs what it observes as events, so that a stamp that stopped recognising or erasing
// is noticed before a client does.
package canary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Application owns the canary's tasks. No credentials belong to it.
const Application = "canary"

const (
	retain   = 5 * time.Minute  // retention that the canary asks for: its task is erased soon, by its deadline
	readTime = 20 * time.Minute // it must be read by then
	goneTime = 20 * time.Minute // and gone so long after its end
)

// Tasks is what the canary calls. *task.Service implements it.
type Tasks interface {
	Create(ctx context.Context, o task.Order) (task.Accepted, error)
	Get(ctx context.Context, ref task.Ref) (*task.Task, error)
	Tombstone(ctx context.Context, ref task.Ref) (*task.Task, error)
	OpenResult(ctx context.Context, ref task.Ref, f render.Format) (*task.Stream, error)
}

// Ledger takes what was observed. *ledger.Log implements it.
type Ledger interface {
	Append(ctx context.Context, e ledger.Entry) error
}

// Config is what a Canary needs.
type Config struct {
	Tasks    Tasks
	Records  storage.Records
	Ledger   Ledger
	Upload   func(ctx context.Context, link storage.Link, document []byte) error // as a client does it
	Interval time.Duration                                                       // between two canaries; 0 for none at all
	Now      func() time.Time
	Log      *slog.Logger
}

// Canary follows one page at a time. Tick may be called by many processes.
type Canary struct{ Config }

// New returns a Canary.
func New(cfg Config) *Canary { return &Canary{cfg} }

// flight is the page under way, or the last one.
type flight struct {
	ID    string    `json:"id,omitempty"` // of the task; empty when none is under way
	Began time.Time `json:"began"`
	Read  time.Time `json:"read,omitzero"`  // when its text was found right
	Ended time.Time `json:"ended,omitzero"` // when its processing ended

	etag string
}

func key() storage.Key {
	return storage.Key{Table: storage.State, Partition: "canary", Row: "flight"}
}

// Tick does what is next: sends a page, reads its text, or checks whether it is gone. Of several processes one does it. A
// canary that failed is logged and given up; the next one starts on schedule.
func (c *Canary) Tick(ctx context.Context) error {
	if c.Interval == 0 {
		return nil
	}
	f, err := c.load(ctx)
	if err != nil {
		return err
	}
	switch {
	case f.ID == "" && !f.Began.IsZero() && c.Now().Sub(f.Began) < c.Interval:
		return nil
	case f.ID == "":
		err = c.send(ctx, f)
	case f.Read.IsZero():
		err = c.read(ctx, f)
	default:
		err = c.look(ctx, f)
	}
	if errors.Is(err, fault.ETagMismatch) || errors.Is(err, fault.AlreadyExists) {
		return nil // another process does it
	}
	return err
}

// formatVersion is the version of the format of the record of a flight.
const formatVersion = 1

func (c *Canary) load(ctx context.Context) (flight, error) {
	rec, err := c.Records.Get(ctx, key())
	if errors.Is(err, fault.NotFound) {
		return flight{}, nil
	}
	if err != nil {
		return flight{}, err
	}
	f := flight{etag: rec.ETag}
	if err := storage.Decode(rec.Value, formatVersion, &f); err != nil {
		return flight{}, fmt.Errorf("decode the canary's record: %w", err)
	}
	return f, nil
}

func (c *Canary) save(ctx context.Context, f *flight) error {
	value, err := storage.Encode(formatVersion, f)
	if err != nil {
		return fmt.Errorf("encode the canary's record: %w", err)
	}
	f.etag, err = c.Records.Put(ctx, storage.Record{Key: key(), Value: value, ETag: f.etag})
	return err
}

// send takes the turn first, so that two processes do not send two pages.
func (c *Canary) send(ctx context.Context, f flight) error {
	f = flight{Began: c.Now().UTC(), etag: f.etag}
	if err := c.save(ctx, &f); err != nil {
		return err
	}
	document, err := page()
	if err != nil {
		return err
	}
	a, err := c.Tasks.Create(ctx, task.Order{Application: Application, Settings: task.Settings{Formats: []render.Format{render.TXT}, Retain: retain}})
	if errors.Is(err, fault.IntakeClosed) {
		return nil // logged by whoever closed it; the next page is sent on schedule
	}
	if err != nil {
		return c.fail(ctx, f, "create", err)
	}
	f.ID = a.Task.Ref.ID
	if err := c.save(ctx, &f); err != nil {
		return err
	}
	if err := c.Upload(ctx, *a.Upload, document); err != nil {
		return c.fail(ctx, f, "upload", err)
	}
	return nil
}

// read checks the text once the page was processed.
func (c *Canary) read(ctx context.Context, f flight) error {
	ref := task.Ref{Application: Application, ID: f.ID}
	t, err := c.Tasks.Get(ctx, ref)
	switch {
	case errors.Is(err, fault.TaskErased), errors.Is(err, fault.NotFound):
		return c.fail(ctx, f, "read", errors.New("gone before it was read"))
	case err != nil:
		return err
	case t.State == task.ProcessingFailed:
		return c.fail(ctx, f, "process", t.Failure.Code)
	case t.State != task.Completed && c.Now().Sub(f.Began) < readTime:
		return nil
	case t.State != task.Completed:
		return c.fail(ctx, f, "process", errors.New("not read in time"))
	}
	text, err := c.text(ctx, ref)
	if err != nil {
		return err
	}
	if !strings.Contains(strings.ToUpper(text), word) {
		return c.fail(ctx, f, "read", errors.New("the text is wrong"))
	}
	f.Read, f.Ended = c.Now().UTC(), t.Ended
	return c.save(ctx, &f)
}

func (c *Canary) text(ctx context.Context, ref task.Ref) (string, error) {
	r, err := c.Tasks.OpenResult(ctx, ref, render.TXT)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(r, 1<<16))
	return string(text), errors.Join(err, r.Close())
}

// look waits until the page is erased.
func (c *Canary) look(ctx context.Context, f flight) error {
	t, err := c.Tasks.Tombstone(ctx, task.Ref{Application: Application, ID: f.ID})
	if err != nil && !errors.Is(err, fault.WrongState) {
		return err
	}
	if err != nil || t.Erased.IsZero() {
		if c.Now().Sub(f.Ended) > retain+goneTime {
			return c.fail(ctx, f, "erase", errors.New("not gone in time"))
		}
		return nil
	}
	c.Log.InfoContext(ctx, logevent.CanaryDone, "task", Application+"/"+f.ID,
		"seconds_to_result", f.Ended.Sub(f.Began).Seconds(), "seconds_to_erasure", t.Erased.Sub(f.Ended).Seconds())
	return c.settle(ctx, f, ledger.Done, t.Erased)
}

// settle writes the outcome into the ledger and makes room for the next canary.
func (c *Canary) settle(ctx context.Context, f flight, outcome string, gone time.Time) error {
	fields := []ledger.Field{{Name: ledger.FieldOutcome, Value: outcome}}
	if outcome == ledger.Done {
		fields = append(fields, seconds(ledger.FieldRead, f.Ended.Sub(f.Began)), seconds(ledger.FieldGone, gone.Sub(f.Ended)))
	}
	err := c.Ledger.Append(ctx, ledger.Entry{
		Kind: ledger.Canary, Subject: ledger.Commitment("canary", ledger.NewNonce(), f.ID), At: c.Now(), Fields: fields,
	})
	f.ID = ""
	return errors.Join(err, c.save(ctx, &f))
}

func seconds(name string, d time.Duration) ledger.Field {
	return ledger.Field{Name: name, Value: strconv.FormatFloat(d.Seconds(), 'f', 1, 64)}
}

// fail logs that this page failed, and gives it up. Its task is erased at its deadline like any other.
func (c *Canary) fail(ctx context.Context, f flight, step string, cause error) error {
	c.Log.ErrorContext(ctx, logevent.CanaryFailed, "task", Application+"/"+f.ID, "step", step, "kind", fault.KindOf(cause), "seconds", c.Now().Sub(f.Began).Seconds())
	return c.settle(ctx, f, step+"-failed", time.Time{})
}
