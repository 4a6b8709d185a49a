package pdf

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkText takes a page of 60 lines and 600 words from its text layer.
func BenchmarkText(b *testing.B) {
	var content strings.Builder
	content.WriteString("BT /F1 9 Tf 12 TL 40 800 Td ")
	for i := range 60 {
		fmt.Fprintf(&content, "(line %d of a page that holds about ten words) Tj T* ", i)
	}
	content.WriteString("ET")
	p := open(b, onePage(letter, content.String()))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := p.Text(1, false); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
