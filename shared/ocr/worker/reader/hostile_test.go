//go:build linux

package reader_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// bomb returns a PNG of a few hundred kB that declares, and holds, side × side pixels.
func bomb(t *testing.T, side uint32) []byte {
	t.Helper()
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	row := make([]byte, 1+(side+7)/8)
	for range side {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)
	header = append(header, 1, 0, 0, 0, 0) // one bit of grey
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header), chunk("IDAT", data.Bytes()), chunk("IEND", nil))
}

func chunk(name string, data []byte) []byte {
	body := append([]byte(name), data...)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
}

func encrypted(user, owner string) []byte {
	return encryptedWith(user, owner, -60) // printing alone
}

// encryptedWith returns a PDF with a line of text that allows what the permissions say.
func encryptedWith(user, owner string, permissions int32) []byte {
	return pdftest.Encrypted(user, owner, permissions, nil, "BT/F 12 Tf 72 700 Td("+prose+")Tj ET",
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>", "",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
}

func zipped(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("document.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "%PDF-1.7"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileDocumentsFailInSecondsWithTheirCause(t *testing.T) {
	p := newPool(t, func(c *worker.Config, r *reader.Config) {
		r.Limits.Bytes = 8 << 20
		c.Document = r.Limits
	})
	sheet := asPNG(t, drawn(t))
	photo := asJPEG(t, drawn(t))
	for _, c := range []struct {
		name     string
		data     []byte
		password string
		want     fault.Code
	}{
		{name: "empty file", want: fault.DocumentEmpty},
		{name: "too many bytes", data: slices.Concat([]byte("%PDF-1.7\n"), make([]byte, 8<<20)), want: fault.DocumentTooLarge},
		{name: "archive", data: zipped(t), want: fault.DocumentUnknownType},
		{name: "text", data: []byte("plain words"), want: fault.DocumentUnknownType},
		{name: "pixel bomb of 500 megapixels", data: bomb(t, 22_361), want: fault.PageTooLarge},
		{name: "PDF of 10,000 pages", data: born(10_000), want: fault.DocumentTooManyPages},
		{name: "header of a PDF alone", data: []byte("%PDF-1.7\n"), want: fault.DocumentDamaged},
		{name: "header of a PNG alone", data: sheet[:20], want: fault.DocumentDamaged},
		{name: "header of a JPEG alone", data: photo[:4], want: fault.DocumentDamaged},
		{name: "header of a TIFF alone", data: []byte("II*\x00\x08\x00\x00\x00"), want: fault.DocumentDamaged},
		{name: "encrypted PDF", data: encrypted("open", "owner"), want: fault.DocumentPasswordNeed},
		{name: "encrypted PDF with a wrong password", data: encrypted("open", "owner"), password: "x", want: fault.DocumentPasswordWrong},
		{name: "PDF that forbids extraction", data: encrypted("", "owner"), want: fault.DocumentRestricted},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := source(t, c.name, c.data)
			src.Password = c.password
			start := time.Now()
			_, err := p.Inspect(t.Context(), src)
			if err == nil { // what only shows on the page
				_, err = p.Recognise(t.Context(), src, 1, english())
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
	if s := p.Stats(); s.Starts != 1 {
		t.Errorf("%d children were started, want one for all: %v", s.Starts, s.Ends)
	}
}

func TestTruncatedDocumentsEndInAnAnswer(t *testing.T) {
	p := newPool(t, nil)
	for name, data := range map[string][]byte{
		"PNG": asPNG(t, drawn(t)), "JPEG": asJPEG(t, drawn(t)), "scanned PDF": scanned(t, 1), "born-digital PDF": born(1),
	} {
		t.Run(name, func(t *testing.T) {
			src := source(t, name, data[:len(data)/2])
			_, err := p.Inspect(t.Context(), src)
			if err == nil {
				_, err = p.Recognise(t.Context(), src, 1, english())
			}
			// The upper half of a page may well be readable.
			if err != nil && fault.KindOf(err) != fault.Document {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPasswordOpensEncryptedPDF(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "a", encrypted("open", "owner"))
	src.Password = "owner"
	info, err := p.Inspect(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Recognise(t.Context(), src, 1, english())
	if err != nil {
		t.Fatal(err)
	}
	if !info.Encrypted || text(got) != prose {
		t.Errorf("got %+v and %q", info, text(got))
	}
}

func TestPageAndLanguageThatAreNotThere(t *testing.T) {
	p := newPool(t, nil)
	src := source(t, "a", asPNG(t, drawn(t)))
	if _, err := p.Recognise(t.Context(), src, 2, english()); !errors.Is(err, fault.PageDamaged) {
		t.Errorf("page 2 of 1: got %v", err)
	}
	if _, err := p.Recognise(t.Context(), src, 1, ocr.Options{Languages: []string{"none"}}); !errors.Is(err, fault.LanguageUnknown) {
		t.Errorf("unknown language: got %v", err)
	}
}
