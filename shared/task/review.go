package task

import (
	"context"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// harmful are the faults of documents that a developer may have to see: they killed the engine or used it up.
func harmful() []fault.Code {
	return []fault.Code{fault.PageFailed, fault.PageMemory, fault.PageTime, fault.AttemptsExhausted}
}

// forReview reports whether the document of an ended task is kept until its deadline, so that two reviewers can view it. It is
// erased with the task like every other. One of several pictures is not kept: what reviewers see is one file.
func (s *Service) forReview(t *Task) bool {
	return s.Review && len(t.Pictures) <= 1 && t.State == ProcessingFailed && t.Failure != nil && slices.Contains(harmful(), t.Failure.Code)
}

// Reviewable returns the name of the document of a task that failed in a way that two reviewers may examine. Anything
// else has no document to show.
func (s *Service) Reviewable(ctx context.Context, ref Ref) (string, error) {
	t, err := s.Get(ctx, ref)
	if err != nil {
		return "", err
	}
	if !s.forReview(t) {
		return "", fault.New(fault.WrongState, "only documents that made the engine fail are kept for review, and only if LETHE_REVIEW is on")
	}
	return ref.UploadName(), nil
}
