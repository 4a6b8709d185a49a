package clock

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Linker signs links whose ends are given in service time and that a clock of another kind judges: this is the one place
// where the one becomes the other.
type Linker struct {
	storage.Linker
	AtWall func(service time.Time) time.Time
}

// UploadLink implements storage.Linker.
func (l Linker) UploadLink(ctx context.Context, name string, size int64, ends time.Time) (storage.Link, error) {
	return l.Linker.UploadLink(ctx, name, size, l.AtWall(ends))
}

// DownloadLink implements storage.Linker.
func (l Linker) DownloadLink(ctx context.Context, name string, ends time.Time) (storage.Link, error) {
	return l.Linker.DownloadLink(ctx, name, l.AtWall(ends))
}
