package hostiletest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// archive is a ZIP file of one member.
func archive(name string, content []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(0, 0).UTC()})
	if err == nil {
		_, _ = w.Write(content) // a buffer takes everything
	}
	_ = z.Close()
	return b.Bytes()
}

// polyglots are files that are two things at once. What their first bytes say counts.
func polyglots() []Document {
	f := family{name: "two in one"}
	const script = "<script>alert(1)</script>"
	page := []byte("<html><body>" + script + "</body></html>")
	packed := archive("../../etc/passwd", page)
	goods := Good()
	for _, name := range slices.Sorted(maps.Keys(goods)) {
		data := goods[name]
		ends := fine()
		if name == "BMP" {
			ends = lenient() // its reader holds the length against the header
		}
		f.add(ends, name+" and ZIP", slices.Concat(data, packed))
		f.add(ends, name+" and PDF", slices.Concat(data, goodPDF()))
	}
	f.add(append(lenient(), fault.DocumentUnknownType), "ZIP before PDF", slices.Concat(packed, goodPDF()))
	f.add(append(lenient(), fault.DocumentUnknownType), "HTML before PDF", slices.Concat(page, goodPDF()))
	f.add(append(lenient(), fault.DocumentUnknownType), "program before PDF", slices.Concat([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100), goodPDF()))
	f.add(lenient(), "GIF that is a script", slices.Concat([]byte("GIF89a/*"), goodGIF()[8:], []byte("*/=1;alert(1)")))
	f.add(append(lenient(), fault.PageTooLarge), "BMP that is a script", slices.Concat([]byte("BM/*"), goodBMP()[4:], []byte("*/=1;alert(1)")))
	f.add(lenient(), "PNG with a page in a text", pngOf(pngHeader(width, height, 8, 0, 0), chunk("tEXt", slices.Concat([]byte("a\x00"), page)), chunk("IDAT", pngData())))
	f.add(lenient(), "JPEG with a PDF in a comment", slices.Concat(goodJPEG()[:2], segment(0xfe, goodPDF()), goodJPEG()[2:]))
	f.add(lenient(), "PDF whose picture is a PDF", sheet{
		resources: "/XObject<</I 6 0 R>>", content: "q 99 0 0 72 0 0 cm /I Do Q " + words,
		more: []string{pdftest.Stream("/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode", goodPDF())},
	}.bytes())
	return f.all
}

// strangers are files of types that are not read here, and nothing at all.
func strangers() []Document {
	f := family{name: "no document"}
	f.add([]fault.Code{fault.DocumentEmpty}, "no bytes", nil)
	for _, c := range [][2]string{
		{"a space", " "},
		{"a NUL byte", "\x00"},
		{"a million NUL bytes", strings.Repeat("\x00", 1_000_000)},
		{"text", "Dear Sir or Madam"},
		{"text in UTF-16", "\xff\xfeD\x00e\x00a\x00r\x00"},
		{"HTML", "<!DOCTYPE html><html><body>a</body></html>"},
		{"SVG", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>`},
		{"XML that unfolds", laughs()},
		{"PostScript", "%!PS-Adobe-3.0\n(%pipe%id) (r) file\n"},
		{"shell script", "#!/bin/sh\nrm -rf /\n"},
		{"ZIP", string(archive("document.pdf", goodPDF()))},
		{"ZIP that unfolds to 16 MiB", string(archive("document.pdf", make([]byte, 16<<20)))},
		{"word processor's file", string(archive("[Content_Types].xml", []byte("<Types/>")))},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + string(noise(200))},
		{"7-Zip", "7z\xbc\xaf\x27\x1c\x00\x04" + string(noise(200))},
		{"RAR", "Rar!\x1a\x07\x01\x00" + string(noise(200))},
		{"program for Linux", "\x7fELF\x02\x01\x01\x00" + string(noise(500))},
		{"program for Windows", "MZ\x90\x00" + string(noise(500))},
		{"Photoshop picture", "8BPS\x00\x01" + string(noise(200))},
		{"DjVu", "AT&TFORM\x00\x00\x00\x99DJVUINFO" + string(noise(200))},
		{"icon", "\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00" + string(noise(200))},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + string(noise(200))},
		{"AVIF", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif" + string(noise(200))},
		{"JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n" + string(noise(200))},
		{"JPEG XR", "II\xbc\x01" + string(noise(200))},
		{"JBIG2", "\x97JB2\r\n\x1a\n\x01\x00\x00\x00\x01" + string(noise(200))},
		{"bitmap of PNM", "P6\n60000 60000\n255\n" + string(noise(200))},
		{"film", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + string(noise(200))},
		{"database", "SQLite format 3\x00" + string(noise(200))},
		{"colour profile", string(make([]byte, 36)) + "acsp" + string(noise(200))},
	} {
		f.add(foreign(), c[0], []byte(c[1]))
	}
	random := noise(64)
	for i := range 6 {
		f.add(append(foreign(), refused()...), fmt.Sprintf("noise %d", i), bytes.Repeat(random[i:], 1+100*i))
	}
	return f.all
}
