package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func TestOldTextThatCannotBeReachedStaysAndIsTold(t *testing.T) {
	withFilter := func(entries, content string) []byte {
		return pdftest.Build(
			"<</Type/Catalog/Pages 2 0 R>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"+letter+">>",
			pdftest.Stream(entries, []byte(content)),
			"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		)
	}
	rows := func(text string) string { // PNG's prediction None
		var b strings.Builder
		for _, c := range []byte(text) {
			fmt.Fprintf(&b, "\x00%c", c)
		}
		return b.String()
	}
	var bomb []string // forms that draw each other, 40 times each
	for i := range 8 {
		bomb = append(bomb, formOf(fmt.Sprintf("/Resources<</Font<</F1 4 0 R>>/XObject<</N %d 0 R>>>>", 7+i), strings.Repeat("/N Do ", 40)))
	}
	bomb = append(bomb, formOf(own, hidden))
	long := bytes.Repeat([]byte(" "), maxDecoded)
	for name, data := range map[string][]byte{
		"a predictor": withFilter("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1>>", packedString(rows(hidden))),
		"many forms":  forms([]string{hidden + strings.Repeat("/A Do ", 40)}, bomb...),
		"long":        withFilter("/Filter/FlateDecode", packedString(hidden+string(long))),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{}, &out)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			w.stale, w.hidden = []int{1}, map[int]int{1: 2}
			if err := w.Finish(); err != nil {
				t.Fatal(err)
			}
			notes := w.Notes()
			if len(notes) != 1 || notes[0].Code != ocr.HiddenTextKept || notes[0].Page != 1 || notes[0].Count < 1 {
				t.Errorf("notes: %v", notes)
			}
		})
	}
}

func TestOldTextOfEncryptedDocumentsIsTakenOut(t *testing.T) {
	data := pdftest.Encrypted("", "owner", -4, nil, hidden,
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"+letter+">>",
		"",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	)
	out, notes := recognisedPages(t, data)
	if holds(t, out, "Stale") || len(notes) > 0 {
		t.Errorf("the old text is still there; notes: %v", notes)
	}
}

func TestOwnTextIsReplacedByOwnText(t *testing.T) {
	first := overlaid(t, onePage(letter, scanOnly), recognised(1700, 2200, 200, 0, []string{"Stale", "reading", "of", "Lethe"}))
	second := replaced(t, first)
	if text := told(t, second); strings.Contains(strings.Join(text, " "), "Stale") {
		t.Errorf("text: %v", text)
	}
	if third := replaced(t, second); len(third) > len(second)+len(second)/50 {
		t.Errorf("a copy of a copy grows from %d to %d bytes", len(second), len(third))
	}
}

func TestManyPagesAreEditedInBatches(t *testing.T) {
	var contents []string
	for i := range 2*batchPages + 3 {
		contents = append(contents, fmt.Sprintf("%s BT 3 Tr /F1 12 Tf 72 500 Td (Stale %d) Tj ET", scanOnly, i))
	}
	out, notes := recognisedPages(t, forms(contents))
	if holds(t, out, "Stale") || len(notes) > 0 {
		t.Errorf("the old text is still there; notes: %v", notes)
	}
}
