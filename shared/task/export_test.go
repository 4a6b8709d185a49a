package task

import "github.com/lethe-ocr/lethe/shared/storage"

// HasDueHandler reports whether due records of the table are dealt with.
func HasDueHandler(table storage.Table) bool { return New(Config{}).due[table] != nil }

// SetPage changes how many entries a full pass reads at once.
func (s *Service) SetPage(n int) { s.listed = n }
