package pdf

import (
	"bytes"

	"github.com/gabriel-vasile/mimetype"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// HeadBytes is how much of a document Type looks at.
const HeadBytes = 3072

// A reader of PDF accepts anything before the header as long as it starts in the first KiB (ISO 32000-2, annex I).
const headerBytes = 1024

// Type finds the media type of a document from its first HeadBytes bytes, never from a name: application/pdf, image/tiff,
// image/png, image/jpeg, image/bmp, image/gif, image/webp or image/jp2. Anything else is fault.DocumentUnknownType.
func Type(head []byte) (string, error) {
	if len(head) == 0 {
		return "", fault.New(fault.DocumentEmpty, "the document has no bytes")
	}
	if len(head) > HeadBytes {
		head = head[:HeadBytes]
	}
	// Types are a tree: an animated PNG or a camera's TIFF is a child of the format that reads it.
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		for _, known := range []string{
			"application/pdf", "image/tiff", "image/png", "image/jpeg", "image/bmp", "image/gif", "image/webp", "image/jp2",
		} {
			if m.Is(known) {
				return known, nil
			}
		}
	}
	// The library knows classic TIFF only.
	if bytes.HasPrefix(head, []byte("II\x2b\x00")) || bytes.HasPrefix(head, []byte("MM\x00\x2b")) {
		return "image/tiff", nil // BigTIFF
	}
	if bytes.Contains(head[:min(len(head), headerBytes)], []byte("%PDF-")) {
		return "application/pdf", nil
	}
	return "", fault.New(fault.DocumentUnknownType,
		"the content is none of PDF, TIFF, PNG, JPEG, BMP, GIF, WebP and JPEG 2000 (JP2)")
}
