// Package refusal has every reason why a document, or one page of it, cannot be read. What runs in worker processes and finds
// a reason says it with an error of this package; it travels to the service as a name and a few numbers, and the sentence
// that people read is made from the table here. A worker that a document has taken over has no other words, so nothing of
// what is in the document gets into errors.
package refusal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Reason names why something cannot be read.
type Reason string

// The reasons that need no numbers. The others have functions.
const (
	Empty           Reason = "empty"
	TypeUnknown     Reason = "type-unknown"
	Unreadable      Reason = "unreadable"
	PasswordMissing Reason = "password-missing"
	PasswordWrong   Reason = "password-wrong"
	Restricted      Reason = "restricted"
	Signed          Reason = "signed"
	PasswordStays   Reason = "password-stays"
	PDFEncryption   Reason = "pdf-encryption"
	PDFDamaged      Reason = "pdf-damaged"
	PDFEmpty        Reason = "pdf-empty"
	PDFUncopyable   Reason = "pdf-uncopyable"
	TIFFDamaged     Reason = "tiff-damaged"
	TIFFCircle      Reason = "tiff-circle"
	TIFFFirstPage   Reason = "tiff-first-page"
	TIFFEmpty       Reason = "tiff-empty"
	PictureHeader   Reason = "picture-header"
	PageHeader      Reason = "page-header"
	PageDamaged     Reason = "page-damaged"
	PageUndecodable Reason = "page-undecodable"
	PixelsMissing   Reason = "pixels-missing"

	CompressionUnknown Reason = "compression-unknown"
	PixelsUnknown      Reason = "pixels-unknown"
	SizeContradicts    Reason = "size-contradicts"
	AreaMissing        Reason = "area-missing"
	Dimensions         Reason = "dimensions"
	PictureRefused     Reason = "picture-refused"
	LanguageMissing    Reason = "language-missing"
)

// The reasons with numbers.
const (
	tooLarge      Reason = "too-large"
	tooManyPages  Reason = "too-many-pages"
	morePages     Reason = "more-pages"
	noPage        Reason = "no-page"
	sideTooLong   Reason = "side-too-long"
	tooManyPixels Reason = "too-many-pixels"
	drawsTooLarge Reason = "draws-too-large"
	pointsTooMany Reason = "points-too-many"
)

// TooLarge refuses a document of more bytes than the limit.
func TooLarge(bytes, limit int64) *Error { return with(tooLarge, bytes, limit) }

// TooManyPages refuses a document.
func TooManyPages(pages, limit int) *Error { return with(tooManyPages, int64(pages), int64(limit)) }

// MorePages refuses a document whose pages were not counted to their end.
func MorePages(limit int) *Error { return with(morePages, int64(limit)) }

// NoPage refuses to read page n, counted from 1.
func NoPage(n, pages int) *Error { return with(noPage, int64(n), int64(pages)) }

// SideTooLong refuses a page with a side of more pixels than the limit.
func SideTooLong(width, height, limit int) *Error {
	return with(sideTooLong, int64(width), int64(height), int64(limit))
}

// TooManyPixels refuses a page with more pixels than the limit.
func TooManyPixels(width, height int, limit int64) *Error {
	return with(tooManyPixels, int64(width), int64(height), limit)
}

// DrawsTooLarge refuses a page that has more pixels than the limit at the lowest resolution that can be read.
func DrawsTooLarge(limit int64, dpi int) *Error { return with(drawsTooLarge, limit, int64(dpi)) }

// PointsTooMany refuses a page with a side of more points than the limit.
func PointsTooMany(limit int) *Error { return with(pointsTooMany, int64(limit)) }

// meaning is what follows from a reason. Sentences have %d for each number.
type meaning struct {
	code     fault.Code
	sentence string
}

func meanings() map[Reason]meaning {
	all := map[Reason]meaning{
		Empty:              {fault.DocumentEmpty, "The document has no bytes."},
		TypeUnknown:        {fault.DocumentUnknownType, "The content is none of the document types that are read here: " + read + "."},
		Unreadable:         {fault.DocumentDamaged, "The document cannot be read."},
		PasswordMissing:    {fault.DocumentPasswordNeed, "The document is encrypted; give its password with the task."},
		PasswordWrong:      {fault.DocumentPasswordWrong, "The password given does not open the document."},
		Restricted:         {fault.DocumentRestricted, "The document forbids extraction; give its owner password with the task."},
		PasswordStays:      {fault.DocumentPasswordStays, "A PDF/A is never encrypted, and the document needs a password: ask for pdf, which needs the same, or set remove_password."},
		Signed:             {fault.DocumentSigned, "The document is digitally signed, and a searchable PDF of it was to be refused: ask for other formats, or set signature to rewrite or keep."},
		PDFEncryption:      {fault.DocumentUnknownType, "The PDF is encrypted in a way that is not read here, such as for the holders of certificates; save it without encryption, or with a password."},
		PDFDamaged:         {fault.DocumentDamaged, "The PDF is damaged and cannot be opened."},
		PDFEmpty:           {fault.DocumentDamaged, "The PDF has no pages."},
		PDFUncopyable:      {fault.DocumentDamaged, "The PDF is damaged and cannot be copied, so it cannot be made searchable."},
		TIFFDamaged:        {fault.DocumentDamaged, "The header of the TIFF file is damaged."},
		TIFFCircle:         {fault.DocumentDamaged, "The pages of the TIFF file refer to each other in a circle."},
		TIFFFirstPage:      {fault.DocumentDamaged, "The first page of the TIFF file is damaged."},
		TIFFEmpty:          {fault.DocumentDamaged, "The TIFF file has no pages."},
		PictureHeader:      {fault.DocumentDamaged, "The header of the picture is damaged."},
		PageHeader:         {fault.PageDamaged, "The header of the page is damaged."},
		PageDamaged:        {fault.PageDamaged, "The page is damaged and cannot be decoded."},
		PageUndecodable:    {fault.PageDamaged, "The page cannot be decoded, or decoding it takes more memory than the limit."},
		CompressionUnknown: {fault.PageUnsupported, "The page is compressed in a way that is not supported here: save it with another compression."},
		PixelsUnknown:      {fault.PageUnsupported, "The page has pixels of a kind that is not supported here: save it as grey or RGB with 8 bits a colour."},

		PixelsMissing:   {fault.PageDamaged, "The page has fewer pixels than its size says."},
		SizeContradicts: {fault.PageDamaged, "The page is not of the size that its header says."},
		AreaMissing:     {fault.PageDamaged, "The page has no area."},
		Dimensions:      {fault.PageDamaged, "The page has dimensions that no derivative can have."},
		PictureRefused:  {fault.PageDamaged, "The recogniser cannot take the picture of the page."},
		LanguageMissing: {fault.LanguageUnknown, "A language is not installed; GET /v1/capabilities lists those that are."},

		tooLarge:      {fault.DocumentTooLarge, "The document has %d bytes; the limit is %d."},
		tooManyPages:  {fault.DocumentTooManyPages, "The document has %d pages; the limit is %d: split it."},
		morePages:     {fault.DocumentTooManyPages, "The document has more than %d pages, which is the limit: split it."},
		noPage:        {fault.PageDamaged, "There is no page %d in a document of %d."},
		sideTooLong:   {fault.PageTooLarge, "The page has %d by %d pixels; the limit of a side is %d: scan it at a lower resolution."},
		tooManyPixels: {fault.PageTooLarge, "The page has %d by %d pixels; the limit is %d pixels: scan it at a lower resolution."},
		drawsTooLarge: {fault.PageTooLarge, "The page has more than %d pixels, which is the limit, even at %d dpi."},
		pointsTooMany: {fault.PageTooLarge, "A side of the page is longer than %d points."},
	}
	for reason, name := range foreign() {
		all[reason] = unread(name)
	}
	return all
}

// Reasons lists every reason, sorted.
func Reasons() []Reason { return slices.Sorted(maps.Keys(meanings())) }

// Code returns the code of the reason's faults.
func (r Reason) Code() fault.Code { return meanings()[r].code }

// Count returns how many numbers the reason's sentence has.
func (r Reason) Count() int { return strings.Count(meanings()[r].sentence, "%d") }

// Error says why something cannot be read. It is a fault of the reason's code.
type Error struct {
	Reason  Reason  `json:"reason"`
	Numbers []int64 `json:"numbers,omitempty"` // of the sentence, in its order
}

// New returns the error of a reason without numbers.
func New(r Reason) *Error { return &Error{Reason: r} }

// largest bounds what a number can say.
const largest = 1 << 42

func with(r Reason, numbers ...int64) *Error {
	for i, n := range numbers {
		numbers[i] = max(0, min(n, largest))
	}
	return &Error{r, numbers}
}

// errUnknown refuses what no worker of ours says.
var errUnknown = errors.New("there is no such reason with such numbers")

// Check refuses an error that this package did not make: an unknown reason, or one with other numbers than its sentence has.
func (e *Error) Check() error {
	if _, known := meanings()[e.Reason]; !known || len(e.Numbers) != e.Reason.Count() {
		return errUnknown
	}
	for _, n := range e.Numbers {
		if n < 0 || n > largest {
			return errUnknown
		}
	}
	return nil
}

// Fault returns the fault with the sentence for people.
func (e *Error) Fault() *fault.Error {
	m := meanings()[e.Reason]
	numbers := make([]any, len(e.Numbers))
	for i, n := range e.Numbers {
		numbers[i] = n
	}
	return fault.New(m.code, "%s", fmt.Sprintf(m.sentence, numbers...))
}

// Error implements error.
func (e *Error) Error() string { return e.Fault().Error() }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Fault() }
