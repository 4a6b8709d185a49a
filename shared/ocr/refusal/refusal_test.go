package refusal_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// A worker may blame the document, or the settings, and nothing else; each reason has words of its own.
func TestEveryReasonBlamesTheDocumentInItsOwnWords(t *testing.T) {
	said := map[string]refusal.Reason{}
	for _, reason := range refusal.Reasons() {
		e := &refusal.Error{Reason: reason, Numbers: []int64{11, 12, 13}[:reason.Count()]}
		f := e.Fault()
		if f.Kind != fault.Document && f.Code != fault.LanguageUnknown {
			t.Errorf("%s is %s", reason, f.Code)
		}
		if other, taken := said[f.Detail]; taken || !strings.HasSuffix(f.Detail, ".") || strings.Contains(f.Detail, "%") {
			t.Errorf("%s says %q, and so does %q", reason, f.Detail, other)
		}
		said[f.Detail] = reason
		text, err := json.Marshal(e)
		var again refusal.Error
		if err != nil || json.Unmarshal(text, &again) != nil || again.Check() != nil || again.Error() != e.Error() || !errors.Is(&again, f.Code) {
			t.Errorf("%s travels as %s and arrives as %v", reason, text, &again)
		}
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, name := range []string{"refusal.go", "foreign.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		everyReasonHasASentence(t, file)
	}
}

func everyReasonHasASentence(t *testing.T, file *ast.File) {
	t.Helper()
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return true
		}
		value, isText := spec.Values[0].(*ast.BasicLit)
		if kind, ok := spec.Type.(*ast.Ident); ok && isText && kind.Name == "Reason" {
			if name, err := strconv.Unquote(value.Value); err != nil || !slices.Contains(refusal.Reasons(), refusal.Reason(name)) {
				t.Errorf("%s has none", value.Value)
			}
		}
		return true
	})
}

func TestSentencesNameWhatIsTooLarge(t *testing.T) {
	for want, e := range map[string]*refusal.Error{
		"has 70 bytes; the limit is 60":                                  refusal.TooLarge(70, 60),
		"has 7 pages; the limit is 6":                                    refusal.TooManyPages(7, 6),
		"more than 6 pages":                                              refusal.MorePages(6),
		"no page 7 in a document of 6":                                   refusal.NoPage(7, 6),
		"70000 by 10 pixels; the limit of a side is 65535":               refusal.SideTooLong(70000, 10, 65535),
		"20000 by 10000 pixels; the limit is 100000000 pixels":           refusal.TooManyPixels(20000, 10000, 100_000_000),
		"more than 100000000 pixels, which is the limit, even at 72 dpi": refusal.DrawsTooLarge(100_000_000, 72),
		"longer than 1000000 points":                                     refusal.PointsTooMany(1_000_000),
		"no page 0 in a document of 6":                                   refusal.NoPage(-7, 6),
	} {
		if err := e.Check(); err != nil || !strings.Contains(e.Fault().Detail, want) {
			t.Errorf("%q, %v; want %q", e.Fault().Detail, err, want)
		}
	}
}

func TestWordsOfOthersAreRefused(t *testing.T) {
	for _, e := range []refusal.Error{
		{}, {Reason: "name of a patient"}, {Reason: refusal.Empty, Numbers: []int64{1}}, {Reason: refusal.MorePages(1).Reason},
		{Reason: refusal.MorePages(1).Reason, Numbers: []int64{-1}}, {Reason: refusal.MorePages(1).Reason, Numbers: []int64{1 << 43}},
	} {
		if e.Check() == nil {
			t.Errorf("%+v passes", e)
		}
	}
}
