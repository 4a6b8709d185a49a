package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

func decoded(t *testing.T, rec storage.Record) *task.Task {
	t.Helper()
	got := &task.Task{}
	if err := json.Unmarshal(rec.Value, got); err != nil {
		t.Fatal(err)
	}
	return got
}

func (x *scene) order() task.Order {
	return task.Order{Application: app, IdempotencyKey: "key", Subject: "matter", Settings: task.Settings{Languages: []string{"lat"}, DeleteOnFetch: x.fetched}}
}

// sent is a document on its way; each part is a step. It ends well, or as its last error says.
func (x *scene) sent(ctx context.Context, document string, end error) task.Body {
	var r io.Reader = strings.NewReader(document)
	if end != nil {
		r = io.MultiReader(strings.NewReader(document[:1]), failing{end})
	}
	return task.Body{Reader: x.Reader(ctx, "receive a part", io.NopCloser(r)), ContentType: "application/pdf"}
}

type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

// inline uploads a document in the request. Nothing but the errors that are expected may refuse it.
func (x *scene) inline(s *task.Service, document string, expected ...error) func(context.Context) {
	return func(ctx context.Context) {
		a, err := s.CreateWith(ctx, x.order(), x.sent(ctx, document, nil))
		if x.tolerate("upload", err, expected...) {
			if a.Task.State == task.Deleted {
				x.wrong("an upload was answered with success and a deleted task")
			}
			x.keep(a.Task.Ref, document)
		}
	}
}

// broken begins to upload a document in the request and breaks off.
func (x *scene) broken(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.CreateWith(ctx, x.order(), x.sent(ctx, content, errGone))
		if err == nil {
			x.wrong("half a document was accepted")
		}
	}
}

// linked asks for a link and sends the document to it, as a store does that serves links itself.
func (x *scene) linked(s *task.Service, expected ...error) func(context.Context) {
	return func(ctx context.Context) {
		a, err := s.Create(ctx, x.order())
		if x.tolerate("create", err, expected...) && a.Upload != nil {
			x.send(ctx, s, a.Task.Ref, expected...)
		}
	}
}

// send puts a document behind a link, with its event.
func (x *scene) send(ctx context.Context, s *task.Service, ref task.Ref, expected ...error) {
	expected = append(expected, fault.WrongState, fault.AlreadyExists) // another call with the same key was quicker
	if !x.tolerate("admit", s.Admit(ctx, ref.UploadName()), expected...) {
		return
	}
	_, err := x.Blobs(x.blobs).Create(ctx, ref.UploadName(), "application/pdf", x.sent(ctx, content, nil).Reader)
	if !x.tolerate("store", err, expected...) {
		return
	}
	t, err := s.Landed(ctx, ref.UploadName())
	if x.tolerate("landed", err, expected...) && t.State != task.Deleted {
		x.keep(ref, content)
		if err := x.queue.Push(ctx, ref.Job(), 0); err != nil {
			x.wrong("push: %w", err)
		}
	}
}

// landed is the event of a blob, once more or late.
func (x *scene) event(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.Landed(ctx, ref.UploadName())
		x.tolerate("event", err)
	}
}

// worker processes what is queued until nothing more can come.
func (x *scene) worker(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		for x.Await(ctx, "take from the queue", func() bool { return x.queue.len() > 0 }) {
			if p, ok := x.queue.pop(); ok {
				_, err := s.Process(ctx, p.job)
				x.tolerate("process", err, x.late()...)
			}
		}
	}
}

// processes calls the worker for a task whether it was queued or not.
func (x *scene) processes(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.Process(ctx, ref.Job())
		x.tolerate("process", err, x.late()...)
	}
}

// deletes deletes the task, or the first one that a client was told of.
func (x *scene) deletes(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		if ref.ID == "" && !x.Await(ctx, "know a task", func() (ok bool) { ref, ok = x.known(); return ok }) {
			return
		}
		t, err := s.Delete(ctx, ref)
		if !x.tolerate("delete", err) {
			return
		}
		x.mu.Lock()
		x.deleted[ref] = true
		x.mu.Unlock()
		if t.Logged && !x.certified(ref) {
			x.wrong("the delete says that there is a receipt, and there is none")
		}
	}
}

// reads fetches the result in parts. Once a delete was answered nothing is opened, and once the receipt is there not even
// what was open gives anything.
func (x *scene) reads(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		gone := x.isDeleted(ref)
		r, err := x.result(ctx, s, ref)
		if err != nil {
			x.tolerate("open", err, append(x.late(), fault.TaskErased, fault.WrongState, fault.NotFound)...)
			return
		}
		if gone {
			x.wrong("a result was opened after the delete")
		}
		part := make([]byte, 5)
		for {
			n, err := r.Read(part)
			if n > 0 && x.certified(ref) {
				x.wrong("%d bytes were read after the receipt", n)
			}
			if err != nil {
				break
			}
		}
		_ = r.Close() // opened for reading
	}
}

// result opens the result; where transfers are not registered, as a store does it that knows nothing of tasks.
func (x *scene) result(ctx context.Context, s *task.Service, ref task.Ref) (io.ReadCloser, error) {
	if !x.unregistered {
		return s.OpenResult(ctx, ref, render.TXT)
	}
	if _, err := s.Get(ctx, ref); err != nil {
		return nil, err
	}
	r, _, err := x.Blobs(x.blobs).Get(ctx, ref.ResultName(render.TXT))
	return r, err
}

// fetches reads the result to its end, which erases a task that wanted so.
func (x *scene) fetches(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		x.reads(s, ref)(ctx)
		if x.tolerate("fetched", s.Fetched(ctx, ref, render.TXT), fault.TaskErased) {
			x.mu.Lock()
			x.deleted[ref] = true
			x.mu.Unlock()
		}
	}
}

// erases erases every task of the subject that there is.
func (x *scene) erases(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		gone, err := s.EraseSubject(ctx, app, "matter")
		x.tolerate("erase", err)
		x.mu.Lock()
		defer x.mu.Unlock()
		for _, t := range gone {
			x.deleted[t.Ref] = true
		}
	}
}

func (x *scene) sweeps(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.Sweep(ctx)
		x.tolerate("sweep", err)
	}
}

func (x *scene) passes(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.FullPass(ctx)
		x.tolerate("full pass", err)
	}
}

// goesOn is the timer of a process, which goes on with the full pass in small pages.
func (x *scene) goesOn(s *task.Service) func(context.Context) {
	return func(ctx context.Context) {
		s.SetPage(2)
		_, err := s.PassWhenDue(ctx, time.Hour)
		x.tolerate("part of a full pass", err, x.late()...)
	}
}

func (x *scene) clock(d time.Duration) func(context.Context) {
	return func(ctx context.Context) { x.Advance(ctx, d) }
}

// late are the errors of calls whose time ran out because the clock moved.
func (x *scene) late() []error {
	if x.clocks {
		return []error{fault.Unavailable}
	}
	return nil
}

// tolerate reports whether a call succeeded. No other errors than the expected ones are allowed: nothing is broken.
func (x *scene) tolerate(what string, err error, expected ...error) bool {
	for _, e := range expected {
		if errors.Is(err, e) {
			return false
		}
	}
	if err != nil {
		x.wrong("%s: %w", what, err)
	}
	return err == nil
}
