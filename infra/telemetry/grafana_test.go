// Package telemetry_test holds the dashboard against the table of instruments.
package telemetry_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/telemetry"
)

// panel is what counts of a panel.
type panel struct {
	Type, Title, Description string
	GridPos                  struct{ H, W, X, Y int }
	Targets                  []struct{ Expr, LegendFormat string }
}

func panels(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile("grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct{ Panels []panel }
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	return board.Panels
}

func TestDashboardAnswersSixQuestions(t *testing.T) {
	var questions []string
	answers := 0
	for _, p := range panels(t) {
		if p.Type != "row" {
			answers++
			if p.Title == "" || !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 {
				t.Errorf("%q: it has no title, no description or no query", p.Title)
			}
			continue
		}
		if len(questions) > 0 && answers == 0 {
			t.Errorf("nothing answers %q", questions[len(questions)-1])
		}
		questions, answers = append(questions, p.Title), 0
		if !strings.HasSuffix(p.Title, "?") {
			t.Errorf("%q is no question", p.Title)
		}
	}
	if len(questions) != 6 || answers == 0 {
		t.Errorf("the questions are %q", questions)
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	all := panels(t)
	for i, a := range all {
		if a.GridPos.X+a.GridPos.W > 24 {
			t.Errorf("%q is wider than the page", a.Title)
		}
		for _, b := range all[:i] {
			if a.GridPos.X < b.GridPos.X+b.GridPos.W && b.GridPos.X < a.GridPos.X+a.GridPos.W && a.GridPos.Y < b.GridPos.Y+b.GridPos.H && b.GridPos.Y < a.GridPos.Y+a.GridPos.H {
				t.Errorf("%q lies over %q", a.Title, b.Title)
			}
		}
	}
}

// A query names instruments of the table, with labels and values that they have; and each instrument is shown.
func TestDashboardAsksForInstrumentsThatThereAre(t *testing.T) {
	series := map[string]telemetry.Instrument{}
	for _, i := range telemetry.Instruments() {
		name, err := i.Prometheus()
		if err != nil {
			t.Fatal(err)
		}
		ends := []string{""}
		if i.Kind == telemetry.Histogram {
			ends = []string{"_bucket", "_sum", "_count"}
		}
		for _, end := range ends {
			series[name+end] = i
		}
	}
	shown := map[telemetry.Name]bool{}
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			var labels []string // of the instruments of the query
			for _, m := range regexp.MustCompile(`(lethe_\w+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(target.Expr, -1) {
				i, there := series[m[1]]
				if !there {
					t.Errorf("%q asks for %s, which is no instrument", p.Title, m[1])
					continue
				}
				shown[i.Name] = true
				for _, l := range i.Labels {
					labels = append(labels, l.Name)
				}
				for _, match := range regexp.MustCompile(`(\w+)[!=]~?"([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
					for value := range strings.SplitSeq(match[2], "|") {
						if !slices.ContainsFunc(i.Labels, func(l telemetry.Label) bool { return l.Name == match[1] && slices.Contains(l.Values, value) }) {
							t.Errorf("%q: %s has no label %s with the value %s", p.Title, i.Name, match[1], value)
						}
					}
				}
			}
			var named []string
			for _, by := range regexp.MustCompile(`by \(([^)]*)\)`).FindAllStringSubmatch(target.Expr, -1) {
				named = append(named, regexp.MustCompile(`\w+`).FindAllString(by[1], -1)...)
			}
			for _, legend := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(named, legend[1]) {
					t.Errorf("%q: the legend has %s, and the query loses it", p.Title, legend[1])
				}
			}
			for _, l := range named {
				if l != "le" && !slices.Contains(labels, l) {
					t.Errorf("%q: no instrument of the query has the label %s", p.Title, l)
				}
			}
		}
	}
	for _, i := range telemetry.Instruments() {
		if !shown[i.Name] {
			t.Errorf("%s is on no panel", i.Name)
		}
	}
}
