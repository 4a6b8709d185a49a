package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -count=1 -run ^TestPageIsCurrent$ . -update

var update = flag.Bool("update", false, "write the page and its plots anew")

const infra = "../../infra"

// whole is what the page in the repository is made of. It takes a while, so that tests share it.
var whole = sync.OnceValues(func() (*results, error) { return simulateAll(usualSeed) })

func simulated(t *testing.T) *results {
	t.Helper()
	r, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPageIsCurrent(t *testing.T) {
	files := simulated(t).files(usualSeed)
	if *update {
		if err := write(infra, files); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(infra, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not what the simulation says; go run ./scripts/scale (-want +got):\n%s", name, diff)
		}
	}
	plots, err := filepath.Glob(filepath.Join(infra, "scale", "*"))
	if err != nil || len(plots) != len(files)-1 {
		t.Errorf("there are %d plots, and %d are drawn (%v)", len(plots), len(files)-1, err)
	}
	for name := range files {
		if strings.HasSuffix(name, ".svg") && !strings.Contains(files["scale.md"], "]("+name+")") {
			t.Errorf("the page does not show %s", name)
		}
	}
}

// The page gives the rules by which the recommended numbers are chosen.
func TestRecommendedNumbersFollowFromTheRules(t *testing.T) {
	r := simulated(t)
	if got := r.largestWithinTheGoal(); got != partPages {
		t.Errorf("the largest size of a part with which the goal is met is %d, and the page recommends %d", got, partPages)
	}
	if got := windowFor(goalPages, partPages); got != window {
		t.Errorf("the fewest parts with which all of %d pages are under way are %d, and the page recommends %d", goalPages, got, window)
	}
}

// Sentences of the page that compare hold for its numbers.
func TestSentencesOfThePageHold(t *testing.T) {
	r := simulated(t)
	capped, free := slices.Index(windows, window), slices.Index(windows, 0)
	for i, l := range layouts() {
		if with, without := r.beside[i][capped].Medium.P95, r.beside[i][free].Medium.P95; without < 120 || with > without/3 {
			t.Errorf("%s: %v s with the cap, %v s without: that are not minutes", l.name, with, without)
		}
	}
	quota := map[cloud]int{azure: 250, aws: 1000}
	for c, d := range r.days {
		if d.Peak > quota[c] {
			t.Errorf("%s: %d instances at the peak", c, d.Peak)
		}
		if float64(d.Ended) < 0.99*documentsADay {
			t.Errorf("%s: %d documents ended", c, d.Ended)
		}
	}
	for i, n := range pageCounts[2:] {
		if looks := r.times[azureTuned+"100 warm"][i+2]; looks.Median > r.times["Azure"+"100 warm"][i+2].Median+0.5 {
			t.Errorf("%d pages: looking more often does not help", n)
		}
		if more := r.times[awsTuned+"100 warm"][i+2]; more.Median > r.times["AWS"+"100 warm"][i+2].Median+0.5 {
			t.Errorf("%d pages: more pollers do not help", n)
		}
	}
}

// A day's numbers agree with each other: by Little's law the mean number of working instances is what all work took.
func TestDayAgreesWithItself(t *testing.T) {
	for c, d := range simulated(t).days {
		var mean float64
		for _, m := range d.Moments {
			mean += float64(m.Working) / float64(len(d.Moments))
			if m.Working > m.Instances {
				t.Errorf("%s: %d instances of %d are at work", c, m.Working, m.Instances)
			}
		}
		if math.Abs(mean-d.Working) > 0.1*d.Working {
			t.Errorf("%s: %.1f instances at work by looking, %.1f by the bill", c, mean, d.Working)
		}
		if want := meanPages() * float64(d.Ended); math.Abs(float64(d.Pages)-want) > 0.02*want {
			t.Errorf("%s: %d pages in %d documents, of %.2f on average", c, d.Pages, d.Ended, meanPages())
		}
	}
}

func TestAssumptionsAreWithinTheirRangeAndMove(t *testing.T) {
	r := simulated(t)
	for _, a := range r.list {
		if a.base < a.low || a.base > a.high || a.low >= a.high {
			t.Errorf("%s: %v is not within %v to %v", a.name, a.base, a.low, a.high)
		}
		if a.source == "" {
			t.Errorf("%s: no source or reason is given", a.name)
		}
		if low := r.base.with(a, a.low); reflect.DeepEqual(low, r.base.with(a, a.high)) {
			t.Errorf("%s changes nothing", a.name)
		}
		if !reflect.DeepEqual(r.base.with(a, a.base), r.base) {
			t.Errorf("%s: the model is not at its base, or setting it changes another copy", a.name)
		}
	}
}

// Numbers that other files say are the same there.
func TestNumbersOfOtherFilesAreTheirs(t *testing.T) {
	text := func(name string) string {
		got, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	var host struct {
		Extensions struct {
			Queues struct{ MaxPollingInterval string }
		}
	}
	if err := json.Unmarshal([]byte(text("host.json")), &host); err != nil {
		t.Fatal(err)
	}
	looks, err := time.Parse(time.TimeOnly, host.Extensions.Queues.MaxPollingInterval)
	if err != nil {
		t.Fatal(err)
	}
	if poll := simulated(t).base.Poll; poll != float64(looks.Second()+60*looks.Minute()) {
		t.Errorf("host.json says %s, the model %v s", host.Extensions.Queues.MaxPollingInterval, poll)
	}
	defaults := map[cloud]deployment{}
	for _, l := range layouts() {
		defaults[l.situation.cloud] = l.situation.deployment
	}
	million := func(price float64) string { return fmt.Sprintf("%.2f a million", price*1e6) }
	for name, claims := range map[string][]string{
		"infra/README.md": {
			fmt.Sprintf("%.6f / %.6f; %.6f a GB-second", flexPrice.ReadyIdle, flexPrice.ReadyBusy, flexPrice.OnDemand), "| executions | " + million(flexPrice.Execution),
			"10,000 writes / reads; queue or table operations | 0.07 / 0.005; 0.004 |", fmt.Sprintf("%.2f a GB", azureLog),
		},
		"infra/aws/README.md": {
			fmt.Sprintf("%.10f a GB-second, %s", lambdaPrice.OnDemand, million(lambdaPrice.Execution)),
			"≈ " + million(awsTableWrite) + " writes", "≈ " + million(awsTableRead) + " reads", "≈ 5.30 a million writes", "≈ 0.42 a million reads", "≈ 0.45 a million",
			"CloudTrail data events | ≈ " + million(awsTrail), fmt.Sprintf("≈ %.2f a GB", awsLog),
		},
		"infra/azure/main.bicep": {fmt.Sprintf("{ memoryMB: %d, maximum: %d }", 2048*cores[azure], defaults[azure].instances)},
		"infra/aws/stamp.yaml": {
			fmt.Sprintf("or parts of large ones.\n    Default: %d\n", defaults[aws].instances), fmt.Sprintf("a core reads one page at a time.\n    Default: %d\n", 1769*cores[aws]),
		},
	} {
		for _, claim := range claims {
			if !strings.Contains(text(name), claim) {
				t.Errorf("%s does not say %q", name, claim)
			}
		}
	}
}

func TestPlotsAreWellFormedAndShowEverythingInside(t *testing.T) {
	for name, svg := range simulated(t).plots() {
		parser := xml.NewDecoder(strings.NewReader(svg))
		elements := 0
		for {
			token, err := parser.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			elements++
			for _, a := range start.Attr {
				if a.Name.Local != "points" {
					continue
				}
				for point := range strings.FieldsSeq(a.Value) {
					var x, y float64
					if _, err := fmt.Sscanf(point, "%f,%f", &x, &y); err != nil || x < left-0.1 || x > plotWidth-right+0.1 || y < top-0.1 || y > plotHeight-bottom+0.1 {
						t.Fatalf("%s: the point %s lies outside (%v)", name, point, err)
					}
				}
			}
		}
		if elements < 10 {
			t.Errorf("%s has %d elements", name, elements)
		}
	}
}

func TestAxesHaveRoom(t *testing.T) {
	for _, most := range []float64{0.09, 0.131, 1, 7, 34.9, 173, 999, 12345} {
		a := linear("", most)
		if a.to < most || len(a.ticks) < 5 || len(a.ticks) > 11 {
			t.Errorf("up to %v: %v", most, a.ticks)
		}
	}
	for _, c := range [][2]float64{{0.8, 1100}, {9, 11}, {1, 1000}, {12.2, 2400}} {
		a := logarithmic("", c[0], c[1])
		if a.from > c[0] || a.to < c[1] || !slices.IsSorted(a.ticks) {
			t.Errorf("%v: %v", c, a.ticks)
		}
	}
}

func TestFiguresAreRoundedToWhatTheyDeserve(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0012: "0.0012", 0.1234: "0.123", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.4: "1,234", 2044: "2,044"} {
		if got := figures(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
}
