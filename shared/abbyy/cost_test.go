package abbyy_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/abbyy"
)

// The dearest requests of a size take time in proportion to it, or are refused before they take more.
func BenchmarkDearestSettings(b *testing.B) {
	page := func(s string) string { return "<document><page applyTo='0'>" + s + "</page></document>" }
	for name, document := range map[string]string{
		"fields":    page(strings.Repeat("<text/>", 19_000)),
		"elements":  page("<text>" + strings.Repeat("<language>English</language>", 19_000) + "</text>"),
		"names":     page("<text><language>" + strings.Repeat("Zulu,", 200_000) + "</language></text>"),
		"comments":  page("<text><letterSet>" + strings.Repeat("a<!---->", 120_000) + "</letterSet></text>"),
		"letters":   page("<text><letterSet>" + strings.Repeat("a", 1_000_000) + "</letterSet></text>"),
		"templates": "<document><fieldTemplates>" + strings.Repeat("<text id='a'/>", 19_000) + "</fieldTemplates></document>",
		"template": "<document><fieldTemplates><text id='a'>" + strings.Repeat("<oneTextLine/>", 50) + "</text></fieldTemplates><page applyTo='0'>" +
			strings.Repeat("<text template='a'/>", 1000) + "</page></document>",
		"pages": "<document>" + strings.Repeat("<page applyTo='0-199'/>", 19_000) + "</document>",
	} {
		b.Run(name, func(b *testing.B) {
			m, _ := abbyy.V1.Find("processFields")
			for b.Loop() {
				_, _ = m.Decode(abbyy.Request{Query: "taskId=" + id, Settings: []byte(document)}, known())
			}
		})
	}
}
