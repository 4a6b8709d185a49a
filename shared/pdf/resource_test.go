package pdf

import (
	"fmt"
	"strings"
	"testing"
)

func TestNameAmongResourcesIsFound(t *testing.T) {
	r := resources{
		&resident{objects: map[int]kept{4: {raw: "<</A 7 0 R/B#20c 8 0 R/A 9 0 R>>"}}},
		dictionaryOf("<</XObject 4 0 R/Font<</A 1 0 R>>/Shading 5 0 R>>"),
	}
	for range 2 {
		for _, c := range []struct{ kind, name, want string }{
			{"/XObject", "A", "7 0 R"},
			{"/XObject", "B c", "8 0 R"},
			{"/Font", "A", "1 0 R"},
			{"/XObject", "C", ""},
			{"/Shading", "A", ""},
			{"/Pattern", "A", ""},
		} {
			if got, ok := r.entry(c.kind, c.name); got != c.want || ok != (c.want != "") {
				t.Errorf("%s %s: got %s, %t", c.kind, c.name, got, ok)
			}
		}
	}
}

func TestNamesOfResourcesAreReadOnce(t *testing.T) {
	work := func(n int) float64 {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, "/I%d %d 0 R", i, i+5)
		}
		r := resources{
			&resident{objects: map[int]kept{4: {raw: "<<" + all.String() + ">>"}}},
			dictionaryOf("<</XObject 4 0 R/Font<<" + all.String() + ">>>>"),
		}
		return testing.AllocsPerRun(10, func() { r.entry("/XObject", "I0"); r.entry("/Font", "I1") })
	}
	if few, many := work(2), work(2000); many > few {
		t.Errorf("%v allocations with 2000 names, %v with 2", many, few)
	}
}
