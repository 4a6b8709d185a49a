package pdftest

import (
	"bytes"
	"testing"
)

func TestVariantsAreTheSameEachTimeAndHoldEveryPair(t *testing.T) {
	const n = 520
	first, second := Variants(1, n), Variants(1, n)
	seen := map[[4]int]bool{}
	for i, v := range first {
		if v.String() != second[i].String() || i%50 == 0 && !bytes.Equal(v.Bytes(), second[i].Bytes()) {
			t.Errorf("variant %d is another the second time", i)
		}
		for u := range v.choices {
			for w := range u {
				seen[[4]int{w, v.choices[w], u, v.choices[u]}] = true
			}
		}
	}
	all := traits()
	for u := range all {
		for w := range u {
			for c := range all[w].choices {
				for d := range all[u].choices {
					if !seen[[4]int{w, c, u, d}] {
						t.Errorf("nowhere is %s with %s", all[w].choices[c].name, all[u].choices[d].name)
					}
				}
			}
		}
	}
}
