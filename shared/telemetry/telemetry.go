// Package telemetry counts what the program does and how long that takes. Every instrument is a row of one table, Instruments, and
// is made by the OpenTelemetry SDK, so that whoever collects the numbers, Prometheus at /metrics among them, reads the same ones.
// Where Export names a receiver, it is sent the numbers and traces too, by OTLP over HTTP; without one nothing is traced.
//
// Nothing of a document, no id, no name and no link is in a label or a span: labels take the values of the table and no others, and
// spans hold codes of the program and patterns of addresses. To count takes no lock and waits for nobody.
package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	tracing "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the instruments' library in OpenTelemetry.
const scope = "github.com/lethe-ocr/lethe"

// translation makes Prometheus's names.
func translation() otlptranslator.TranslationStrategyOption {
	return otlptranslator.UnderscoreEscapingWithSuffixes
}

// Telemetry is the instruments of one process. It is safe for concurrent use.
type Telemetry struct {
	provider *sdk.MeterProvider
	traces   *tracing.TracerProvider // nil where none are sent
	tracer   trace.Tracer            // likewise
	sender   *http.Client            // nil where nothing is sent
	now      func() time.Time
	pause    pause // of Flush, and changed by it alone
	meter    metric.Meter
	gatherer prometheus.Gatherer
	counts   map[Name]count // never changed, as all below
	times    map[Name]timed
}

// values are those of an instrument's labels; empty beyond the last.
type values [2]string

// count is a counter with the options for each of its values.
type count struct {
	metric.Int64Counter
	labels []Label
	points map[values][]metric.AddOption
}

// timed is a histogram likewise.
type timed struct {
	metric.Float64Histogram
	labels []Label
	points map[values][]metric.RecordOption
}

// Config says what becomes of the numbers beside Metrics.
type Config struct {
	Export  Export
	Version string // of the program
	Region  string
	Now     func() time.Time // by which Flush pauses; nil for time.Now
}

// New returns the instruments of the table. Close it to have the last numbers sent.
func New(ctx context.Context, cfg Config) (*Telemetry, error) {
	registry := prometheus.NewPedanticRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo(),
		exporter.WithTranslationStrategy(translation()))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	t := &Telemetry{gatherer: registry, now: cfg.Now, counts: map[Name]count{}, times: map[Name]timed{}}
	if t.now == nil {
		t.now = time.Now
	}
	sent, err := t.export(ctx, cfg)
	if err != nil {
		return nil, err
	}
	t.provider = sdk.NewMeterProvider(append(sent, sdk.WithReader(reader), sdk.WithExemplarFilter(exemplar.AlwaysOffFilter))...)
	t.meter = t.provider.Meter(scope)
	for _, i := range Instruments() {
		if err := t.make(i); err != nil {
			return nil, fmt.Errorf("make instrument %s: %w", i.Name, err)
		}
	}
	return t, nil
}

// make makes an instrument that is counted as things happen. What is read when metrics are collected, Watch makes.
func (t *Telemetry) make(i Instrument) error {
	switch i.Kind {
	case Counter:
		c, err := t.meter.Int64Counter(string(i.Name), metric.WithUnit(i.Unit), metric.WithDescription(i.Meaning))
		if err != nil {
			return err
		}
		made := count{c, i.Labels, map[values][]metric.AddOption{}}
		for v, set := range sets(i.Labels) {
			made.points[v] = []metric.AddOption{metric.WithAttributeSet(set)}
			c.Add(context.Background(), 0, made.points[v]...) // so that each is seen to be there from the beginning
		}
		t.counts[i.Name] = made
	case Histogram:
		h, err := t.meter.Float64Histogram(string(i.Name), metric.WithUnit(i.Unit), metric.WithDescription(i.Meaning), metric.WithExplicitBucketBoundaries(i.Buckets...))
		if err != nil {
			return err
		}
		made := timed{h, i.Labels, map[values][]metric.RecordOption{}}
		for v, set := range sets(i.Labels) {
			made.points[v] = []metric.RecordOption{metric.WithAttributeSet(set)}
		}
		t.times[i.Name] = made
	case Gauge, Tally:
	}
	return nil
}

// sets are the attributes for all values of the labels, and for others.
func sets(labels []Label) map[values]attribute.Set {
	all := map[values]attribute.Set{{}: attribute.NewSet()}
	for n, l := range labels {
		next := map[values]attribute.Set{}
		for v, set := range all {
			for _, value := range append([]string{Other}, l.Values...) {
				v[n] = value
				next[v] = attribute.NewSet(append(set.ToSlice(), attribute.String(l.Name, value))...)
			}
		}
		all = next
	}
	return all
}

// known replaces what the labels do not have.
func known(labels []Label, v values) values {
	for n, l := range labels {
		if !slices.Contains(l.Values, v[n]) {
			v[n] = Other
		}
	}
	return v
}

// add counts one.
func (t *Telemetry) add(ctx context.Context, name Name, v values) {
	c := t.counts[name]
	point, ok := c.points[v]
	if !ok {
		point = c.points[known(c.labels, v)]
	}
	c.Add(ctx, 1, point...)
}

// took notes a time.
func (t *Telemetry) took(ctx context.Context, name Name, d time.Duration, v values) {
	h := t.times[name]
	point, ok := h.points[v]
	if !ok {
		point = h.points[known(h.labels, v)]
	}
	h.Record(ctx, max(0, d.Seconds()), point...)
}

// Metrics returns the numbers as they are now, in Prometheus's text format.
func (t *Telemetry) Metrics(context.Context) ([]byte, error) {
	families, err := t.gatherer.Gather()
	if err != nil {
		return nil, fmt.Errorf("collect metrics: %w", err)
	}
	var text bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return nil, fmt.Errorf("write metrics: %w", err)
		}
	}
	return text.Bytes(), nil
}
