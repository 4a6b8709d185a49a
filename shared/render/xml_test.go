package render

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

func parse(t *testing.T, data []byte) *element {
	t.Helper()
	root, err := parseXML(data)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestHOCRDeclaresWhatItContains(t *testing.T) {
	root := parse(t, render(t, HOCR, document(), model()...))
	meta := make(map[string]string)
	for _, e := range root.find(named("meta")) {
		meta[e.Attrs["name"]] = e.Attrs["content"]
	}
	want := map[string]string{
		"":                    "", // the character set
		"ocr-system":          "Lethe 1.2.3",
		"ocr-capabilities":    hocrCapabilities,
		"ocr-number-of-pages": "6",
		"ocr-langs":           "en de ar zh-Hans",
		"DC.identifier":       document().ID,
		"DC.date":             "2026-03-01T12:30:00Z",
	}
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Errorf("meta elements (-want +got):\n%s", diff)
	}
	declared := strings.Fields(hocrCapabilities)
	used := map[string]bool{"ocrp_lang": true, "ocrp_dir": true, "ocrp_wconf": true}
	for _, e := range root.find(func(e *element) bool { return e.Attrs["class"] != "" }) {
		used[e.Attrs["class"]] = true
	}
	for _, c := range declared {
		if !used[c] {
			t.Errorf("%s is declared and missing from a document that has everything", c)
		}
		delete(used, c)
	}
	for c := range used {
		t.Errorf("%s is used and not declared", c)
	}
}

func TestHOCRElementsNestAndHaveTheirProperties(t *testing.T) {
	root := parse(t, render(t, HOCR, document(), model()...))
	levels := []string{"ocr_page", "ocr_carea", "ocr_par", "ocr_line", "ocrx_word"}
	var walk func(e *element, level int)
	walk = func(e *element, level int) {
		if c := e.Attrs["class"]; c != "" {
			if level >= len(levels) || c != levels[level] {
				t.Fatalf("%s at level %d", c, level)
			}
			if n, err := integers(e.properties()["bbox"]...); err != nil || len(n) != 4 || n[0] > n[2] || n[1] > n[3] {
				t.Errorf("%s has the box %v: %v", e.Attrs["id"], n, err)
			}
			level++
		}
		for _, child := range e.Children {
			walk(child, level)
		}
	}
	walk(root, 0)

	pages := root.find(ofClass("ocr_page"))
	if len(pages) != len(model()) {
		t.Fatalf("%d pages, want %d", len(pages), len(model()))
	}
	for i, want := range model() {
		p := pages[i].properties()
		if got := strings.Join(p["ppageno"], " "); got != strconv.Itoa(i) {
			t.Errorf("page %d: ppageno %s, want %d", want.Number, got, i)
		}
		resolution := strings.Join(p["scan_res"], " ")
		if failed := want.Origin == ocr.Failed; failed == (resolution == "300 300") {
			t.Errorf("page %d: scan_res %q", want.Number, resolution)
		}
	}
	if got, want := pages[3].Attrs["data-failure"], "page_damaged"; got != want {
		t.Errorf("the failed page says %q, want %q", got, want)
	}
}

func TestHOCRNamesLanguageDirectionAndAngle(t *testing.T) {
	pages := parse(t, render(t, HOCR, document(), model()...)).find(ofClass("ocr_page"))
	for i, lang := range []string{"en", "ar", "zh-Hans", "en", "en", "en"} {
		if got := pages[i].Attrs["lang"]; got != lang {
			t.Errorf("page %d: lang %q, want %q", i+1, got, lang)
		}
		for _, par := range pages[i].find(ofClass("ocr_par")) {
			if got, want := par.Attrs["dir"], map[bool]string{true: "rtl"}[lang == "ar"]; got != want {
				t.Errorf("page %d: dir %q, want %q", i+1, got, want)
			}
		}
		for _, l := range pages[i].find(ofClass("ocr_line")) {
			if got, want := strings.Join(l.properties()["textangle"], " "), map[bool]string{true: "90"}[i == 5]; got != want {
				t.Errorf("page %d: textangle %q, want %q", i+1, got, want)
			}
		}
	}
}

func TestIdentifiersAreUniqueInTheDocument(t *testing.T) {
	for f, name := range map[Format]string{HOCR: "id", ALTO: "ID"} {
		seen := make(map[string]bool)
		for _, e := range parse(t, render(t, f, document(), model()...)).find(func(*element) bool { return true }) {
			id, ok := e.Attrs[name]
			if ok && seen[id] {
				t.Errorf("%s: %s twice", f, id)
			}
			seen[id] = true
		}
	}
}

func TestALTODescribesPages(t *testing.T) {
	root := parse(t, render(t, ALTO, document(), model()...))
	type attributes = map[string]string
	var got []attributes
	for _, p := range root.find(named("Page")) {
		delete(p.Attrs, "ID")
		delete(p.Attrs, "PROCESSINGREFS")
		got = append(got, p.Attrs)
	}
	page := func(number, class, width, height, lang string, more attributes) attributes {
		m := attributes{"PHYSICAL_IMG_NR": number, "PAGECLASS": class, "WIDTH": width, "HEIGHT": height, "LANG": lang}
		maps.Copy(m, more)
		return m
	}
	want := []attributes{
		page("1", "recognised", "600", "800", "en", attributes{"OTHERLANGS": "de", "PC": "0.9513"}),
		page("2", "recognised", "600", "800", "ar", attributes{"PC": "0.8800"}),
		page("3", "text-layer", "600", "800", "zh-Hans", attributes{"OTHERLANGS": "en", "PC": "1.0000"}),
		page("4", "failed", "0", "0", "en", attributes{"QUALITY_DETAIL": "page_damaged"}),
		page("5", "blank", "600", "800", "en", nil),
		page("6", "recognised", "800", "600", "en", attributes{"PC": "0.9150", "ROTATION": "90"}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALTOJoinsWordsBrokenAtTheEndOfALine(t *testing.T) {
	page := ocr.Page{Number: 1, Width: 600, Height: 800, Blocks: []ocr.Block{block(
		paragraph(
			line(0, 0, 600, "a", "recog-"),
			line(0, 30, 600, "nition", "of", "well-"),
			line(0, 60, 600, "Known", "5-"),
			line(0, 90, 600, "fold", "co\u00AD"),
			line(0, 120, 600, "op\u2010"),
			line(0, 150, 600, "erative", "un-"),
		),
		paragraph(line(0, 200, 600, "related")),
	)}}
	type part struct{ Content, Type, Whole string }
	var got []part
	root := parse(t, render(t, ALTO, Document{}, page))
	for _, s := range root.find(func(e *element) bool { return e.Name == "String" || e.Name == "HYP" }) {
		got = append(got, part{s.Attrs["CONTENT"], s.Attrs["SUBS_TYPE"], s.Attrs["SUBS_CONTENT"]})
	}
	want := []part{
		{Content: "a"}, {"recog", "HypPart1", "recognition"}, {Content: "-"},
		{"nition", "HypPart2", "recognition"}, {Content: "of"}, {Content: "well-"},
		{Content: "Known"}, {Content: "5-"},
		{Content: "fold"}, {"co", "HypPart1", "coop\u2010"}, {Content: "\u00AD"},
		{"op\u2010", "HypPart2", "coop\u2010"}, // a word is either a first or a second part
		{Content: "erative"}, {Content: "un-"},
		{Content: "related"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALTOPutsSpacesBetweenTheirWords(t *testing.T) {
	tests := []struct {
		name string
		page int
		want []ocr.Box // of the spaces in the first line
	}{
		{name: "left to right", page: 1, want: []ocr.Box{{X0: 100, Y0: 50, X1: 110, Y1: 70}, {X0: 120, Y0: 50, X1: 130, Y1: 70}}},
		{name: "right to left", page: 2, want: []ocr.Box{{X0: 480, Y0: 50, X1: 490, Y1: 70}}},
		{name: "bottom to top", page: 6, want: []ocr.Box{{X0: 50, Y0: 480, X1: 70, Y1: 490}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			first := parse(t, render(t, ALTO, Document{}, model()[test.page-1])).find(named("TextLine"))[0]
			var got []ocr.Box
			for _, sp := range first.find(named("SP")) {
				n, err := integers(sp.Attrs["HPOS"], sp.Attrs["VPOS"], sp.Attrs["WIDTH"], sp.Attrs["HEIGHT"])
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ocr.Box{X0: n[0], Y0: n[1], X1: n[0] + n[2], Y1: n[1] + n[3]})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// hostile is a page that tries to break out of every format.
func hostile() ocr.Page {
	p := ocr.Page{Number: 7, Width: 10, Height: -4, Angle: 270, Origin: "\x00<", Languages: []string{`x"><y`, "\xff"}}
	p.Failure = &ocr.Failure{Code: "]]>\x01", Detail: "\xff"}
	p.Blocks = []ocr.Block{block(paragraph(
		line(500, -5, 600, "</String>", "]]>", "--><!--", "<![CDATA[", "&#0;", "\uFFFE\x0b", "a\tb\nc", "\xc3\x28-"),
		line(0, 0, 600, "\x1f", "x\"'`", "\U0010FFFF"),
		line(0, 0, 600, "\x00"),
		line(0, 0, 600, `\par}`, `{\field{\*\fldinst`, `\'41\u65`, "=1+1;=2", ";@x", "_x0041_x0042_", "![x](y)", "~~~", `C:\`),
		line(0, 0, 600, ":--"),
	))}
	return p
}

func TestALTOIsValidAgainstTheSchema(t *testing.T) {
	folder := os.Getenv("LETHE_SCHEMAS")
	if folder == "" {
		t.Skip("LETHE_SCHEMAS does not name a folder with alto-4-4.xsd")
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	tests := map[string][]ocr.Page{
		"every kind of page": model(),
		"failed page alone":  model()[3:4],
		"blank page alone":   model()[4:5],
		"hostile page":       {hostile()},
	}
	for name, pages := range tests {
		for title, doc := range map[string]Document{"described": document(), "not described": {}} {
			t.Run(name+", "+title, func(t *testing.T) {
				doc.Pages = 0
				file := filepath.Join(t.TempDir(), "result.xml")
				if err := os.WriteFile(file, render(t, ALTO, doc, pages...), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), xmllint, //nolint:gosec // the schema folder is the developer's choice
					"--nonet", "--noout", "--schema",
					filepath.Join(folder, "alto-4-4.xsd"), file)
				cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(folder, "catalog.xml"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}
