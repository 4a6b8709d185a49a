package ocr

import (
	"bytes"

	"github.com/gabriel-vasile/mimetype"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// foreigners names the media types of documents that are not read, and why. A type that is not listed is refused as its
// parent in the tree of types: a zipped format that nobody knows is an archive.
func foreigners() map[string]refusal.Reason {
	const openXML, openDocument = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."
	return map[string]refusal.Reason{
		"image/heic": refusal.HEIF, "image/heic-sequence": refusal.HEIF, "image/heif": refusal.HEIF, "image/heif-sequence": refusal.HEIF,
		"image/avif": refusal.AVIF, "image/jxl": refusal.JPEGXL, "image/jxs": refusal.JPEGXS,
		"image/jpx": refusal.JPX, "image/jpm": refusal.JPX,
		"image/vnd.adobe.photoshop": refusal.Photoshop, "image/vnd.djvu": refusal.DjVu, "image/svg+xml": refusal.SVG,
		"image/x-portable-bitmap": refusal.Netpbm, "image/x-portable-graymap": refusal.Netpbm, "image/x-portable-pixmap": refusal.Netpbm,
		"image/x-portable-arbitrarymap": refusal.Netpbm,
		"image/x-icon":                  refusal.Icon, "image/x-icns": refusal.Icon, "application/dicom": refusal.DICOM, "application/postscript": refusal.PostScript,
		"application/msword": refusal.Word, openXML + "wordprocessingml.document": refusal.Word,
		"application/vnd.ms-excel": refusal.Spreadsheet, openXML + "spreadsheetml.sheet": refusal.Spreadsheet,
		"application/vnd.ms-powerpoint": refusal.Presentation, openXML + "presentationml.presentation": refusal.Presentation,
		openDocument + "text": refusal.OpenDocument, openDocument + "spreadsheet": refusal.OpenDocument,
		openDocument + "presentation": refusal.OpenDocument, openDocument + "graphics": refusal.OpenDocument,
		"text/rtf": refusal.RichText, "application/epub+zip": refusal.EPUB, "text/html": refusal.WebPage, "message/rfc822": refusal.Mail,
		"application/zip": refusal.Archive, "application/x-7z-compressed": refusal.Archive, "application/x-rar-compressed": refusal.Archive,
		"application/x-tar": refusal.Archive, "application/gzip": refusal.Archive, "application/x-bzip2": refusal.Archive,
		"application/x-xz": refusal.Archive, "application/zstd": refusal.Archive,
		"video/mp4": refusal.Video, "video/quicktime": refusal.Video, "video/x-matroska": refusal.Video, "video/webm": refusal.Video,
		"video/x-msvideo": refusal.Video, "video/mpeg": refusal.Video,
	}
}

// foreign says what the head of a document that is not read is.
func foreign(head []byte) refusal.Reason {
	if bytes.HasPrefix(head, []byte("\xff\x4f\xff\x51")) { // the library does not know it
		return refusal.CodeStream
	}
	known := foreigners()
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		for name, reason := range known {
			if m.Is(name) {
				return reason
			}
		}
	}
	return refusal.TypeUnknown
}
