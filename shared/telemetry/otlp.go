package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// describe tells receivers whose numbers these are: what the operator says in the environment, and nothing of machine or process.
func (c Config) describe(ctx context.Context) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "lethe"), attribute.String("service.version", c.Version), attribute.String("cloud.region", c.Region)),
		resource.WithFromEnv(), // wins
	)
}

// export has traces and metrics sent. It sends nothing itself.
func (t *Telemetry) export(ctx context.Context, c Config) ([]sdk.Option, error) {
	if !c.Export.On() {
		return nil, nil
	}
	whose, err := c.describe(ctx)
	if err != nil {
		return nil, errors.New(attributesVariable + ": cannot be read") // the library's error quotes it
	}
	if t.sender, err = c.Export.client(); err != nil {
		return nil, err
	}
	if c.Export.Traces != "" {
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.Export.Traces), otlptracehttp.WithHTTPClient(t.sender))
		if err != nil {
			return nil, fmt.Errorf("make exporter of traces: %w", err)
		}
		t.traces = trace.NewTracerProvider(trace.WithSampler(sampler(cmp.Or(c.Export.Share, 1))), trace.WithBatcher(exporter), trace.WithResource(whose))
		t.tracer = t.traces.Tracer(scope)
	}
	options := []sdk.Option{sdk.WithResource(whose)}
	if c.Export.Metrics != "" {
		exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(c.Export.Metrics), otlpmetrichttp.WithHTTPClient(t.sender))
		if err != nil {
			return nil, fmt.Errorf("make exporter of metrics: %w", err)
		}
		options = append(options, sdk.WithReader(sdk.NewPeriodicReader(exporter)))
	}
	return options, nil
}

// How long Flush sends nothing after a failure: the first pause, and twice the one before up to the last.
const (
	firstPause = time.Minute
	lastPause  = time.Hour
)

// pause is one after a failure. The zero value is none.
type pause struct {
	length time.Duration
	until  time.Time
}

// Flush sends what was not sent yet, and closes the connections to receivers: a process that is frozen between events calls it at the end
// of each, and nobody else at the same time. A receiver that hangs costs the time of ctx, so that after a failure Flush sends nothing for a
// while, and returns nil.
func (t *Telemetry) Flush(ctx context.Context) error {
	if t.sender == nil {
		return nil
	}
	defer t.sender.CloseIdleConnections()
	if t.now().Before(t.pause.until) {
		return nil
	}
	err := t.both(ctx, t.traces.ForceFlush, t.provider.ForceFlush)
	if err == nil {
		t.pause = pause{}
		return nil
	}
	t.pause.length = min(max(firstPause, 2*t.pause.length), lastPause)
	t.pause.until = t.now().Add(t.pause.length)
	return report(err)
}

// both has the same done with traces and with metrics, at once: while the receiver of one hangs, the other gets what it should.
func (t *Telemetry) both(ctx context.Context, traces, metrics func(context.Context) error) error {
	if t.traces == nil {
		return metrics(ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- traces(ctx) }()
	return errors.Join(metrics(ctx), <-ended)
}

// report tells whoever Report named of what was not sent: to the exporters a receiver that hangs is no failure before their own time
// is over.
func report(err error) error {
	if err != nil {
		otel.Handle(err)
	}
	return err
}

// Close ends the counting, once everything was sent or ctx has ended, and then the connections. Metrics are read once more: the sources
// must still be there.
func (t *Telemetry) Close(ctx context.Context) error {
	err := t.both(ctx, t.traces.Shutdown, t.provider.Shutdown)
	if t.sender != nil {
		t.sender.CloseIdleConnections()
		return report(err)
	}
	return err
}
