package ocr

import (
	"fmt"
	"slices"
)

// PDFKind says which of the results that show a document as it looks is written.
type PDFKind string

// The kinds.
const (
	Searchable   PDFKind = ""         // the document with its text, which can be searched and copied
	PicturesOnly PDFKind = "pictures" // pictures of its pages and no text
	Archive      PDFKind = "archive"  // a searchable PDF/A-2b: pages that do not conform are pictures with their text
	// A page that is to become a picture, and has more pixels than the limit at one an inch, is refused: a square of more than 150 m has.

	// TextAndPictures has the text of pictures set in fonts that are embedded, and what else they show as pictures. What these fonts
	// have no letters for stays a picture with its text, which can be searched. Of a PDF the pages stay as those of Searchable
	// are: text of theirs is text already, and pages that are pictures are not set anew.
	TextAndPictures PDFKind = "text"

	// Previews is no PDF but a ZIP file (APPNOTE 6.3.10) of JPEG pictures, to lay the text over: one for each page that was read and
	// can be drawn, with at most PreviewSide pixels on its longer side and square ones, in the order of the pages and under the name
	// PreviewName. Entries are stored, so that each of them is a range of bytes of the file.
	Previews PDFKind = "previews"
)

// PreviewSide is the most pixels of the longer side of a picture of Previews.
const PreviewSide = 1600

// PreviewName is the name in Previews of the picture of a page, by the number of the page.
func PreviewName(page int) string { return fmt.Sprintf("%04d.jpg", page) }

// Contradicts returns the setting that a kind cannot follow, by its name in the API, and why. It is empty if there is none.
func (o PDFOptions) Contradicts(kinds []PDFKind) (setting, why string) {
	if !slices.Contains(kinds, Archive) {
		return "", ""
	}
	switch {
	case o.KeepActive:
		return "keep_active", "a PDF/A has no scripts, actions or attached files: leave keep_active or the format pdfa out"
	case o.Signature == KeepSigned:
		return "signature", "a PDF/A is a changed copy, for which signatures do not hold: ask for rewrite, or leave the format pdfa out"
	}
	return "", ""
}
