package ocr

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/lethe-ocr/lethe/shared/fault"
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

// mediaType is a type of documents that are read.
type mediaType struct {
	name  string
	title string // for people
}

// mediaTypes are the documents that are read.
func mediaTypes() []mediaType {
	return []mediaType{
		{PDF, "PDF"}, {TIFF, "TIFF"}, {PNG, "PNG"}, {JPEG, "JPEG"}, {BMP, "BMP"}, {GIF, "GIF"}, {WebP, "WebP"},
		{JP2, "JPEG 2000 (JP2)"},
	}
}

// MediaTypes lists the media types of documents that are read.
func MediaTypes() []string {
	var names []string
	for _, m := range mediaTypes() {
		names = append(names, m.name)
	}
	return names
}

// HeadBytes is how much of a document MediaType reads.
const HeadBytes = 3072

// A reader of PDF accepts anything before the header as long as it starts in the first KiB (ISO 32000-2, annex I).
const headerBytes = 1024

// MediaType finds the media type of a document from its first HeadBytes bytes, never from a name. It is one of MediaTypes;
// anything else is fault.DocumentUnknownType.
func MediaType(head []byte) (string, error) {
	if len(head) == 0 {
		return "", fault.New(fault.DocumentEmpty, "the document has no bytes")
	}
	head = head[:min(len(head), HeadBytes)]
	// Types are a tree: an animated PNG or a camera's TIFF is a child of the format that reads it.
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		if i := slices.IndexFunc(MediaTypes(), func(known string) bool { return m.Is(known) }); i >= 0 {
			return MediaTypes()[i], nil
		}
	}
	// The library knows classic TIFF only.
	if bytes.HasPrefix(head, []byte("II\x2b\x00")) || bytes.HasPrefix(head, []byte("MM\x00\x2b")) {
		return TIFF, nil // BigTIFF
	}
	if bytes.Contains(head[:min(len(head), headerBytes)], []byte("%PDF-")) {
		return PDF, nil
	}
	var titles []string
	for _, m := range mediaTypes() {
		titles = append(titles, m.title)
	}
	last := len(titles) - 1
	return "", fault.New(fault.DocumentUnknownType, "the content is none of %s and %s", strings.Join(titles[:last], ", "), titles[last])
}
