package task

import (
	"context"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Opening ties the ledger's entries about the task to it.
func (t *Task) Opening() ledger.Opening {
	return ledger.Opening{Task: t.Ref.ID, Nonce: t.Nonce, Digest: t.Input.Digest}
}

// tellAccepted records that a document arrived, by storage's clock. The entry has the time at which it is reported, which is later
// where the document's event was lost.
func (s *Service) tellAccepted(ctx context.Context, t *Task, uploaded time.Time) error {
	if t.Nonce == "" {
		return nil // a record from before there were receipts
	}
	return s.Ledger.Append(ctx, ledger.Entry{
		Kind: ledger.Accepted, Subject: t.Opening().Subject(), At: s.Now().UTC(),
		Fields: []ledger.Field{ledger.Time(ledger.FieldUploaded, uploaded)},
	})
}

// tellProcessed tells that processing ended: whoever counts it, and the ledger. The receipt says it again.
func (s *Service) tellProcessed(ctx context.Context, t *Task) error {
	s.Observer.Ended(ctx, t.State)
	if t.Nonce == "" || t.Round > 1 {
		return nil // the first end, which dates the deadline, was told
	}
	return s.Ledger.Append(ctx, ledger.Entry{
		Kind: ledger.Processed, Subject: t.Opening().Subject(), At: t.Ended,
		Fields: []ledger.Field{ledger.Time(ledger.FieldEnded, t.Ended), {Name: ledger.FieldOutcome, Value: string(t.State)}},
	})
}

// tellErased hands in the receipt.
func (s *Service) tellErased(ctx context.Context, t *Task) error {
	return s.Ledger.Append(ctx, t.Receipt())
}

// tellStray records how long an orphan existed.
func (s *Service) tellStray(ctx context.Context, b storage.Blob, why retention.Reason) error {
	return s.Ledger.Append(ctx, s.stray(b, why))
}

// stray is the entry about an orphan that is erased now: there is no task to commit to.
func (s *Service) stray(b storage.Blob, why retention.Reason) ledger.Entry {
	now := s.Now().UTC()
	return ledger.Entry{
		Kind: ledger.Stray, Subject: ledger.Commitment("stray", ledger.NewNonce(), b.Name), At: now,
		Fields: []ledger.Field{
			ledger.Time(ledger.FieldUploaded, b.Created), ledger.Time(ledger.FieldErased, now), {Name: ledger.FieldReason, Value: string(why)},
		},
	}
}

// Receipt is the entry that proves the task's erasure. It follows from the record alone, so that it is the same however
// often it is made.
func (t *Task) Receipt() ledger.Entry {
	fields := []ledger.Field{
		{Name: ledger.FieldReason, Value: string(t.Reason)},
		ledger.Time(ledger.FieldUploaded, t.Uploaded),
		ledger.Time(ledger.FieldEnded, t.Ended),
		ledger.Time(ledger.FieldRemoved, t.Removed),
		ledger.Time(ledger.FieldErased, t.Erased),
		{Name: ledger.FieldDocument, Value: t.Opening().Document()},
	}
	if t.Upload != "" {
		fields = append(fields, ledger.Field{Name: ledger.FieldUpload, Value: string(t.Upload)})
	}
	for _, e := range t.Evidence {
		fields = append(fields, ledger.Field{
			Name:  ledger.FieldCopy,
			Value: fmt.Sprintf("%s %s %s", e.Class, e.Erased.Format(time.RFC3339Nano), e.Checked.Format(time.RFC3339Nano)),
		})
	}
	fields = append(fields,
		ledger.Field{Name: ledger.FieldProcessed, Value: t.clock(t.Ended, retention.ProcessedLimit)},
		ledger.Field{Name: ledger.FieldUnprocessed, Value: t.clock(t.Uploaded, retention.UnprocessedLimit)},
	)
	return ledger.Entry{Kind: ledger.Erased, Subject: t.Opening().Subject(), At: t.Erased, Fields: fields}
}

// clock says whether a deadline of the promise was kept.
func (t *Task) clock(began time.Time, limit time.Duration) string {
	switch {
	case began.IsZero():
		return "no clock"
	case t.Reason == retention.Undatable || t.Erased.Before(began):
		return "unknown"
	case t.Erased.Sub(began) <= limit:
		return "kept"
	default:
		return "missed"
	}
}

// Erasure returns the record of an erased task, for its receipt. Until the check found nothing it is a WrongState fault
// that may be retried.
func (s *Service) Erasure(ctx context.Context, ref Ref) (*Task, error) {
	t, err := s.Tombstone(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.Erased.IsZero() {
		return nil, fault.New(fault.WrongState, "the task was deleted and none of its results can be fetched; its erasure is not finished yet").Retry(time.Minute)
	}
	return t, nil
}
