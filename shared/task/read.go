package task

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// visible refuses what nobody may see any more: deleted tasks, and tasks past their deadline even if erasing them failed.
func (s *Service) visible(t *Task) error {
	gone := t.State == Deleted
	if due, _ := t.Deadline(s.Policy); !gone && !s.Now().Before(due) {
		gone = true
	}
	gone = gone || s.subject(t).Undatable(s.Now())
	if gone {
		return erased()
	}
	return nil
}

func erased() error {
	return fault.New(fault.TaskErased, "the task existed; everything of it has been erased or is being erased")
}

// Get returns a task that can still be seen.
func (s *Service) Get(ctx context.Context, ref Ref) (*Task, error) {
	t, err := s.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	return t, s.visible(t)
}

// Visible reports whether a task may still be seen: not deleted, and not past its deadline.
func (s *Service) Visible(t *Task) bool { return s.visible(t) == nil }

// Tombstone returns the content-free record of a deleted task. It is a WrongState fault while the task is not deleted.
func (s *Service) Tombstone(ctx context.Context, ref Ref) (*Task, error) {
	t, err := s.load(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.State != Deleted {
		return nil, fault.New(fault.WrongState, "the task is %s, not %s", t.State, Deleted)
	}
	return t, nil
}

// Wait returns the task as soon as its ETag differs from the one given, or as it stands when ctx ends.
func (s *Service) Wait(ctx context.Context, ref Ref, etag string) (*Task, error) {
	const shortest, longest = 50 * time.Millisecond, time.Second
	read := context.WithoutCancel(ctx)
	for pause := shortest; ; pause = min(2*pause, longest) {
		t, err := s.Get(read, ref)
		if err != nil || t.ETag() != etag || ctx.Err() != nil {
			return t, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// List returns tasks of one application in order of creation.
func (s *Service) List(ctx context.Context, application string, f Filter) ([]*Task, error) {
	first := s.Now().Add(-s.oldest(f))
	if f.Since.After(first) {
		first = f.Since
	}
	after := storage.Key{}
	if f.After != "" {
		ref, err := ParseRef(application, f.After)
		if err != nil {
			return nil, fault.Wrap(err, fault.BadField, "the cursor is not a task id; use the one from the previous page").In("after")
		}
		after = ref.key()
		first = later(first, ref.Created())
	}
	var list []*Task
	for day := first.UTC().Truncate(24 * time.Hour); !day.After(s.Now()); day = day.Add(24 * time.Hour) {
		q := storage.Query{Table: storage.Tasks, Partition: partition(application, day), Limit: listing}
		if after.Partition == q.Partition {
			q.After = after
		}
		for {
			recs, err := s.Store.Records.List(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, rec := range recs {
				t, err := decode(rec)
				if err != nil {
					return nil, err
				}
				if !s.matches(t, f) {
					continue
				}
				if list = append(list, t); len(list) == f.Limit {
					return list, nil
				}
			}
			if len(recs) < q.Limit {
				break
			}
			q.After = recs[len(recs)-1].Key
		}
	}
	return list, nil
}

// oldest is how long ago the oldest task was created that a filter can let through. Tombstones outlive by far what can be seen, and
// clients that ask for the latter every second need not have those read.
func (s *Service) oldest(f Filter) time.Duration {
	const late = time.Hour // that an upload may end after the time for it
	p := s.Policy
	life := p.Submission + late + max(p.Unprocessed, p.Processed)
	if f.Gone || f.State == Deleted {
		life += p.Tombstone
	}
	return life
}

func (s *Service) matches(t *Task, f Filter) bool {
	switch {
	case f.Gone:
		return true
	case f.State == Deleted:
		return t.State == Deleted
	}
	return s.visible(t) == nil && (f.State == "" || t.State == f.State)
}

// result returns a completed task that has the result.
func (s *Service) result(ctx context.Context, ref Ref, f render.Format) (*Task, error) {
	t, err := s.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.State != Completed {
		return nil, fault.New(fault.WrongState, "the task is %s; results exist once it is %s", t.State, Completed)
	}
	if !slices.ContainsFunc(t.Results, func(r Result) bool { return r.Format == f }) {
		return nil, fault.New(fault.ResultNotFound, "the task has no result in that format; ask for it when the task is created").In("format")
	}
	return t, nil
}

// ResultLink returns a short-lived link that expires before the document's deadline. A task that is erased when its results
// are fetched has no links: its results are streamed, so that the end of each transfer is seen.
func (s *Service) ResultLink(ctx context.Context, ref Ref, f render.Format) (storage.Link, error) {
	t, err := s.result(ctx, ref, f)
	if err != nil {
		return storage.Link{}, err
	}
	if t.Settings.DeleteOnFetch {
		return storage.Link{}, fault.New(fault.WrongState, "results of this task are streamed, not linked, because it is erased once they are fetched")
	}
	if s.StreamResults {
		return storage.Link{}, fault.New(fault.WrongState, "this server streams results and issues no links; fetch them at their address in this API")
	}
	due, _ := t.Deadline(s.Policy)
	ends := s.Now().Add(s.Limits.ResultLink)
	if due.Before(ends) {
		ends = due
	}
	link, err := s.Links.DownloadLink(ctx, t.resultName(f), ends)
	if err != nil {
		return storage.Link{}, err
	}
	s.Log.InfoContext(ctx, logevent.ResultFetched, "task", ref.String(), "format", f, "by", "link")
	return link, nil
}

// OpenResult opens a result for streaming. Close it before its task is deleted: erasing waits for that.
func (s *Service) OpenResult(ctx context.Context, ref Ref, f render.Format) (*Stream, error) {
	return s.openResult(ctx, ref, f, s.Store.Blobs.Get)
}

// OpenResultRange is OpenResult of a part of the result, which choose says of the version that is there: all bytes come from that
// version, or there is an error.
func (s *Service) OpenResultRange(ctx context.Context, ref Ref, f render.Format, choose func(storage.Blob) (offset, length int64, err error)) (*Stream, error) {
	return s.openResult(ctx, ref, f, func(ctx context.Context, name string) (io.ReadCloser, storage.Blob, error) {
		blob, err := s.Store.Blobs.Stat(ctx, name)
		if err != nil {
			return nil, blob, err
		}
		offset, length, err := choose(blob)
		if err != nil {
			return nil, blob, err
		}
		if length == 0 {
			return io.NopCloser(strings.NewReader("")), blob, nil
		}
		body, err := s.Store.Blobs.GetRange(ctx, name, blob.ETag, offset, length)
		return body, blob, err
	})
}

func (s *Service) openResult(ctx context.Context, ref Ref, f render.Format, open func(context.Context, string) (io.ReadCloser, storage.Blob, error)) (*Stream, error) {
	t, err := s.result(ctx, ref, f)
	if err != nil {
		return nil, err
	}
	due, _ := t.Deadline(s.Policy)
	transfer, err := s.OpenTransfer(ctx, ref, Download, due)
	if err != nil {
		return nil, err
	}
	body, blob, err := open(transfer.Context(), t.resultName(f))
	if err != nil {
		if cause := context.Cause(transfer.Context()); cause != nil && ctx.Err() == nil {
			err = cause // what storage saw is its echo
		}
		transfer.Close()
		return nil, err
	}
	s.Log.InfoContext(ctx, logevent.ResultFetched, "task", ref.String(), "format", f, "by", "stream")
	return NewStream(transfer, blob, body), nil
}

// Fetched notes that a result was sent to its last byte. It erases a task that wanted so once every result was.
func (s *Service) Fetched(ctx context.Context, ref Ref, f render.Format) error {
	mine := false
	t, err := s.change(ctx, ref, func(t *Task) error {
		mine = false
		if t.State != Completed || !t.Settings.DeleteOnFetch || slices.Contains(t.Fetched, f) {
			return errUnchanged
		}
		t.Fetched = append(t.Fetched, f)
		if mine = len(t.Fetched) == len(t.Results); mine {
			s.bury(t, retention.FetchedAll)
		}
		return nil
	})
	if err != nil || t.State != Deleted {
		return err
	}
	if mine {
		t = s.buried(ctx, t)
	}
	_, err = s.finish(ctx, t)
	return err
}
