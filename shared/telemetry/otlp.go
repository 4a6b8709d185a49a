package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"

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
		t.traces = trace.NewTracerProvider(append(sampled(os.Getenv), trace.WithBatcher(exporter), trace.WithResource(whose))...)
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

// sampled samples every trace unless OTEL_TRACES_SAMPLER says otherwise. That includes requests whose traceparent says that their sender
// does not sample them: the Functions host marks every request so.
func sampled(variable func(string) string) []trace.TracerProviderOption {
	if variable("OTEL_TRACES_SAMPLER") != "" {
		return nil // the SDK follows it
	}
	return []trace.TracerProviderOption{trace.WithSampler(trace.ParentBased(trace.AlwaysSample(), trace.WithRemoteParentNotSampled(trace.AlwaysSample())))}
}

// Flush sends what was not sent yet, and closes the connections to receivers: a process that is frozen between events calls it at the
// end of each.
func (t *Telemetry) Flush(ctx context.Context) error {
	if t.sender == nil {
		return nil
	}
	defer t.sender.CloseIdleConnections()
	var err error
	if t.traces != nil {
		err = t.traces.ForceFlush(ctx)
	}
	return report(errors.Join(err, t.provider.ForceFlush(ctx)))
}

// report tells whoever Report named of what was not sent: to the exporters a receiver that hangs is no failure before their own time
// is over.
func report(err error) error {
	if err != nil {
		otel.Handle(err)
	}
	return err
}

// Close ends the counting, once everything was sent or ctx has ended: traces first, then metrics, which are read once more, and then
// the connections. The sources must still be there.
func (t *Telemetry) Close(ctx context.Context) error {
	var err error
	if t.traces != nil {
		err = t.traces.Shutdown(ctx)
	}
	err = errors.Join(err, t.provider.Shutdown(ctx))
	if t.sender != nil {
		t.sender.CloseIdleConnections()
		return report(err)
	}
	return err
}
