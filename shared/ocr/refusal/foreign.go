package refusal

import "github.com/lethe-ocr/lethe/shared/fault"

// The types of documents that are known and not read.
const (
	HEIF         Reason = "type-heif"
	AVIF         Reason = "type-avif"
	JPEGXL       Reason = "type-jpeg-xl"
	JPEGXS       Reason = "type-jpeg-xs"
	JPX          Reason = "type-jpx"
	CodeStream   Reason = "type-code-stream"
	Photoshop    Reason = "type-photoshop"
	DjVu         Reason = "type-djvu"
	SVG          Reason = "type-svg"
	Netpbm       Reason = "type-netpbm"
	Icon         Reason = "type-icon"
	DICOM        Reason = "type-dicom"
	PostScript   Reason = "type-postscript"
	Word         Reason = "type-word"
	Spreadsheet  Reason = "type-spreadsheet"
	Presentation Reason = "type-presentation"
	OpenDocument Reason = "type-opendocument"
	RichText     Reason = "type-rich-text"
	EPUB         Reason = "type-epub"
	WebPage      Reason = "type-web-page"
	Mail         Reason = "type-mail"
	Archive      Reason = "type-archive"
	Video        Reason = "type-video"
)

// read names the types that are read, for people.
const read = "PDF, TIFF, PNG, JPEG, BMP, GIF, WebP and JPEG 2000 (JP2)"

// foreign is what people call each type that is not read.
func foreign() map[Reason]string {
	return map[Reason]string{
		HEIF:         "a HEIF picture (HEIC)",
		AVIF:         "an AVIF picture",
		JPEGXL:       "a JPEG XL picture",
		JPEGXS:       "a JPEG XS picture",
		JPX:          "a picture of JPEG 2000 part 2 or 6 (JPX, JPM)",
		CodeStream:   "a code stream of JPEG 2000 without a file around it (J2K)",
		Photoshop:    "a Photoshop document (PSD)",
		DjVu:         "a DjVu document",
		SVG:          "an SVG drawing",
		Netpbm:       "a Netpbm picture",
		Icon:         "an icon",
		DICOM:        "a DICOM picture",
		PostScript:   "a PostScript document",
		Word:         "a Word document",
		Spreadsheet:  "an Excel document",
		Presentation: "a PowerPoint document",
		OpenDocument: "an OpenDocument file",
		RichText:     "a document of Rich Text Format (RTF)",
		EPUB:         "an EPUB book",
		WebPage:      "a web page (HTML)",
		Mail:         "a mail",
		Archive:      "an archive",
		Video:        "a video",
	}
}

// unread returns the meaning of a type that is not read.
func unread(name string) meaning {
	return meaning{fault.DocumentUnknownType, "The content is " + name + ", which is not read here; save it as one of these: " + read + "."}
}
