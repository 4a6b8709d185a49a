package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

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
		src := ocr.Source{File: f, ID: t.Ref.ID + " " + blob.ETag, Password: s.password(t), Owner: t.Ref.Application}
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

// documentDigest returns the SHA-256 of the document that is about to be read, in hex. Where the digest is known already it
// must be that one: two documents sent at once with one key must not leave results of the one under the name of the other.
func documentDigest(f *os.File, known string) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(f, 0, math.MaxInt64)); err != nil {
		return "", fmt.Errorf("read document: %w", err)
	}
	digest := hex.EncodeToString(hash.Sum(nil))
	if known != "" && known != digest {
		return "", fault.New(fault.DocumentChanged, "two documents were sent at once with the same idempotency key; send each again with its own key")
	}
	return digest, nil
}
