package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
)

func newTelemetry(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tel.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tel
}

// lines are the samples of what Metrics returns, by series.
func lines(t *testing.T, tel *telemetry.Telemetry) map[string]string {
	t.Helper()
	text, err := tel.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			at := strings.LastIndex(line, " ")
			all[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return all
}

// everything are sources that tell something of all that is read.
func everything(now time.Time) telemetry.Sources {
	return telemetry.Sources{
		Retention: func(context.Context) (task.Measurement, error) {
			return task.Measurement{
				Policy: retention.Default(), Now: now, LastSweep: now.Add(-time.Minute), Oldest: now.Add(-time.Hour), Next: []time.Time{now.Add(-2 * time.Second)},
			}, nil
		},
		Queue:   func() (int, time.Duration) { return 3, 90 * time.Second },
		Ledger:  func() (time.Duration, bool) { return 4 * time.Second, true },
		Workers: func() (int64, map[string]int64) { return 7, map[string]int64{"recycled": 5, "/srv/scan 1.pdf": 1} },
	}
}

func TestWhatHappensIsCounted(t *testing.T) {
	tel := newTelemetry(t)
	if err := tel.Watch(everything(time.Now())); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	tel.Begun(ctx, 3*time.Second)
	tel.Page(ctx, time.Millisecond, 700*time.Millisecond, false)
	tel.Page(ctx, time.Millisecond, 40*time.Second, true)
	tel.Ended(ctx, task.Completed)
	tel.Ended(ctx, task.ProcessingFailed)
	tel.Erased(ctx, retention.FetchedAll)
	got := lines(t, tel)
	for series, want := range map[string]string{
		`lethe_document_wait_seconds_count`:               "1",
		`lethe_document_wait_seconds_sum`:                 "3",
		`lethe_pages_total{outcome="read"}`:               "1",
		`lethe_pages_total{outcome="failed"}`:             "1",
		`lethe_page_wait_seconds_count`:                   "2",
		`lethe_page_recognition_seconds_bucket{le="0.5"}`: "0",
		`lethe_page_recognition_seconds_bucket{le="1"}`:   "1",
		`lethe_page_recognition_seconds_bucket{le="60"}`:  "2",
		`lethe_documents_total{outcome="completed"}`:      "1",
		`lethe_documents_total{outcome="failed"}`:         "1",
		`lethe_erasures_total{reason="fetched"}`:          "1",
		`lethe_erasures_total{reason="never-uploaded"}`:   "0",
		`lethe_queue_length`:                              "3",
		`lethe_queue_age_seconds`:                         "90",
		`lethe_document_oldest_age_seconds`:               "3600",
		`lethe_document_limit_seconds`:                    "172800",
		`lethe_deadline_next_seconds`:                     "-2",
		`lethe_sweep_age_seconds`:                         "60",
		`lethe_ledger_lag_seconds`:                        "4",
		`lethe_worker_starts_total`:                       "7",
		`lethe_worker_ends_total{reason="recycled"}`:      "5",
		`lethe_worker_ends_total{reason="other"}`:         "1",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
}

// What cannot be read is missing, and what can be is told all the same.
func TestSourceThatFailsIsMissing(t *testing.T) {
	tel := newTelemetry(t)
	from := everything(time.Now())
	from.Retention = func(context.Context) (task.Measurement, error) { return task.Measurement{}, errors.New("away") }
	from.Ledger = func() (time.Duration, bool) { return 0, false }
	if err := tel.Watch(from); err != nil {
		t.Fatal(err)
	}
	got := lines(t, tel)
	for _, series := range []string{"lethe_document_oldest_age_seconds", "lethe_deadline_next_seconds", "lethe_ledger_lag_seconds"} {
		if value, there := got[series]; there {
			t.Errorf("%s is %s, though it cannot be known", series, value)
		}
	}
	if got["lethe_queue_length"] != "3" {
		t.Error("what can be read is missing too")
	}
}

func TestSourceIsNotWaitedForWithoutEnd(t *testing.T) {
	tel := newTelemetry(t)
	limited := make(chan bool, 1)
	if err := tel.Watch(telemetry.Sources{Retention: func(ctx context.Context) (task.Measurement, error) {
		_, is := ctx.Deadline()
		limited <- is
		return task.Measurement{}, errors.New("away")
	}}); err != nil {
		t.Fatal(err)
	}
	lines(t, tel)
	if !<-limited {
		t.Error("reading has no end")
	}
}

// A label has the values of the table and no others, whatever is handed in: no id, no name, no link, no content.
func TestLabelsCarryNothingButValuesOfTheTable(t *testing.T) {
	const canary = "canary-scan.pdf https://store.example/in/0198c5a2?sig=x"
	tel := newTelemetry(t)
	if err := tel.Watch(telemetry.Sources{Workers: func() (int64, map[string]int64) {
		return 1, map[string]int64{canary: 1, "0198c5a2-6d1e": 2}
	}}); err != nil {
		t.Fatal(err)
	}
	tel.Erased(t.Context(), canary)
	tel.Ended(t.Context(), canary)
	store := tel.Blobs(failing{err: fault.Wrap(errors.New(canary), fault.StorageUnavailable, canary)})
	_, _ = store.Stat(t.Context(), canary)
	_, _ = tel.Blobs(failing{err: &fault.Error{Kind: canary}}).Stat(t.Context(), canary)
	allowed := map[string][]string{}
	for _, i := range telemetry.Instruments() {
		for _, l := range i.Labels {
			allowed[l.Name] = slices.Concat(allowed[l.Name], l.Values, []string{telemetry.Other})
		}
	}
	label := regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
	got := lines(t, tel)
	for series := range got {
		if strings.Contains(series, "canary") || strings.Contains(series, "0198") {
			t.Errorf("a label carries it: %s", series)
		}
		for _, m := range label.FindAllStringSubmatch(series, -1) {
			if m[1] != "le" && !slices.Contains(allowed[m[1]], m[2]) {
				t.Errorf("%s: the label %s has no value %q", series, m[1], m[2])
			}
		}
	}
	for _, series := range []string{`lethe_erasures_total{reason="other"}`, `lethe_storage_call_seconds_count{operation="blob-stat",outcome="other"}`} {
		if got[series] != "1" {
			t.Errorf("%s is %q: what is not known is lost", series, got[series])
		}
	}
}

func TestEveryInstrumentIsARowThatSaysWhatItMeans(t *testing.T) {
	seen := map[telemetry.Name]bool{}
	for _, i := range telemetry.Instruments() {
		switch {
		case seen[i.Name]:
			t.Errorf("%s is there twice", i.Name)
		case !regexp.MustCompile(`^lethe(\.[a-z]+)+$`).MatchString(string(i.Name)) || i.Unit == "" || !strings.HasSuffix(i.Meaning, "."):
			t.Errorf("%s: name, unit %q or meaning %q is not what it should be", i.Name, i.Unit, i.Meaning)
		case (i.Kind == telemetry.Histogram) != (len(i.Buckets) > 0) || !slices.IsSorted(i.Buckets) || len(i.Labels) > 2:
			t.Errorf("%s: buckets %v, labels %v", i.Name, i.Buckets, i.Labels)
		}
		seen[i.Name] = true
	}
}

// Every instrument shows, once everything has happened: none is forgotten by whoever should count it.
func TestEveryInstrumentIsCounted(t *testing.T) {
	tel := newTelemetry(t)
	everythingHappens(t, tel)
	text, err := tel.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	families := strings.Count(string(text), "# TYPE ")
	if all := len(telemetry.Instruments()); families != all {
		t.Errorf("%d instruments show, of %d:\n%s", families, all, text)
	}
	for _, i := range telemetry.Instruments() {
		name, err := i.Prometheus()
		if err != nil || !strings.Contains("\n"+string(text), "\n# HELP "+name+" "+i.Meaning+"\n") {
			t.Errorf("%s does not show: %v", i.Name, err)
		}
	}
	if name, err := (telemetry.Instrument{}).Prometheus(); err == nil {
		t.Errorf("an instrument without a name is called %q", name)
	}
}

func everythingHappens(t *testing.T, tel *telemetry.Telemetry) {
	t.Helper()
	if err := tel.Watch(everything(time.Now())); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	tel.Begun(ctx, time.Second)
	tel.Page(ctx, time.Second, time.Second, false)
	_, _ = tel.Blobs(failing{err: fault.New(fault.ThingNotFound, "")}).Stat(ctx, "")
}

func TestManyCountAtOnce(t *testing.T) {
	tel := newTelemetry(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				tel.Page(t.Context(), 0, time.Second, false)
			}
		})
	}
	all.Wait()
	if got := lines(t, tel)[`lethe_pages_total{outcome="read"}`]; got != fmt.Sprint(8*500) {
		t.Errorf("%s pages were counted", got)
	}
}
