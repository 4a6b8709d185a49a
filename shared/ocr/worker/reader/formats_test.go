//go:build linux

package reader_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// canary is hidden in every place of a document that is not the page itself.
const canary = "canary-of-metadata"

// specimen is a document of a format: ocrtest.Letter(1) on 200 dpi paper, with metadata.
type specimen struct {
	name  string
	data  []byte
	pages int
	dpi   int // 0 if the format states none
}

// pictures returns specimens of every format of pictures. Those that need a tool which is missing are left out, by name.
func pictures(t *testing.T) []specimen {
	t.Helper()
	sheet, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	coloured := image.NewNRGBA(sheet.Rect)
	draw.Draw(coloured, sheet.Rect, sheet, image.Point{}, draw.Src)
	coloured.SetNRGBA(0, 0, color.NRGBA{R: 255, A: 255})
	sheer := image.NewNRGBA(sheet.Rect)
	copy(sheer.Pix, coloured.Pix)
	sheer.SetNRGBA(0, 0, color.NRGBA{A: 128})
	twoTone := image.NewPaletted(sheet.Rect, color.Palette{color.White, color.Black})
	draw.Draw(twoTone, sheet.Rect, sheet, image.Point{}, draw.Src)
	deep := image.NewGray16(sheet.Rect)
	draw.Draw(deep, sheet.Rect, sheet, image.Point{}, draw.Src)

	list := []specimen{
		{name: "PNG of 8 bits", data: describedPNG(asPNG(t, sheet)), dpi: 200},
		{name: "PNG of 1 bit with a palette", data: describedPNG(asPNG(t, twoTone)), dpi: 200},
		{name: "PNG of 16 bits", data: describedPNG(asPNG(t, deep)), dpi: 200},
		{name: "PNG of colour", data: describedPNG(asPNG(t, coloured)), dpi: 200},
		{name: "PNG with alpha", data: describedPNG(asPNG(t, sheer)), dpi: 200},
		{name: "JPEG", data: describedJPEG(asJPEG(t, sheet), 1), dpi: 200},
		{name: "JPEG of colour", data: describedJPEG(encodedBy(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, coloured, nil) }), 1), dpi: 200},
		{name: "JPEG to be turned for display", data: describedJPEG(asJPEG(t, leftwards(sheet)), 6), dpi: 200},
		{name: "TIFF of three pages", data: describedTIFF(sheet, 3), pages: 3, dpi: 200},
		{name: "GIF", data: describedGIF(t, twoTone)},
		{name: "BMP", data: describedBMP(t, sheet), dpi: 200},
		{name: "BMP of colour", data: describedBMP(t, coloured), dpi: 200},
	}
	for _, c := range []struct{ name, tool, out string }{
		{"WebP", "cwebp -quiet -q 80 in.png -o out", "out"},
		{"WebP without loss", "cwebp -quiet -lossless in.png -o out", "out"},
		{"JPEG 2000", "opj_compress -i in.png -o out.jp2", "out.jp2"},
	} {
		fields := strings.Fields(c.tool)
		if _, err := exec.LookPath(fields[0]); err != nil {
			t.Logf("%s is left out: %s is not installed", c.name, fields[0])
			continue
		}
		data := convertedBy(t, asPNG(t, coloured), c.out, fields...)
		if c.name == "JPEG 2000" {
			data = append(data, box("xml ", "<t>"+canary+"</t>")...)
		} else {
			data = describedWebP(data)
		}
		list = append(list, specimen{name: c.name, data: data})
	}
	for i := range list {
		list[i].pages = max(1, list[i].pages)
		if !bytes.Contains(list[i].data, []byte(canary)) && !strings.HasPrefix(list[i].name, "BMP") {
			t.Errorf("%s has no metadata", list[i].name)
		}
	}
	return list
}

func encodedBy(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func convertedBy(t *testing.T, in []byte, out string, command ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.png"), in, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	if report, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command[0], err, report)
	}
	data, err := os.ReadFile(filepath.Join(dir, out))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// describedPNG adds text, a profile of Exif, and 200 dpi, and something behind the end.
func describedPNG(data []byte) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 7874), 7874)
	return slices.Concat(data[:33],
		chunk("pHYs", append(size, 1)),
		chunk("tEXt", []byte("Author\x00"+canary)),
		chunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00<x>"+canary+"</x>")),
		chunk("eXIf", exif(canary, 1)),
		data[33:], []byte(canary))
}

// exif is a big-endian TIFF with a description and an orientation (Exif 2.3, section 4.6.4).
func exif(text string, orientation byte) []byte {
	be := binary.BigEndian
	b := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x02\x01\x0e\x00\x02")
	b = be.AppendUint32(be.AppendUint32(b, uint32(len(text)+1)), 38)
	b = append(b, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0)
	return append(append(b, text...), 0)
}

// describedJPEG adds 200 dpi, Exif, XMP and a comment, and something behind the end.
func describedJPEG(data []byte, orientation byte) []byte {
	segment := func(marker byte, body string) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
	}
	return slices.Concat(data[:2],
		segment(0xe0, "JFIF\x00\x01\x02\x01\x00\xc8\x00\xc8\x00\x00"),
		segment(0xe1, "Exif\x00\x00"+string(exif(canary, orientation))),
		segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x>"+canary+"</x>"),
		segment(0xfe, canary),
		data[2:], []byte(canary))
}

func leftwards(img *image.Gray) *image.Gray {
	size := img.Bounds().Size()
	left := image.NewGray(image.Rect(0, 0, size.Y, size.X))
	for y := range size.Y {
		for x := range size.X {
			left.SetGray(y, size.X-1-x, img.GrayAt(x, y))
		}
	}
	return left
}

// describedTIFF writes the picture several times, uncompressed, with 200 dpi and a description (TIFF 6.0).
func describedTIFF(img *image.Gray, pages int) []byte {
	le := binary.LittleEndian
	b := []byte("II*\x00\x08\x00\x00\x00")
	for n := range pages {
		const entries = 13
		values := uint32(len(b) + 2 + entries*12 + 4)
		pixels := values + 8 + uint32(len(canary)+1)
		pixels += pixels % 2
		next := pixels + uint32(len(img.Pix))
		if n == pages-1 {
			next = 0
		}
		b = le.AppendUint16(b, entries)
		for _, e := range [entries][4]uint32{
			{256, 4, 1, uint32(img.Rect.Dx())}, {257, 4, 1, uint32(img.Rect.Dy())}, {258, 3, 1, 8}, {259, 3, 1, 1}, {262, 3, 1, 1},
			{270, 2, uint32(len(canary) + 1), values + 8}, {273, 4, 1, pixels}, {277, 3, 1, 1},
			{278, 4, 1, uint32(img.Rect.Dy())}, {279, 4, 1, uint32(len(img.Pix))}, {282, 5, 1, values}, {283, 5, 1, values}, {296, 3, 1, 2},
		} {
			b = le.AppendUint16(le.AppendUint16(b, uint16(e[0])), uint16(e[1]))
			b = le.AppendUint32(le.AppendUint32(b, e[2]), e[3])
		}
		b = le.AppendUint32(le.AppendUint32(le.AppendUint32(b, next), 200), 1)
		b = append(append(b, canary...), 0)
		for uint32(len(b)) < pixels {
			b = append(b, 0)
		}
		b = append(b, img.Pix...)
	}
	return b
}

// describedGIF adds a comment.
func describedGIF(t *testing.T, img *image.Paletted) []byte {
	t.Helper()
	data := encodedBy(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) })
	comment := append([]byte{'!', 0xfe, byte(len(canary))}, canary...)
	start := 13 + 3*(2<<(data[10]&7))
	return slices.Concat(data[:start], comment, []byte{0}, data[start:])
}

// describedBMP sets 200 dpi. The format has no place for text, and files with something behind the end are not read.
func describedBMP(t *testing.T, img image.Image) []byte {
	t.Helper()
	data := encodedBy(t, func(b *bytes.Buffer) error { return bmp.Encode(b, img) })
	binary.LittleEndian.PutUint32(data[38:], 7874)
	binary.LittleEndian.PutUint32(data[42:], 7874)
	return data
}

// describedWebP makes the file an extended one with Exif (WebP container specification).
func describedWebP(data []byte) []byte {
	le := binary.LittleEndian
	part := func(kind string, body []byte) []byte {
		b := append(le.AppendUint32([]byte(kind), uint32(len(body))), body...)
		return append(b, make([]byte, len(body)%2)...)
	}
	flags := []byte{8, 0, 0, 0}
	for _, side := range []uint32{ocrtest.Width - 1, ocrtest.Height - 1} {
		flags = append(flags, byte(side), byte(side>>8), byte(side>>16))
	}
	body := slices.Concat([]byte("WEBP"), part("VP8X", flags), data[12:], part("EXIF", exif(canary, 1)))
	return append(le.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func box(kind, body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), kind+body...)
}

// describedPDF returns a PDF with a text layer of ocrtest.Letter(1) and everything else that can hold text: Info, XMP, an
// annotation, a form with a value, an attachment, a script, an outline.
func describedPDF() []byte {
	var content strings.Builder
	content.WriteString("BT/F 11 Tf 14 TL 60 780 Td ")
	for line := range strings.Lines(ocrtest.Letter(1)) {
		for words := range slices.Chunk(strings.Fields(line), 12) {
			fmt.Fprintf(&content, "(%s)Tj T* ", strings.Join(words, " "))
		}
	}
	content.WriteString("ET")
	return pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R/Outlines 6 0 R/OpenAction 8 0 R/AcroForm<</Fields[9 0 R]/DA(/F 0 Tf)>>"+
			"/Names<</EmbeddedFiles<</Names[(f)10 0 R]>>/JavaScript<</Names[(j)8 0 R]>>>>>>",
		"<</Type/Pages/Kids[3 0 R 13 0 R]/Count 2/MediaBox[0 0 595.28 841.89]/CropBox[20 20 575 820]"+
			"/Resources<</Font<</F 12 0 R>>>>>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[9 0 R 14 0 R]/Title("+canary+")>>",
		pdftest.Stream("", []byte(content.String())),
		pdftest.Stream("/Type/Metadata/Subtype/XML", []byte("<x:xmpmeta>"+canary+"</x:xmpmeta>")),
		"<</First 7 0 R/Last 7 0 R/Count 1>>",
		"<</Parent 6 0 R/Title("+canary+")/Dest[3 0 R/Fit]>>",
		"<</S/JavaScript/JS(app.alert\\('"+canary+"'\\))>>",
		"<</Type/Annot/Subtype/Widget/FT/Tx/T("+canary+")/V("+canary+")/Rect[60 60 300 80]/P 3 0 R>>",
		"<</Type/Filespec/F("+canary+".txt)/EF<</F 11 0 R>>>>",
		pdftest.Stream("/Type/EmbeddedFile", []byte(canary)),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 842 842]/CropBox[0 0 700 830]/Rotate 90>>",
		"<</Type/Annot/Subtype/FreeText/Contents("+canary+")/DA(/F 12 Tf)/Rect[60 100 300 140]>>",
	)
}
