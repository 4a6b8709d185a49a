package render

import "github.com/lethe-ocr/lethe/shared/ocr"

// The formats of the ABBYY interface alone, beside those that it shares: the native API, the command line and what they say
// of themselves leave them out.
const (
	ABBYYText      Format = "abbyytxt"   // plain text with the layout kept by spaces
	ABBYYPlain     Format = "abbyyplain" // plain text in reading order, with the values of bar codes
	ABBYYOriginal  Format = "abbyyxmlo"  // ABBYYXML as that interface has it by default: characters with their places alone
	ABBYYCorrected Format = "abbyyxmlc"  // the same, with places on the page turned upright
	PDFText        Format = "pdftext"    // PDF with text as text and pictures as pictures
	FieldsXML      Format = "fieldsxml"  // fields of a form, as processFields answers
	FieldXML       Format = "fieldxml"   // one field, as processTextField and the like answer
	MRZXML         Format = "mrzxml"     // machine-readable zone of a travel document
	CardXML        Format = "cardxml"    // business card
	CardCSV        Format = "cardcsv"    // the same as a table
	VCard          Format = "vcard"      // the same as vCard 3.0
)

// abbyyTable lists the formats of the ABBYY interface alone. Their media types are bare, since its clients compare them.
func abbyyTable() []row {
	words := ocr.Features{}
	characters := ocr.Features{Characters: true, Tables: true, Barcodes: true}
	return []row{
		{ABBYYText, "text/plain", ".layout.txt", words, newLayoutText},
		{ABBYYPlain, "text/plain", ".plain.txt", ocr.Features{Barcodes: true}, newPlainText},
		{ABBYYOriginal, "application/xml", ".original.xml", characters, newABBYYOriginal},
		{ABBYYCorrected, "application/xml", ".corrected.xml", characters, newABBYYCorrected},
		{PDFText, "application/pdf", ".text.pdf", words, newPDF(ocr.TextAndPictures)},
		{FieldsXML, "application/xml", ".fields.xml", words, newFieldsXML},
		{FieldXML, "application/xml", ".field.xml", words, newFieldXML},
		{MRZXML, "application/xml", ".mrz.xml", ocr.Features{MRZ: true}, newMRZXML},
		{CardXML, "application/xml", ".card.xml", words, newCardXML},
		{CardCSV, "text/csv", ".card.csv", words, newCardCSV},
		{VCard, "text/vcard", ".vcf", words, newVCard},
	}
}

// ABBYYFormats lists the formats of the ABBYY interface alone.
func ABBYYFormats() []Format { return names(abbyyTable()) }
