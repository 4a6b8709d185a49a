package task

import (
	"context"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Decode reads the record of a task.
func Decode(rec storage.Record) (*Task, error) { return decode(rec) }

// CountEndings counts what ended of a task that was read before.
func (s *Service) CountEndings(ctx context.Context, t *Task) error { return s.countEndings(ctx, t) }

// HasDueHandler reports whether due records of the table are dealt with.
func HasDueHandler(table storage.Table) bool {
	return New(Config{Deliveries: nobody{}}).due[table] != nil
}

// nobody deals with deliveries of which there are none.
type nobody struct{ Deliveries }

// SetPage changes how many entries a full pass reads at once.
func (s *Service) SetPage(n int) { s.listed = n }
