// Package pdftest writes PDF documents for tests and demonstrations. The same arguments give the same bytes.
package pdftest

import (
	"bytes"
	"fmt"
	"image/color"
	"image/jpeg"
	"strings"
)

// Build writes a document of the given objects, numbered from 1; the first is the catalog.
func Build(objects ...string) []byte { return BuildTrailer("", objects...) }

// BuildTrailer is Build with entries that the trailer has besides Root and Size.
func BuildTrailer(entries string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R/Size %d%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, entries, table)
	return b.Bytes()
}

// Stream is an object that holds data. The entries say what it is; the length is added.
func Stream(entries string, data []byte) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", entries, len(data), data)
}

// Pages writes n pages of A4 that share their resources and their content. Further objects are numbered from 5.
func Pages(n int, resources, content string, more ...string) []byte {
	objects := append([]string{"<</Type/Catalog/Pages 2 0 R>>", "", Stream("", []byte(content)), "<<" + resources + ">>"}, more...)
	var kids strings.Builder
	for range n {
		objects = append(objects, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources 4 0 R/Contents 3 0 R>>")
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", n, kids.String())
	return Build(objects...)
}

// Text writes a page of A4 with a text layer, a line for each of the text.
func Text(text string) []byte {
	var b strings.Builder
	b.WriteString("BT/F 10 Tf 14 TL 40 780 Td\n")
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(&b, "(%s)Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(line))
	}
	b.WriteString("ET")
	return Pages(1, "/Font<</F 5 0 R>>", b.String(), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
}

// Scans writes n pages of A4, each with one of the JPEG pictures as wide as the page; they repeat in turn.
func Scans(n int, pictures ...[]byte) ([]byte, error) {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", ""}
	for _, picture := range pictures {
		config, err := jpeg.DecodeConfig(bytes.NewReader(picture))
		if err != nil {
			return nil, err
		}
		space := "DeviceRGB"
		if config.ColorModel == color.GrayModel {
			space = "DeviceGray"
		}
		high := 595 * config.Height / config.Width
		objects = append(objects,
			Stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/%s/Filter/DCTDecode",
				config.Width, config.Height, space), picture),
			Stream("", fmt.Appendf(nil, "595 0 0 %d 0 %d cm/Scan Do", high, 842-high)))
	}
	var kids strings.Builder
	for i := range n {
		picture := 3 + 2*(i%len(pictures))
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</Scan %d 0 R>>>>/Contents %d 0 R>>",
			picture, picture+1))
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", n, kids.String())
	return Build(objects...), nil
}
