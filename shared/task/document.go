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
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// document is what a worker reads: one file, or several whose pages follow each other. Each file is read by itself, as if it had
// been sent alone, so that nothing of how they are put together can change what is read.
type document struct {
	files []inputFile
	info  ocr.Info // of all
}

// inputFile is one file of a document.
type inputFile struct {
	src     ocr.Source
	version string // ETag of its blob
	info    ocr.Info
	close   func() error // nil for a file that is not open
}

// close closes the files, which were opened for reading: nothing is lost.
func (d *document) close() {
	for _, p := range d.files {
		if p.close != nil {
			_ = p.close()
		}
	}
}

// page returns the file that page n of the document is in, and its number there.
func (d *document) page(n int) (ocr.Source, int) {
	last := len(d.files) - 1
	for _, p := range d.files[:last] {
		if n <= p.info.Pages {
			return p.src, n
		}
		n -= p.info.Pages
	}
	return d.files[last].src, n
}

// recognisePage reads page n of the document in a place.
func (s *Service) recognisePage(ctx context.Context, d *document, place *fairqueue.Place, n int, opt ocr.Options) (ocr.Page, error) {
	src, within := d.page(n)
	src.Place = place
	page, err := s.Engine.Recognise(ctx, src, within, opt)
	page.Number = n
	return page, err
}

// source is the document as a PDF is written of it.
func (d *document) source() ocr.Source {
	first := d.files[0].src
	if len(d.files) == 1 {
		return first
	}
	whole := ocr.Source{Owner: first.Owner}
	for _, p := range d.files {
		whole.ID += p.src.ID + " "
		whole.Parts = append(whole.Parts, ocr.Part{File: p.src.File, Password: p.src.Password, Pages: p.info.Pages, Locked: p.info.Locked})
	}
	whole.ID = strings.TrimSpace(whole.ID)
	return whole
}

// openDocument opens the document's files, checks that they are the ones that were accepted, and inspects them.
func (s *Service) openDocument(ctx context.Context, t *Task) (*document, error) {
	d := &document{}
	err := s.openFiles(ctx, t, d)
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (s *Service) openFiles(ctx context.Context, t *Task, d *document) error {
	var digests [][]byte
	for _, f := range s.files(t) {
		opened, err := s.openFile(ctx, t, f, "", openWhole)
		if err != nil {
			return err
		}
		d.files = append(d.files, opened)
		digest, err := documentDigest(opened.src.File, f.digest)
		if err != nil {
			return err
		}
		digests = append(digests, digest)
	}
	t.Input.Digest = picturesDigest(digests)
	for i, p := range d.files {
		info, err := retry(ctx, func() (ocr.Info, error) { return s.Engine.Inspect(ctx, p.src) })
		if err != nil {
			return err
		}
		d.files[i].info = info
		d.info = d.info.Then(info)
		if d.info.Pages > s.Limits.Document.Pages {
			return fault.New(fault.DocumentTooManyPages, "the document has more than %d pages; split it", s.Limits.Document.Pages)
		}
	}
	return nil
}

// shared is the document as it was shared out, with no file open.
func (t *Task) shared() *document {
	d := &document{}
	if t.Parts.Info != nil {
		d.info = *t.Parts.Info
	}
	for _, f := range t.Parts.Files {
		d.files = append(d.files, inputFile{version: f.Version, info: ocr.Info{Pages: f.Pages, Locked: f.Locked}})
	}
	return d
}

// openPages opens what pages of a document need that was shared out.
func (s *Service) openPages(ctx context.Context, t *Task, numbers []int) (*document, error) {
	return s.openShared(ctx, t, storage.OpenRanges, func(first, last int) bool {
		return slices.ContainsFunc(numbers, func(n int) bool { return first <= n && n <= last })
	})
}

// openResults opens what the results of a document need that was shared out: all of it if one keeps its appearance, else nothing.
func (s *Service) openResults(ctx context.Context, t *Task) (*document, error) {
	original := len(render.Kinds(t.Settings.Formats)) > 0
	return s.openShared(ctx, t, openWhole, func(int, int) bool { return original })
}

// openShared opens those files of a document that hold wanted pages. They are the ones that were inspected, or it is an error.
func (s *Service) openShared(ctx context.Context, t *Task, open opener, wanted func(first, last int) bool) (*document, error) {
	d, files := t.shared(), s.files(t)
	if len(files) != len(d.files) {
		return nil, changed()
	}
	for i, first := 0, 1; i < len(files); i++ {
		p := &d.files[i]
		last := first + p.info.Pages - 1
		if wanted(first, last) {
			opened, err := s.openFile(ctx, t, files[i], p.version, open)
			p.src, p.close = opened.src, opened.close
			if err == nil && opened.version != p.version {
				err = changed()
			}
			if err != nil {
				d.close()
				return nil, err
			}
		}
		first = last + 1
	}
	return d, nil
}

// changed refuses a document that is another than the one that was accepted.
func changed() *fault.Error {
	return fault.New(fault.DocumentChanged, "two documents were sent at once with the same idempotency key; send each again with its own key")
}

// opener opens the version of a blob that etag names, empty for the present one, as storage.OpenRanges does.
type opener func(ctx context.Context, blobs storage.Blobs, name, etag string, limit int64) (*storage.Opened, error)

// openWhole opens all of a blob, whatever its version.
func openWhole(ctx context.Context, blobs storage.Blobs, name, _ string, limit int64) (*storage.Opened, error) {
	f, blob, err := storage.Open(ctx, blobs, name, limit)
	return &storage.Opened{File: f, Blob: blob}, err
}

// openFile hands an uploaded file to the engine.
func (s *Service) openFile(ctx context.Context, t *Task, f file, version string, open opener) (inputFile, error) {
	opened, err := retry(ctx, func() (*storage.Opened, error) {
		return open(ctx, s.Store.Blobs, f.name, version, s.Limits.Document.Bytes)
	})
	if errors.Is(err, fault.NotFound) {
		err = fault.Wrap(err, fault.DocumentMissing, "the uploaded document was gone before it could be processed; submit it again")
	}
	if err != nil {
		return inputFile{}, err
	}
	_, _, leaf, _ := ParseName(f.name)
	src := ocr.Source{File: opened.File, ID: t.Ref.ID + " " + leaf + " " + opened.Blob.ETag, Password: f.password, Owner: t.Ref.Application}
	if opened.Ranges != nil {
		src.Fill = opened.Ranges
	}
	return inputFile{src: src, version: opened.Blob.ETag, close: opened.Close}, nil
}

// documentDigest returns the SHA-256 of a file that is about to be read. Where the digest is known already, in hex, it must be
// that one: two documents sent at once with one key must not leave results of the one under the name of the other.
func documentDigest(f *os.File, known string) ([]byte, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(f, 0, math.MaxInt64)); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	digest := hash.Sum(nil)
	if known != "" && known != hex.EncodeToString(digest) {
		return nil, changed()
	}
	return digest, nil
}
