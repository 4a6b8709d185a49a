package render

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func TestWordsAreSeparatedUnlessBothNeighboursAreCJK(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{name: "Latin", words: []string{"two", "words"}, want: "two words"},
		{name: "Chinese", words: []string{"中文", "文档", "。", "第", "二"}, want: "中文文档。第二"},
		{name: "Japanese", words: []string{"スキャナー", "の", "ー", "文字"}, want: "スキャナーのー文字"},
		{name: "Korean has spaces", words: []string{"한국어", "문서"}, want: "한국어 문서"},
		{name: "Chinese beside Latin", words: []string{"版本", "1.0", "中"}, want: "版本 1.0 中"},
		{name: "full-width punctuation", words: []string{"共", "（", "三", "）", "页"}, want: "共（三）页"},
		{name: "Arabic stays in logical order", words: []string{"السلام", "عليكم"}, want: "السلام عليكم"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := ocr.Page{Number: 1, Blocks: []ocr.Block{block(paragraph(line(0, 0, 600, test.words...)))}}
			if got := string(render(t, TXT, Document{}, page)); got != test.want+"\n" {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTextSplitsIntoAsManyPagesAsTheDocumentHas(t *testing.T) {
	pages := strings.Split(string(render(t, TXT, document(), model()...)), "\f")
	if len(pages) != len(model()) {
		t.Fatalf("%d pages, want %d", len(pages), len(model()))
	}
	if failed, blank := pages[3], pages[4]; failed != "" || blank != "" {
		t.Errorf("pages without text hold %q and %q", failed, blank)
	}
}

func TestTextIsCompleteWhenTheLastPagesAreBlank(t *testing.T) {
	got := string(render(t, TXT, Document{}, model()[4], ocr.Page{Number: 6}))
	if got != "\f" {
		t.Errorf("two blank pages are %q, want one form feed between them", got)
	}
}

func TestTextStartsWithoutByteOrderMark(t *testing.T) {
	page := ocr.Page{Number: 1, Blocks: []ocr.Block{block(paragraph(line(0, 0, 600, "\uFEFFword")))}}
	if got := string(render(t, TXT, Document{}, page)); got != "word\n" {
		t.Errorf("got %q", got)
	}
}

func TestRowOfATableIsALineOfText(t *testing.T) {
	if got, want := string(render(t, TXT, Document{}, tabular())), "Item\tPrice\n\t12 EUR\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
