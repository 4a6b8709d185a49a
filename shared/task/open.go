package task

import (
	"context"
	"errors"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// open hands the uploaded document to the engine as a file.
func (s *Service) open(ctx context.Context, t *Task) (ocr.Source, func(), error) {
	type opened struct {
		src   ocr.Source
		close func() error
	}
	o, err := retry(ctx, func() (opened, error) {
		f, blob, err := storage.Open(ctx, s.Store.Blobs, t.Ref.UploadName(), s.Limits.Document.Bytes)
		if err != nil {
			return opened{}, err
		}
		src := ocr.Source{File: f, ID: t.Ref.ID + " " + blob.ETag, Password: t.Password}
		return opened{src, f.Close}, nil
	})
	if errors.Is(err, fault.NotFound) {
		return ocr.Source{}, nil, fault.Wrap(err, fault.DocumentMissing, "the uploaded document was gone before it could be processed; submit it again")
	}
	if err != nil {
		return ocr.Source{}, nil, err
	}
	return o.src, func() { _ = o.close() /* a file opened for reading: nothing is lost */ }, nil
}
