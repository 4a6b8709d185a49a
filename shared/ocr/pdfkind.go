package ocr

// PDFKind says which of the results that keep the appearance of a document is written.
type PDFKind string

// The kinds.
const (
	Searchable   PDFKind = ""         // the document with its text, which can be searched and copied
	PicturesOnly PDFKind = "pictures" // pictures of its pages and no text
)
