package task

import "github.com/lethe-ocr/lethe/shared/storage"

// HasDueHandler reports whether the table says what being due means.
func HasDueHandler(table storage.Table) bool {
	_, ok := dueHandlers()[table]
	return ok
}
