package abbyy

import (
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/render"
)

// format is a value of exportFormat.
type format struct {
	name string
	is   render.Format
	note string // how the result is, where that needs saying
}

// pageFormats lists the formats of documents.
func pageFormats() []format {
	return []format{
		{"rtf", render.RTF, "headings, paragraphs and tables; pictures are left out"},
		{"txt", render.ABBYYText, "lines padded with spaces, so that the layout is kept; UTF-8 with a byte order mark, lines end in CR LF"},
		{"txtUnstructured", render.ABBYYPlain, "text in reading order, with the values of bar codes if they are read; UTF-8 with a byte order mark, lines end in CR LF"},
		{"docx", render.DOCX, "headings, paragraphs and tables; pictures are left out"},
		{"xlsx", render.XLSX, "a sheet for each table, and one for the other lines of each page"},
		{"pptx", render.PPTX, "a slide for each page with its lines where they stand; pictures are left out"},
		{"pdfSearchable", render.PDF, "the pages as they were, with the text invisible under them"},
		{"pdfTextAndImages", render.PDFText, "text as text, pictures as pictures"},
		{"pdfa", render.PDFA, "PDF/A-2b, where ABBYY wrote PDF/A-1b"},
		{"xml", render.ABBYYOriginal, "coordinates of the page as it was sent"},
		{"xmlForCorrectedImage", render.ABBYYCorrected, "coordinates of the page turned upright"},
		{"alto", render.ALTO, "ALTO 4.4"},
	}
}

// cardFormats lists the formats of business cards.
func cardFormats() []format {
	return []format{
		{"vCard", render.VCard, "vCard 3.0"},
		{"csv", render.CardCSV, ""},
		{"xml", render.CardXML, ""},
	}
}

// mostFormats is how many results a task may have.
const mostFormats = 3

func findFormat(all []format, name string) (format, bool) {
	i := slices.IndexFunc(all, func(f format) bool { return strings.EqualFold(f.name, name) })
	if i < 0 {
		return format{}, false
	}
	return all[i], true
}

func formatNames(all []format) string {
	var names []string
	for _, f := range all {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
