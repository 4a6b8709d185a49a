package hostile_test

import (
	"bytes"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"github.com/lethe-ocr/lethe/scripts/hostile"
)

func TestCorpusIsTheSameEachTime(t *testing.T) {
	first, second := hostile.Documents(), hostile.Documents()
	if len(first) < 300 || len(first) != len(second) {
		t.Fatalf("%d and %d documents", len(first), len(second))
	}
	seen := map[string]bool{}
	for i, d := range first {
		if d.Name != second[i].Name || seen[d.Name] || len(d.Ends) == 0 {
			t.Errorf("document %d is %q with %d ends, the second time %q; seen before: %v", i, d.Name, len(d.Ends), second[i].Name, seen[d.Name])
		}
		seen[d.Name] = true
		if i%7 == 0 && !bytes.Equal(d.Content(), second[i].Content()) {
			t.Errorf("%s: other bytes the second time", d.Name)
		}
	}
}

func TestCorpusHoldsEveryFormat(t *testing.T) {
	families := map[string]int{}
	for _, d := range hostile.Documents() {
		family, _, _ := strings.Cut(d.Name, ":")
		families[family]++
	}
	for _, f := range []string{"PDF", "TIFF", "PNG", "JPEG", "BMP", "GIF", "WebP", "JPEG 2000", "two in one", "no document"} {
		if families[f] < 15 {
			t.Errorf("%s: %d documents", f, families[f])
		}
	}
}

// The defects are made in documents that are good otherwise: other people's decoders take them.
func TestWhatIsBrokenWasGood(t *testing.T) {
	for name, data := range hostile.Good() {
		if name == "PDF" || name == "JPEG 2000" {
			continue // the standard library reads neither
		}
		if _, kind, err := image.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("%s: read as %q: %v", name, kind, err)
		}
	}
}

func TestRequestsAreTheSameEachTime(t *testing.T) {
	target := hostile.Target{Host: "127.0.0.1:1", Authorization: "Basic YTpi", Task: "t", Ended: "e", Upload: "/blobs/a?t=b"}
	first, second := hostile.Requests(), hostile.Requests()
	if len(first) < 100 || len(first) != len(second) {
		t.Fatalf("%d and %d requests", len(first), len(second))
	}
	seen := map[string]bool{}
	for i, q := range first {
		if q.Name != second[i].Name || seen[q.Name] || len(q.Status) == 0 || q.Answers < 1 {
			t.Errorf("request %d is %q, the second time %q; seen before: %v", i, q.Name, second[i].Name, seen[q.Name])
		}
		seen[q.Name] = true
		if q.Raw(target) != second[i].Raw(target) {
			t.Errorf("%s: other bytes the second time", q.Name)
		}
	}
}

func TestTrendSeesALeakThroughNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1)) // a fixed seed is the point
	for _, c := range []struct {
		name   string
		minute float64 // growth
		spikes bool
		leaks  bool
	}{
		{"steady", 0, false, false},
		{"steady with spikes", 0, true, false},
		{"falling", -20, false, false},
		{"less than is allowed", 1, false, false},
		{"leaking", 8, false, true},
		{"leaking with spikes", 8, true, true},
	} {
		var samples []hostile.Sample
		for i := range 100 {
			at := time.Duration(i) * 6 * time.Second
			value := 200 + c.minute*at.Minutes() + 5*random.NormFloat64()
			if c.spikes && i%9 == 0 {
				value += 1000
			}
			samples = append(samples, hostile.Sample{At: at, Value: value})
		}
		if trend := hostile.Measure(samples); trend.Leaks(32) != c.leaks {
			t.Errorf("%s: %+v", c.name, trend)
		}
	}
	if trend := hostile.Measure(nil); trend.Leaks(0) {
		t.Errorf("no samples: %+v", trend)
	}
}
