package task

import (
	"context"
	"errors"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// maxSubject bounds the opaque tag of a subject in bytes.
const maxSubject = 200

// subjectDigest stands for a tag in records, so that the tag itself is kept nowhere.
func subjectDigest(application, tag string) string {
	if tag == "" {
		return ""
	}
	return digest("subject", application, tag)
}

// EraseSubject deletes every task of the application that was created with the tag, and returns their tombstones.
// One that cannot be deleted does not hold up the others; the error then names it, and calling again continues. It costs in
// proportion to the application's tasks of the last days.
func (s *Service) EraseSubject(ctx context.Context, application, tag string) ([]*Task, error) {
	if tag == "" || len(tag) > maxSubject {
		return nil, fault.New(fault.BadField, "the subject must have 1 to %d bytes: the tag that the tasks were created with", maxSubject).In("subject")
	}
	want := subjectDigest(application, tag)
	var (
		gone []*Task
		errs []error
	)
	// Nothing exists longer than the wait for its document and the retention after it.
	first := s.Now().Add(-s.Policy.Submission - s.Policy.Unprocessed).UTC().Truncate(24 * time.Hour)
	for day := first; !day.After(s.Now()); day = day.Add(24 * time.Hour) {
		q := storage.Query{Table: storage.Tasks, Partition: partition(application, day), Limit: listing}
		for {
			recs, err := s.Store.Records.List(ctx, q)
			if err != nil {
				return gone, errors.Join(append(errs, err)...)
			}
			for _, rec := range recs {
				q.After = rec.Key
				t, err := decode(rec)
				if err == nil && t.Subject == want && t.State != Deleted {
					if t, err = s.remove(ctx, t.Ref, always(retention.SubjectRequested)); t != nil {
						gone = append(gone, t)
					}
				}
				if err != nil {
					errs = append(errs, err)
				}
			}
			if len(recs) < q.Limit {
				break
			}
		}
	}
	return gone, errors.Join(errs...)
}
