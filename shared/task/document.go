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
		opened, err := s.openFile(ctx, t, f, "")
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

// openPages opens what pages of a document need that was inspected and shared out. The files are the ones that were inspected,
// or it is an error.
func (s *Service) openPages(ctx context.Context, t *Task, numbers []int) (*document, error) {
	d := &document{}
	for _, f := range t.Parts.Files {
		d.files = append(d.files, inputFile{version: f.Version, info: ocr.Info{Pages: f.Pages}})
	}
	err := s.openNeeded(ctx, t, d, numbers)
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (s *Service) openNeeded(ctx context.Context, t *Task, d *document, numbers []int) error {
	files := s.files(t)
	if len(files) != len(d.files) {
		return changed()
	}
	for i, first := 0, 1; i < len(files); i++ {
		p := &d.files[i]
		last := first + p.info.Pages - 1
		needed := slices.ContainsFunc(numbers, func(n int) bool { return first <= n && n <= last })
		first = last + 1
		if !needed {
			continue
		}
		opened, err := s.openFile(ctx, t, files[i], p.version)
		if err != nil {
			return err
		}
		p.src, p.close = opened.src, opened.close
		if opened.version != p.version {
			return changed()
		}
	}
	return nil
}

// changed refuses a document that is another than the one that was accepted.
func changed() *fault.Error {
	return fault.New(fault.DocumentChanged, "two documents were sent at once with the same idempotency key; send each again with its own key")
}

// openFile hands an uploaded file to the engine: all of it, or where the version is known ranges of it as they are read.
func (s *Service) openFile(ctx context.Context, t *Task, f file, version string) (inputFile, error) {
	opened, err := retry(ctx, func() (*storage.Opened, error) {
		if version != "" {
			return storage.OpenRanges(ctx, s.Store.Blobs, f.name, version, s.Limits.Document.Bytes)
		}
		whole, blob, err := storage.Open(ctx, s.Store.Blobs, f.name, s.Limits.Document.Bytes)
		return &storage.Opened{File: whole, Blob: blob}, err
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
