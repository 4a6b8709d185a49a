package pdf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

func english() []string {
	return strings.Fields("Invisible words lie beneath the scanned page so that a search for them finds their place (twice), " +
		"at 12.50 EUR or 1,000 more; naïve façade.")
}

// overlaid copies a PDF with text on its first page.
func overlaid(t *testing.T, data []byte, page ocr.Page) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := shared.NewWriter(open(t, data), ocr.PDFOptions{}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Page(page, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	check(t, out.Bytes())
	return out.Bytes()
}

// check has an independent reader look for syntax errors, if it is there.
func check(t *testing.T, data []byte) {
	t.Helper()
	tool, err := exec.LookPath("qpdf")
	if err != nil {
		return
	}
	file := filepath.Join(t.TempDir(), "checked.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if report, err := exec.CommandContext(t.Context(), tool, "--check", file).CombinedOutput(); err != nil {
		t.Errorf("qpdf: %v\n%s", err, report)
	}
}

type found struct {
	XMin float64 `xml:"xMin,attr"`
	YMin float64 `xml:"yMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

// independent runs another reader of PDF on data.
func independent(t *testing.T, data []byte, args ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	file := filepath.Join(t.TempDir(), "extracted.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := exec.CommandContext(t.Context(), tool, append(args, file, "-")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// locate finds words and their boxes, in points of the displayed page. Letters come from left to right in every script.
func locate(t *testing.T, data []byte) []found {
	t.Helper()
	var document struct {
		Words []found `xml:"body>doc>page>word"`
	}
	if err := xml.Unmarshal(independent(t, data, "-cropbox", "-bbox"), &document); err != nil {
		t.Fatal(err)
	}
	return document.Words
}

// placed returns the share of a page's words that were found with the same text in a box that overlaps by 80 %.
func placed(page ocr.Page, scale float64, found []found) float64 {
	good, all := 0, 0
	for w := range page.Words {
		all++
		box := rect{float64(w.Box.X0), float64(w.Box.Y0), float64(w.Box.X1), float64(w.Box.Y1)}.
			through(matrix{a: scale, d: scale})
		for _, f := range found {
			there := rect{f.XMin, f.YMin, f.XMax, f.YMax}
			common := box.intersect(there).area()
			if f.Text == string(visual(w.Text)) && common >= 0.8*(box.area()+there.area()-common) {
				good++
				break
			}
		}
	}
	return float64(good) / float64(all)
}

// told returns the words of a PDF's text in logical order, sorted.
func told(t *testing.T, data []byte) []string {
	t.Helper()
	directions := strings.NewReplacer("\u202a", "", "\u202b", "", "\u202c", "")
	words := strings.Fields(directions.Replace(string(independent(t, data))))
	slices.Sort(words)
	return words
}

func TestOverlaidWordsAreWhereTheyWereRead(t *testing.T) {
	scan := "q 612 0 0 792 0 0 cm /I1 Do Q"
	cases := []struct {
		name          string
		entries       string
		content       string
		width, height int // pixels
		words         []string
	}{
		{"plain", letter, scan, 1700, 2200, english()},
		{"origin", "/MediaBox[-100 50 512 842]", scan, 1700, 2200, english()},
		{"crop", letter + "/CropBox[100 100 500 700]", scan, 1111, 1667, english()},
		{"rotate 90", letter + "/Rotate 90", scan, 2200, 1700, english()},
		{"rotate 180", letter + "/Rotate 180", scan, 1700, 2200, english()},
		{"rotate 270", letter + "/Rotate 270", scan, 2200, 1700, english()},
		{"rotate 90 and crop", "/MediaBox[10 20 622 812]/CropBox[100 100 500 700]/Rotate 90", scan, 1667, 1111, english()},
		{"rotate -90", letter + "/Rotate -90", scan, 2200, 1700, english()},
		{"user unit", letter + "/UserUnit 2", scan, 1700, 2200, english()},
		{"leaking state", letter, "50 Tz 3 Tc 9 Tw 4 Ts q q 2 0 0 2 30 40 cm 0 0 10 10 re W n", 1700, 2200, english()},
		{"stray ends", letter, "Q Q Q ET EMC " + scan, 1700, 2200, english()},
		{"russian", letter, scan, 1700, 2200, strings.Fields("Невидимые слова лежат под страницей чтобы поиск нашёл их")},
		{"arabic", letter, scan, 1700, 2200, strings.Fields("الكلمات غير المرئية تقع تحت الصفحة حتى يجدها البحث")},
		{"hebrew", letter, scan, 1700, 2200, strings.Fields("מילים בלתי נראות נמצאות מתחת לעמוד")},
		{"hindi", letter, scan, 1700, 2200, strings.Fields("अदृश्य शब्द पृष्ठ के नीचे होते हैं")},
	}
	for _, c := range cases {
		for _, angle := range []int{0, 90, 180, 270} {
			t.Run(fmt.Sprintf("%s turned by %d", c.name, angle), func(t *testing.T) {
				page := recognised(c.width, c.height, 200, angle, c.words)
				out := overlaid(t, onePage(c.entries, c.content), page)
				if share := placed(page, 72.0/200, locate(t, out)); share < 0.95 {
					t.Errorf("%.2f of the words are in place", share)
				}
				want := slices.Sorted(slices.Values(c.words))
				if diff := cmp.Diff(want, told(t, out)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestCopyLooksTheSame(t *testing.T) {
	cases := []struct{ name, entries, content string }{
		{"scan", letter, "q 612 0 0 792 0 0 cm /I1 Do Q"},
		{"prose", letter, prose()},
		{"leaking state", letter + "/Rotate 90", "0.5 g 2 0 0 2 0 0 cm " + prose()},
		{"text under the scan", letter, "BT 3 Tr /F1 12 Tf 72 720 Td (old words) Tj ET q 612 0 0 792 0 0 cm /I1 Do Q"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := onePage(c.entries, c.content)
			before, err := open(t, data).Raster(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			out := overlaid(t, data, recognised(1700, 2200, 200, 0, english()))
			after, err := open(t, out).Raster(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before.Width*before.Height, after.Width*after.Height); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(before.Gray, after.Gray) || !bytes.Equal(before.JPEG, after.JPEG) {
				t.Error("the copy looks different")
			}
		})
	}
}

func TestTextOfAnEarlierRecognitionIsReplaced(t *testing.T) {
	for name, content := range map[string]string{
		"over the scan":      "q 612 0 0 792 0 0 cm /I1 Do Q BT 3 Tr /F1 12 Tf 72 720 Td (stale) Tj ET",
		"under the scan":     "BT 3 Tr /F1 12 Tf 72 720 Td (stale) Tj ET q 612 0 0 792 0 0 cm /I1 Do Q",
		"painted over":       "BT /F1 12 Tf 72 720 Td (stale) Tj ET q 612 0 0 792 0 0 cm /I1 Do Q",
		"state left behind":  "BT 3 Tr /F1 12 Tf 50 Tz 72 720 Td (stale) Tj ET 612 0 0 792 0 0 cm /I1 Do",
		"with lines and all": "q 612 0 0 792 0 0 cm /I1 Do Q 2 w 10 10 m 90 90 l S BT 3 Tr /F1 12 Tf 72 720 Td (stale) Tj ET",
	} {
		t.Run(name, func(t *testing.T) {
			data := onePage(letter, content)
			page := recognised(1700, 2200, 200, 0, english())
			out := overlaid(t, data, page)
			if text := allText(t, open(t, out), 1); strings.Contains(text, "stale") || !strings.Contains(text, "beneath") {
				t.Errorf("text: %q", text)
			}
			before, err := open(t, data).Raster(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			after, err := open(t, out).Raster(1, ocr.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before.Gray, after.Gray) || !bytes.Equal(before.JPEG, after.JPEG) {
				t.Error("the copy looks different")
			}
		})
	}
}

func TestVisibleTextIsNotDoubled(t *testing.T) {
	content := "q 612 0 0 792 0 0 cm /I1 Do Q BT /F1 12 Tf 72 720 Td (header) Tj ET"
	page := ocr.Page{Number: 1, Width: 612, Height: 792, DPI: 72, Origin: ocr.Recognised}
	page.Blocks = []ocr.Block{{Paragraphs: []ocr.Paragraph{{Lines: []ocr.Line{{Words: []ocr.Word{
		{Text: "header", Box: ocr.Box{X0: 72, Y0: 62, X1: 110, Y1: 73}},
		{Text: "body", Box: ocr.Box{X0: 72, Y0: 162, X1: 110, Y1: 173}},
	}}}}}}}
	text := allText(t, open(t, overlaid(t, onePage(letter, content), page)), 1)
	if strings.Count(text, "header") != 1 || strings.Count(text, "body") != 1 {
		t.Errorf("text: %q", text)
	}
}

func TestResourcesThatOnlyFormsUseStay(t *testing.T) {
	data := pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/Resources 6 0 R"+letter+">>",
		"<</Type/Page/Parent 2 0 R/Contents[4 0 R]>>",
		pdftest.Stream("", []byte("/X1 Do")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		"<</Font 7 0 R/XObject<</X1 8 0 R>>>>",
		"<</F1 5 0 R>>",
		pdftest.Stream("/Type/XObject/Subtype/Form/BBox[0 0 612 792]", []byte("BT /F1 24 Tf 72 400 Td (Form without resources) Tj ET")),
	)
	before, err := open(t, data).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	out := overlaid(t, data, recognised(1700, 2200, 200, 0, english()))
	after, err := open(t, out).Raster(1, ocr.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Gray, after.Gray) {
		t.Error("the copy looks different")
	}
	if text := allText(t, open(t, out), 1); !strings.Contains(text, "Form without resources") || !strings.Contains(text, "beneath") {
		t.Errorf("text: %q", text)
	}
}
