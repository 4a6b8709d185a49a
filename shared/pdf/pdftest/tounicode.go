package pdftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// ToUnicode is a CMap from codes, written in hexadecimal and so many bytes long, to characters.
func ToUnicode(bytes int, codes map[string]rune) string {
	var b strings.Builder
	fmt.Fprintf(&b, "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/X def/CMapType 2 def\n"+
		"1 begincodespacerange<%s><%s>endcodespacerange\n", strings.Repeat("00", bytes), strings.Repeat("ff", bytes))
	for block := range slices.Chunk(slices.Sorted(maps.Keys(codes)), 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for _, code := range block {
			fmt.Fprintf(&b, "<%s><", code)
			for _, unit := range utf16.Encode([]rune{codes[code]}) {
				fmt.Fprintf(&b, "%04x", unit)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	return b.String() + "endcmap CMapName currentdict/CMap defineresource pop end end"
}
