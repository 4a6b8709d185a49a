package ocr

import (
	"bytes"
	"slices"

	"github.com/gabriel-vasile/mimetype"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// The media types of documents.
const (
	PDF  = "application/pdf"
	TIFF = "image/tiff"
	PNG  = "image/png"
	JPEG = "image/jpeg"
	BMP  = "image/bmp"
	GIF  = "image/gif"
	WebP = "image/webp"
	JP2  = "image/jp2"
)

// MediaTypes lists the media types of documents that are read.
func MediaTypes() []string { return []string{PDF, TIFF, PNG, JPEG, BMP, GIF, WebP, JP2} }

// HeadBytes is how much of a document MediaType reads.
const HeadBytes = 3072

// A reader of PDF accepts anything before the header as long as it starts in the first KiB (ISO 32000-2, annex I).
const headerBytes = 1024

// MediaType finds the media type of a document from its first HeadBytes bytes, never from a name. It is one of MediaTypes;
// anything else is a refusal.
func MediaType(head []byte) (string, error) {
	if len(head) == 0 {
		return "", refusal.New(refusal.Empty)
	}
	head = head[:min(len(head), HeadBytes)]
	// Types are a tree: an animated PNG or a camera's TIFF is a child of the format that reads it.
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		if i := slices.IndexFunc(MediaTypes(), func(known string) bool { return m.Is(known) }); i >= 0 {
			return MediaTypes()[i], nil
		}
	}
	// The library knows classic TIFF only, and BMP of Windows.
	if bytes.HasPrefix(head, []byte("II\x2b\x00")) || bytes.HasPrefix(head, []byte("MM\x00\x2b")) {
		return TIFF, nil // BigTIFF
	}
	if bytes.HasPrefix(head, []byte("BM")) && len(head) > 18 && string(head[14:18]) == "\x0c\x00\x00\x00" {
		return BMP, nil // of OS/2
	}
	if bytes.Contains(head[:min(len(head), headerBytes)], []byte("%PDF-")) {
		return PDF, nil
	}
	return "", refusal.New(foreign(head))
}
