package telemetry

import (
	"context"
	"regexp"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/task"
)

var _ task.Observer = (*Telemetry)(nil)

// Begun implements task.Observer.
func (t *Telemetry) Begun(ctx context.Context, waited time.Duration) {
	t.took(ctx, DocumentWait, waited, values{})
}

// Page implements task.Observer.
func (t *Telemetry) Page(ctx context.Context, waited, took time.Duration, failed bool) {
	t.took(ctx, PageWait, waited, values{})
	t.took(ctx, PageRecognition, took, values{})
	outcome := Read
	if failed {
		outcome = Failed
	}
	t.add(ctx, Pages, values{outcome})
	if t.tracer != nil {
		ended := time.Now()
		began := ended.Add(-took)
		t.past(ctx, waitSpan, began.Add(-waited), began, succeeded)
		t.past(ctx, recognitionSpan, began, ended, outcome)
	}
}

// Ended implements task.Observer.
func (t *Telemetry) Ended(ctx context.Context, state task.State) {
	outcome := Failed
	if state == task.Completed {
		outcome = Completed
	}
	t.add(ctx, Documents, values{outcome})
}

// Erased implements task.Observer.
func (t *Telemetry) Erased(ctx context.Context, why retention.Reason) {
	t.add(ctx, Erasures, values{string(why)})
}

// Sources are read when metrics are collected. A source that is nil is left out.
type Sources struct {
	Retention func(ctx context.Context) (task.Measurement, error)
	Queue     func() (length int, age time.Duration)
	Ledger    func() (lag time.Duration, known bool)
	Workers   func() (started int64, ended map[string]int64) // by codes of the program
}

// readTime bounds the reading of the sources: what storage does not tell in time is left out.
const readTime = 5 * time.Second

// Watch reads the sources from now on. It is called once.
func (t *Telemetry) Watch(s Sources) error {
	seconds, whole := map[Name]metric.Float64ObservableGauge{}, map[Name]metric.Int64Observable{}
	var all []metric.Observable
	for _, i := range Instruments() {
		var err error
		switch {
		case i.Kind == Gauge && i.Unit == "s":
			seconds[i.Name], err = t.meter.Float64ObservableGauge(string(i.Name), metric.WithUnit(i.Unit), metric.WithDescription(i.Meaning))
			all = append(all, seconds[i.Name])
		case i.Kind == Gauge:
			whole[i.Name], err = t.meter.Int64ObservableGauge(string(i.Name), metric.WithUnit(i.Unit), metric.WithDescription(i.Meaning))
			all = append(all, whole[i.Name])
		case i.Kind == Tally:
			whole[i.Name], err = t.meter.Int64ObservableCounter(string(i.Name), metric.WithUnit(i.Unit), metric.WithDescription(i.Meaning))
			all = append(all, whole[i.Name])
		}
		if err != nil {
			return err
		}
	}
	_, err := t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		s.read(ctx, func(name Name, d time.Duration) { o.ObserveFloat64(seconds[name], d.Seconds()) },
			func(name Name, n int64, labels ...attribute.KeyValue) {
				o.ObserveInt64(whole[name], n, metric.WithAttributes(labels...))
			})
		return nil
	}, all...)
	return err
}

// read tells what the sources say. One that fails tells nothing: whoever collects sees that the number is missing.
func (s Sources) read(ctx context.Context, seconds func(Name, time.Duration), whole func(Name, int64, ...attribute.KeyValue)) {
	if s.Queue != nil {
		length, age := s.Queue()
		whole(QueueLength, int64(length))
		seconds(QueueAge, age)
	}
	if s.Ledger != nil {
		if lag, known := s.Ledger(); known {
			seconds(LedgerLag, lag)
		}
	}
	if s.Workers != nil {
		started, ended := s.Workers()
		whole(WorkerStarts, started)
		for why, n := range ended {
			whole(WorkerEnds, n, attribute.String("reason", code(why)))
		}
	}
	if s.Retention == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	m, err := s.Retention(ctx)
	if err != nil {
		return
	}
	seconds(OldestAge, m.OldestAge())
	seconds(Limit, m.Policy.Unprocessed)
	if len(m.Next) > 0 {
		seconds(NextDeadline, m.Next[0].Sub(m.Now))
	}
	if !m.LastSweep.IsZero() {
		seconds(SweepAge, m.Now.Sub(m.LastSweep))
	}
}

// coded is what codes of the program look like. Ids have digits, names of files have dots.
var coded = regexp.MustCompile(`^[a-z-]{1,24}$`)

// code keeps what is no code out of a label.
func code(value string) string {
	if !coded.MatchString(value) {
		return Other
	}
	return value
}
