package pdf

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDictionariesAreReadAsWritten(t *testing.T) {
	cases := []struct {
		raw  string
		want dictionary
	}{
		{"<<>>", nil},
		{"<</Type/Page/Parent 2 0 R >>", dictionary{{"/Type", "/Page"}, {"/Parent", "2 0 R"}}},
		{"<</A[ 1 2 0 R (x]) ]/B<</C(>>)>>>>", dictionary{{"/A", "[ 1 2 0 R (x]) ]"}, {"/B", "<</C(>>)>>"}}},
		{`<</S(a\)b(c))/H<3E3E>/N null>>`, dictionary{{"/S", `(a\)b(c))`}, {"/H", "<3E3E>"}, {"/N", "null"}}},
		{"<</W 1 /X 2 3 /Y 4>>", nil},
		{"<</W 1 /X -.5/Y 4 0 R/Z 5>>", dictionary{{"/W", "1"}, {"/X", "-.5"}, {"/Y", "4 0 R"}, {"/Z", "5"}}},
	}
	for _, c := range cases {
		got, _ := parseDictionary(c.raw)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("%s: %s", c.raw, diff)
		}
	}
}

func TestNestingCostsNoStack(t *testing.T) {
	for _, raw := range []string{
		"<</A" + strings.Repeat("[", 1<<20), "<</A" + strings.Repeat("<</A", 1<<20), "<</A" + strings.Repeat("(", 1<<20),
	} {
		if _, ok := parseDictionary(raw); ok {
			t.Error("unfinished syntax was read")
		}
	}
}

// FuzzReadSaved checks that what is kept of any file can be put together again.
func FuzzReadSaved(f *testing.F) {
	f.Add(onePage(letter, prose()))
	f.Add(many(3))
	f.Add([]byte("1 0 obj\r\n<</S(endobj\r\n)/Length 3>>stream\r\nabc\r\nendstream\r\nendobj\r\nxref\r\n0 1\r\ntrailer<</Root 1 0 R/Size 2>>startxref\r\n9\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readSaved(bytes.NewReader(data), nil)
		if err != nil {
			return
		}
		for _, l := range s.pages(100) {
			page, ok := s.addText(l, 1000, 1001, fontResource)
			if !ok {
				continue
			}
			if _, ok := parseDictionary(page.String()); !ok {
				t.Errorf("%q is no dictionary", page)
			}
		}
	})
}
