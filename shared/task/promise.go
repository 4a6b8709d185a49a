package task

import (
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// Terms are the limits that a task was promised when it was created. They stand in its record, so that no later change of the
// policy changes what was promised.
type Terms struct {
	Submission  time.Duration `json:"submission"`  // after the creation, without a document
	Unprocessed time.Duration `json:"unprocessed"` // after the upload
	Processed   time.Duration `json:"processed"`   // after the end of processing
}

// terms are what the policy in force promises.
func (s *Service) terms() Terms {
	return Terms{s.Policy.Submission, s.Policy.Unprocessed, s.Policy.Processed}
}

// Promises returns the signed statements for the task's client: that it was created, and, once its document arrived, that. Both
// follow from the record alone. The second is nil while no document came; both are for a tombstone and a record from before
// there were promises.
func (t *Task) Promises() (created, accepted *ledger.Promise) {
	if t.State == Deleted || t.Nonce == "" || t.Terms == (Terms{}) {
		return nil, nil
	}
	p := ledger.Promise{
		Task: t.Ref.ID, Application: t.Ref.Application, Subject: t.Opening().Subject(), Created: t.Created,
		Submission: t.Terms.Submission, Unprocessed: t.Terms.Unprocessed, Processed: t.Terms.Processed,
		Retain: t.Settings.Retain, Fetched: t.Settings.DeleteOnFetch, Languages: t.Settings.Languages,
	}
	for _, f := range t.Settings.Formats {
		p.Formats = append(p.Formats, string(f))
	}
	if t.Uploaded.IsZero() {
		return &p, nil
	}
	document := p
	document.Uploaded, document.Digest = t.Uploaded, t.Input.Received
	return &p, &document
}
