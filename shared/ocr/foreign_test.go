package ocr_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// zipped returns an archive of files that are stored as they are: names and contents take turns.
func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: pair[0], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pair[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTypesThatAreNotReadAreNamedWithThoseThatAre(t *testing.T) {
	box := func(kind, brand string) string {
		return "\x00\x00\x00\x18" + kind + brand + "\x00\x00\x00\x00" + brand + "miaf" + strings.Repeat("\x00", 64)
	}
	jpeg2000 := func(brand string) string {
		return "\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftyp" + brand + "\x00\x00\x00\x00" + brand
	}
	office := func(folder string) string {
		return zipped(t, "[Content_Types].xml", "<Types/>", "_rels/.rels", "<Relationships/>", folder+"/document.xml", "<x/>")
	}
	open := func(kind string) string { return zipped(t, "mimetype", kind, "content.xml", "<x/>") }
	samples := map[refusal.Reason][]string{
		refusal.HEIF:         {box("ftyp", "heic"), box("ftyp", "heix"), box("ftyp", "mif1"), box("ftyp", "msf1"), box("ftyp", "hevc")},
		refusal.AVIF:         {box("ftyp", "avif"), box("ftyp", "avis")},
		refusal.JPEGXL:       {"\xff\x0a\xfa\x1f\x01\x90\x01\x00\x00\x00\x00\x00", "\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl "},
		refusal.JPEGXS:       {"\x00\x00\x00\x0cJXS \r\n\x87\n\x00\x00\x00\x14ftypjxs "},
		refusal.JPX:          {jpeg2000("jpx "), jpeg2000("jpm ")},
		refusal.CodeStream:   {"\xff\x4f\xff\x51\x00\x29\x00\x00"},
		refusal.Photoshop:    {"8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03"},
		refusal.DjVu:         {"AT&TFORM\x00\x00\x00\x40DJVUINFO", "AT&TFORM\x00\x00\x00\x40DJVMDIRM"},
		refusal.SVG:          {`<svg xmlns="http://www.w3.org/2000/svg"/>`, `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`},
		refusal.Netpbm:       {"P4\n8 8\n00000000", "P5\n8 8\n255\n00000000", "P6\n8 8\n255\n000000000000"},
		refusal.Icon:         {"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00", "icns\x00\x00\x01\x00"},
		refusal.DICOM:        {strings.Repeat("\x00", 128) + "DICM\x02\x00"},
		refusal.PostScript:   {"%!PS-Adobe-3.0\n"},
		refusal.Word:         {office("word")},
		refusal.Spreadsheet:  {office("xl")},
		refusal.Presentation: {office("ppt")},
		refusal.OpenDocument: {open("application/vnd.oasis.opendocument.text"), open("application/vnd.oasis.opendocument.spreadsheet")},
		refusal.RichText:     {`{\rtf1\ansi Hello}`},
		refusal.EPUB:         {open("application/epub+zip")},
		refusal.WebPage:      {"<!DOCTYPE html><html><body>%PDF</body></html>"},
		refusal.Mail:         {"From: a@example.org\r\nTo: b@example.org\r\nSubject: scan\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello"},
		refusal.Archive:      {zipped(t, "scan.tif", "x"), "7z\xbc\xaf\x27\x1c\x00\x04", "\x1f\x8b\x08\x00\x00\x00\x00\x00", "Rar!\x1a\x07\x01\x00", "BZh91AY"},
		refusal.Video:        {box("ftyp", "isom"), box("ftyp", "qt  "), "\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x86\x81\x01\x42\x82\x84webm"},
		refusal.TypeUnknown:  {"hello", "\x01\x02\x03\x04"},
	}
	for want, heads := range samples {
		for i, head := range heads {
			mediaType, err := ocr.MediaType([]byte(head))
			var refused *refusal.Error
			if !errors.As(err, &refused) || refused.Reason != want || !errors.Is(err, fault.DocumentUnknownType) {
				t.Errorf("%s, sample %d: %q, %v", want, i+1, mediaType, err)
				continue
			}
			for _, read := range ocr.MediaTypes() {
				if _, name, _ := strings.Cut(read, "/"); !strings.Contains(strings.ToLower(err.Error()), name) {
					t.Errorf("%q does not say that %s is read", err, read)
				}
			}
		}
	}
	for _, reason := range refusal.Reasons() {
		_, tried := samples[reason]
		if !tried && reason.Code() == fault.DocumentUnknownType && reason != refusal.PDFEncryption { // which no head tells
			t.Errorf("there is no sample of %s", reason)
		}
	}
}
