package render

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Notes about the document stand on its first page, and every format that describes pages has those of its pages.
func TestNotesStandOnTheirPages(t *testing.T) {
	t.Parallel()
	doc := document()
	doc.Pages = 2
	doc.Notes = []ocr.Note{{Code: ocr.SignatureInvalidated, Count: 1}}
	pages := model()[:2]
	pages[1].HiddenWords, pages[1].Notes = 9, []ocr.Note{{Code: ocr.LayerUnchecked}}

	var result Result
	if err := json.Unmarshal(render(t, JSON, doc, pages...), &result); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doc.Notes, result.Pages[0].Notes); diff != "" || result.Pages[0].HiddenWords != 0 {
		t.Error(diff)
	}
	if diff := cmp.Diff(pages[1].Notes, result.Pages[1].Notes); diff != "" || result.Pages[1].HiddenWords != 9 {
		t.Error(diff)
	}

	hocr := parse(t, render(t, HOCR, doc, pages...)).find(ofClass("ocr_page"))
	alto := parse(t, render(t, ALTO, doc, pages...)).find(named("Page"))
	for i, want := range []struct{ words, notes, details string }{
		{"", "signature_invalidated=1", "signature_invalidated=1"},
		{"9", "layer_unchecked", "hidden_words=9 layer_unchecked"},
	} {
		if got := hocr[i].Attrs; got["data-hidden-words"] != want.words || got["data-notes"] != want.notes {
			t.Errorf("hOCR: %v", got)
		}
		if got := alto[i].Attrs["QUALITY_DETAIL"]; got != want.details {
			t.Errorf("ALTO: %q", got)
		}
	}
	if len(pages[0].Notes) > 0 {
		t.Error("the pages of the caller were changed")
	}
}
