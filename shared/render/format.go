package render

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Format is a result format. Its value is its name in the API, on the command line and in storage.
type Format string

// The formats.
const (
	TXT  Format = "txt"  // plain text in UTF-8, pages separated by a form feed
	JSON Format = "json" // see Result
	HOCR Format = "hocr" // hOCR 1.2 in XHTML
	ALTO Format = "alto" // ALTO 4.4
	TSV  Format = "tsv"  // the table of Tesseract's tsv output
	CSV  Format = "csv"  // rows of tables, and lines where there is no table
	XLSX Format = "xlsx" // Excel: a sheet for each table, and one for the other lines of each page
	DOCX Format = "docx" // Word: headings, paragraphs and tables, page by page
	RTF  Format = "rtf"  // the same for other word processors
	MD   Format = "md"   // the same as Markdown, for language models
	PPTX Format = "pptx" // PowerPoint: a slide for each page, on it the lines where they stand
	PDF  Format = "pdf"  // searchable PDF with the appearance of the original

	ABBYYXML  Format = "abbyyxml"  // XML of FineReader 10, schema version 1
	PDFA      Format = "pdfa"      // searchable PDF/A-2b
	PDFImages Format = "pdfimages" // PDF of pictures of the pages, without text
	Preview   Format = "preview"   // ZIP file of small pictures of the pages, to lay the text over
)

// row is all that there is to know of a format.
type row struct {
	name      Format
	mediaType string       // for a Content-Type header
	extension string       // of file names, with its dot
	needs     ocr.Features // what it shows of a page beside the words
	// new returns a Writer of one result. Once ctx ends, the result is discarded.
	new func(ctx context.Context, w io.Writer, doc Document) (Writer, error)
}

// table lists every format that is known.
func table() []row { return slices.Concat(ownTable(), abbyyTable()) }

// ownTable lists the formats that are offered by themselves. The program, its help, the API and its description follow from it.
func ownTable() []row {
	words, tables := ocr.Features{}, ocr.Features{Tables: true}
	return []row{
		{TXT, "text/plain; charset=utf-8", ".txt", words, newText},
		{JSON, "application/json", ".json", ocr.Features{Tables: true, Barcodes: true, MRZ: true}, newJSON},
		{HOCR, "text/vnd.hocr+html; charset=utf-8", ".hocr.html", words, newHOCR},
		{ALTO, "application/xml", ".alto.xml", words, newALTO}, // ALTO has no registered type of its own
		{ABBYYXML, "application/xml", ".abbyy.xml", ocr.Features{Characters: true, Alternatives: true, Tables: true, Barcodes: true}, newABBYYXML},
		{TSV, "text/tab-separated-values; charset=utf-8", ".tsv", words, newTSV},
		{CSV, "text/csv; charset=utf-8; header=present", ".csv", tables, newCSV},
		{XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", tables, newXLSX},
		{DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", tables, newDOCX},
		{PPTX, "application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", words, newPPTX},
		{RTF, "application/rtf", ".rtf", tables, newRTF},
		{MD, "text/markdown; charset=utf-8; variant=GFM", ".md", tables, newMarkdown},
		{PDF, "application/pdf", ".pdf", words, newPDF(ocr.Searchable)},
		{PDFA, "application/pdf", ".pdfa.pdf", words, newPDF(ocr.Archive)},
		{PDFImages, "application/pdf", ".images.pdf", words, newPDF(ocr.PicturesOnly)},
		{Preview, "application/zip", ".preview.zip", words, newPDF(ocr.Previews)},
	}
}

// Formats lists every format that is offered by itself, which ABBYYFormats are not.
func Formats() []Format { return names(ownTable()) }

func names(rows []row) []Format {
	all := make([]Format, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.name)
	}
	return all
}

// Names lists the names of Formats for people, with commas between them.
func Names() string {
	all := make([]string, 0, len(ownTable()))
	for _, f := range Formats() {
		all = append(all, string(f))
	}
	return strings.Join(all, ", ")
}

// ParseFormat returns the one of Formats that has the name.
func ParseFormat(name string) (Format, error) {
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fault.New(fault.FormatUnknown, "A result format is unknown; the formats are %s.", Names())
}

func (f Format) row() (row, bool) {
	rows := table()
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == f })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}

// Known reports whether the format is one of Formats or ABBYYFormats.
func (f Format) Known() bool {
	_, ok := f.row()
	return ok
}

// MediaType returns the media type for a Content-Type header, that of unknown bytes for an unknown format.
func (f Format) MediaType() string {
	if r, ok := f.row(); ok {
		return r.mediaType
	}
	return "application/octet-stream"
}

// Needs returns what results of these formats, written so, show of a page beside its words.
func Needs(formats []Format, options Options) ocr.Features {
	var all ocr.Features
	for _, f := range formats {
		r, _ := f.row()
		all = all.With(r.needs)
		if r.needs.Characters && (options.CharVariants || options.WordVariants) {
			all.Alternatives = true
		}
	}
	return all
}

// Binary reports whether results hold bytes that are no text, which a terminal cannot show. So do those of unknown formats.
func (f Format) Binary() bool {
	mediaType, _, _ := strings.Cut(f.MediaType(), ";")
	return !strings.HasPrefix(mediaType, "text/") && !slices.Contains([]string{"application/json", "application/xml", "application/rtf"}, mediaType)
}

// Extension returns the file name extension with its dot. That of an unknown format, which another version of the program
// may know, is its name.
func (f Format) Extension() string {
	if r, ok := f.row(); ok {
		return r.extension
	}
	return "." + string(f)
}
