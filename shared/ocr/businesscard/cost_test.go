package businesscard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/businesscard"
)

// full is a page of 300 lines of 60 words.
func full(word func(n int) string) *ocr.Page {
	page := &ocr.Page{Width: 2000, Height: 3000}
	var b ocr.Block
	for i := range 300 {
		var l ocr.Line
		for j := range 60 {
			l.Words = append(l.Words, ocr.Word{Text: word(60*i + j), Box: ocr.Box{X0: 20 * j, Y0: 8 * i, X1: 20*j + 18, Y1: 8*i + 7}})
		}
		b.Paragraphs = append(b.Paragraphs, ocr.Paragraph{Lines: []ocr.Line{l}})
	}
	page.Blocks = []ocr.Block{b}
	return page
}

// A page that holds far more than a card is looked at only as far as a card could go, or one page would take minutes. Its text is
// given in full.
func TestOnlyAsMuchAsACardHoldsIsLookedAt(t *testing.T) {
	card := businesscard.Read(full(func(n int) string { return fmt.Sprintf("www.a%05d.de", n) }))
	if n := len(card.Fields); n < 200 || n > 400 || card.Fields[0].Value != "www.a00000.de" {
		t.Errorf("%d fields are found", n)
	}
	if lines := strings.Split(card.Text, "\n"); len(lines) != 300 || !strings.HasSuffix(card.Text, "www.a17999.de") {
		t.Errorf("the text has %d lines", len(lines))
	}
}

// BenchmarkDearestPages measures pages that are no cards, of which some take more time than any card.
func BenchmarkDearestPages(b *testing.B) {
	for name, word := range map[string]func(int) string{
		"addresses of the web": func(n int) string { return fmt.Sprintf("www.a%d.de", n) },
		"many in a word":       func(int) string { return strings.Repeat("a.de,", 200) },
		"mails":                func(n int) string { return fmt.Sprintf("a%d@b%d.de", n, n%7) },
		"words":                func(int) string { return "Abcdefghijk" },
		"letters":              func(int) string { return "A" },
		"hyphens":              func(int) string { return strings.Repeat("Ab-", 300) },
		"digits":               func(int) string { return strings.Repeat("12 ", 300) },
		"numbers":              func(int) string { return "+49(30)1234567" },
		"long words":           func(int) string { return strings.Repeat("a", 2000) },
	} {
		page := full(word)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = businesscard.Read(page)
			}
		})
	}
}
