package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// Document is an open PDF document. It belongs to one goroutine at a time.
type Document struct {
	runtime  *Runtime
	reader   io.ReadSeeker
	size     int64
	password string

	instance pdfium.Pdfium
	document references.FPDF_DOCUMENT
	pages    int

	encrypted  bool
	restricted bool
	form       bool // it has one
	counted    bool // signatures are
	signatures int

	permissions uint32 // what the password allows (ISO 32000-2, table 22)

	broken    bool       // the module trapped; its memory is not to be trusted
	pinned    bool       // the instance holds changes, which are worth more than the memory of handles
	handles   int        // handles taken out since the instance started: go-pdfium keeps them until it is closed
	recognise Recognise  // nil: fonts are not examined
	shapes    shapes     // of letters; nil until a font is examined
	emptiness *emptiness // nil until a page draws nothing

	used int64 // bytes read and rendered since the document was opened: PDFium keeps much of them
}

const (
	// maxHandles bounds what go-pdfium keeps for handles of page objects, about 300 bytes each.
	maxHandles = 100_000

	// maxUsed bounds what PDFium keeps of pages it has been through. It drops nothing before the document is closed, and
	// the module's memory never shrinks, so the document is opened again after as many bytes.
	maxUsed = 64 << 20

	// maxPoints bounds a side of a page, far above the 14,400 of ISO 32000-1, annex C.
	maxPoints = 1_000_000
)

// Open opens a PDF of size bytes. It reads r where it needs to and never closes it. The faults are
// fault.DocumentPasswordNeed, fault.DocumentPasswordWrong and fault.DocumentDamaged.
func (r *Runtime) Open(reader io.ReadSeeker, size int64, password string) (*Document, error) {
	if size <= 0 {
		return nil, refusal.New(refusal.Empty)
	}
	p := &Document{runtime: r, reader: reader, size: size, password: password}
	err := p.start()
	if err == nil {
		err = p.findForm()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Document) start() error {
	var err error
	p.instance, err = p.runtime.pool.GetInstanceWithContext(context.Background())
	if err != nil {
		return fmt.Errorf("start the PDF module: %w", err)
	}
	open := &requests.OpenDocument{FileReader: (*counter)(p), FileReaderSize: p.size}
	if p.password != "" {
		open.Password = &p.password
	}
	opened, err := p.instance.OpenDocument(open)
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword) && p.password == "":
		return refusal.New(refusal.PasswordMissing)
	case errors.Is(err, pdfiumerrors.ErrPassword):
		return refusal.New(refusal.PasswordWrong)
	case errors.Is(err, pdfiumerrors.ErrSecurity):
		return refusal.New(refusal.PDFEncryption)
	case err != nil:
		return refusal.New(refusal.PDFDamaged)
	}
	p.document = opened.Document
	p.broken, p.handles, p.used = false, 0, 0
	if err := p.describe(); err != nil {
		return refusal.New(refusal.PDFDamaged)
	}
	if p.pages < 1 {
		return refusal.New(refusal.PDFEmpty)
	}
	return nil
}

func (p *Document) describe() error {
	count, err := p.instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: p.document})
	if err != nil {
		return err
	}
	handler, err := p.instance.FPDF_GetSecurityHandlerRevision(
		&requests.FPDF_GetSecurityHandlerRevision{Document: p.document})
	if err != nil {
		return err
	}
	permissions, err := p.instance.FPDF_GetDocPermissions(&requests.FPDF_GetDocPermissions{Document: p.document})
	if err != nil {
		return err
	}
	p.pages = count.PageCount
	p.encrypted = handler.SecurityHandlerRevision >= 0
	p.permissions = permissions.DocPermissions
	p.restricted = p.encrypted && !permissions.CopyOrExtractText
	return nil
}

// counter is a PDF as the reader that its module reads from.
type counter Document

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.reader.Read(b)
	c.used += int64(n)
	return n, err
}

func (c *counter) Seek(offset int64, whence int) (int64, error) { return c.reader.Seek(offset, whence) }

// Pages returns the number of pages, at least 1.
func (p *Document) Pages() int { return p.pages }

// Encrypted reports whether the document is encrypted, be it only to restrict what readers may do.
func (p *Document) Encrypted() bool { return p.encrypted }

// Restricted reports whether the document forbids to extract its text and was not opened with its owner's password.
func (p *Document) Restricted() bool { return p.restricted }

// Close releases the document. It may be called more than once.
func (p *Document) Close() {
	if p.instance == nil {
		return
	}
	// An error means that the module trapped while it tidied up. Its memory is dropped as a whole either way.
	_ = p.instance.Close()
	p.instance = nil
}

// Size returns width and height in points of page n, counted from 1, as displayed: cropped and turned by /Rotate.
func (p *Document) Size(n int) (width, height float64, err error) {
	if err := p.ready(n); err != nil {
		return 0, 0, err
	}
	size, err := p.instance.FPDF_GetPageSizeByIndex(
		&requests.FPDF_GetPageSizeByIndex{Document: p.document, Index: n - 1})
	if err != nil {
		return 0, 0, p.fail(err)
	}
	return size.Width, size.Height, checkSize(size.Width, size.Height)
}

func checkSize(width, height float64) error {
	switch {
	case width > maxPoints || height > maxPoints:
		return refusal.PointsTooMany(maxPoints)
	case width > 0 && height > 0:
		return nil
	default: // NaN comes here too
		return refusal.New(refusal.AreaMissing)
	}
}

// ready checks n and brings the instance into a state in which the next page can be taken on.
func (p *Document) ready(n int) error {
	if n < 1 || n > p.pages {
		return refusal.NoPage(n, p.pages)
	}
	worn := p.handles > maxHandles || p.used > maxUsed
	if p.instance != nil && !p.broken && (p.pinned || !worn) {
		return nil
	}
	p.Close()
	return p.start()
}

// fail classifies what PDFium reported about a page.
func (p *Document) fail(err error) error {
	if trapped(err) {
		p.broken = true
	}
	return refusal.New(refusal.PageUndecodable)
}

// trapped reports whether err is the end of the module rather than an answer of PDFium. Neither wazero nor go-pdfium has a
// type for it.
func trapped(err error) bool {
	text := err.Error()
	return strings.Contains(text, "wasm error") || strings.Contains(text, "panic occurred") ||
		strings.Contains(text, "module closed")
}
