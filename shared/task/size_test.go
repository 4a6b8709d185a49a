package task_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// sized is an order whose document has so many bytes.
func sized(size int64) task.Order {
	o := order()
	o.Settings.Size = size
	return o
}

// The store may not be able to refuse it: then what landed is refused.
func TestDocumentOfAnotherSizeThanAnnouncedIsRefusedAndErasedAtOnce(t *testing.T) {
	for name, document := range map[string]string{"shorter": "1234567", "longer": "123456789", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				ref := w.create(sized(8))
				w.upload(ref, document)
				w.landed(ref)
				w.failed(ref, fault.DocumentSizeMismatch)
				if left := w.names(); len(left) != 0 || fault.DocumentSizeMismatch.Retryable() {
					t.Errorf("left: %v", left)
				}
				if w.landed(ref); len(w.queue.take()) != 0 { // the event comes twice
					t.Error("a refused document waits for a worker")
				}
			})
		})
	}
}

func TestDocumentOfTheSizeAnnouncedIsTaken(t *testing.T) {
	inWorld(t, func(_ *testing.T, w *world) {
		w.completed(sized(int64(len(content))))
	})
}

func TestDocumentInTheRequestHasTheSizeAnnouncedOrLeavesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for name, body := range map[string]task.Body{
			"length that says so":     {Reader: strings.NewReader("1234567"), Size: 7},
			"shorter, without length": {Reader: strings.NewReader("1234567"), Size: -1},
			"longer, without length":  {Reader: strings.NewReader("123456789"), Size: -1},
			"length that lies":        {Reader: strings.NewReader("123456789"), Size: 8},
		} {
			body.ContentType = "application/pdf"
			_, err := w.CreateWith(t.Context(), sized(8), body)
			if !errors.Is(err, fault.DocumentSizeMismatch) {
				t.Errorf("%s: %v", name, err)
			}
			if left := w.names(); len(left) != 0 {
				t.Errorf("%s: left %v", name, left)
			}
		}
		a, err := w.CreateWith(t.Context(), sized(8), task.Body{Reader: io.MultiReader(strings.NewReader("12345678")), Size: -1, ContentType: "application/pdf"})
		if err != nil || a.Task.State != task.Queued {
			t.Errorf("the right size: %+v, %v", a.Task, err)
		}
	})
}

func TestEveryLinkOfATaskIsBoundToItsSize(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		bound := func(call string, link *storage.Link, err error) {
			t.Helper()
			if err != nil || link == nil || !strings.HasSuffix(link.URL, "?size=8") {
				t.Errorf("%s: %+v, %v", call, link, err)
			}
		}
		o := sized(8)
		o.IdempotencyKey = "key"
		made, err := w.Create(t.Context(), o)
		bound("first", made.Upload, err)
		again, err := w.Create(t.Context(), o)
		bound("the same call again", again.Upload, err)
		renewed, err := w.RenewUpload(t.Context(), made.Task.Ref)
		bound("renewed", &renewed, err)
		o.Settings.Size = 9
		if _, err := w.Create(t.Context(), o); !errors.Is(err, fault.IdempotencyReuse) {
			t.Errorf("another size with the same key: %v", err)
		}
	})
}

func TestSizeThatIsNeverAcceptedIsRefusedBeforeATaskExists(t *testing.T) {
	for _, c := range []struct {
		name          string
		size          int64
		caps          task.Caps
		stored        int64 // limit of the stamp
		want          fault.Code
		limit, remedy string
	}{
		{"negative", -1, task.Caps{}, 0, fault.BadField, "-1", "leave it out"},
		{"limit of the place", 1001, task.Caps{}, 0, fault.DocumentTooLarge, "1000", "split it"},
		{"limit of the application", 501, task.Caps{BytesStored: 500}, 0, fault.DocumentTooLarge, "500", "split it"},
		{"limit of every application", 501, task.Caps{}, 500, fault.DocumentTooLarge, "500", "split it"},
		{"as large as may be", 1000, task.Caps{BytesStored: 1000}, 0, "", "", ""},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.Limits.Document.Bytes, w.Limits.Stored = 1000, c.stored
			o := sized(c.size)
			o.Caps = c.caps
			_, err := w.Create(t.Context(), o)
			_, errs := w.CreateBatch(t.Context(), []task.Order{o})
			for call, err := range map[string]error{"alone": err, "in a batch": errs[0]} {
				f, refused := errors.AsType[*fault.Error](err)
				switch {
				case c.want == "" && err == nil:
				case !refused || f.Code != c.want || f.Field != "size" || !strings.Contains(f.Detail, c.limit) || !strings.Contains(f.Detail, c.remedy):
					t.Errorf("%s, %s: %v", c.name, call, err)
				case len(w.records(storage.Tasks)) != 0:
					t.Errorf("%s, %s: a task was stored", c.name, call)
				}
			}
		})
	}
}

// A document for which there is no room now is refused before it is sent; what fits is not.
func TestSizeBeyondTheRoomThatIsLeftIsRefusedForNow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		with := func(size int64) task.Order {
			o := sized(size)
			o.Caps = task.Caps{BytesStored: int64(len(content)) + 10}
			return o
		}
		w.queued(with(int64(len(content))))
		if _, err := w.Create(t.Context(), with(11)); !errors.Is(err, fault.StoredExceeded) {
			t.Errorf("one byte too many: %v", err)
		}
		_, errs := w.CreateBatch(t.Context(), []task.Order{with(11), with(10), with(12), with(1)})
		for n, fits := range []bool{false, true, false, true} {
			if fits != (errs[n] == nil) || !fits && !errors.Is(errs[n], fault.StoredExceeded) {
				t.Errorf("order %d of a batch: %v", n, errs[n])
			}
		}
	})
}
