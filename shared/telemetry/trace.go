package telemetry

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// The spans beside those of requests, functions and calls of storage.
const (
	queueSpan       = "queue"
	processSpan     = "process document"
	waitSpan        = "wait for a worker"
	recognitionSpan = "recognise page"
	storagePrefix   = "storage "
)

// The attributes of spans: codes of the program, and patterns of addresses. None holds an id, a name, a link or content.
const (
	methodKey  = attribute.Key("http.request.method")
	routeKey   = attribute.Key("http.route")
	statusKey  = attribute.Key("http.response.status_code")
	outcomeKey = attribute.Key("lethe.outcome")
)

// traceparent is the one header that is taken from clients: a valid one joins what they trace with what happens here. tracestate and
// baggage could carry anything.
const traceparent = "traceparent"

// from returns the context with what a valid traceparent names.
func from(ctx context.Context, h http.Header) context.Context {
	if sent := h.Values(traceparent); len(sent) == 1 {
		return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: sent[0]})
	}
	return ctx
}

// Request begins the span of a request. What it returns ends the span: route is a pattern, and code that of a problem.
func (t *Telemetry) Request(r *http.Request) (context.Context, func(method, route, code string, status int)) {
	if t.tracer == nil {
		return r.Context(), func(string, string, string, int) {}
	}
	ctx, span := t.tracer.Start(from(r.Context(), r.Header), "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(method, route, code string, status int) {
		span.SetName(method + " " + route)
		span.SetAttributes(methodKey.String(method), routeKey.String(route))
		if status > 0 { // else there was no answer
			span.SetAttributes(statusKey.Int(status))
		}
		if code != "" {
			span.SetAttributes(outcomeKey.String(code))
		}
		if status == 0 || status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Span does work within a span under a name of the program's. Work that panics leaves a span of an internal error.
func (t *Telemetry) Span(ctx context.Context, name string, work func(ctx context.Context) error) error {
	if t.tracer == nil {
		return work(ctx)
	}
	ctx, span := t.tracer.Start(ctx, name)
	outcome := panicked
	defer func() { end(span, outcome) }()
	err := work(ctx)
	outcome = outcomeOf(err)
	return err
}

// Process is Span for the work on a document.
func (t *Telemetry) Process(ctx context.Context, work func(ctx context.Context) error) error {
	return t.Span(ctx, processSpan, work)
}

// Carry returns what joins work that ctx asks for with what is traced there, once it begins: with a span for the time that it waited.
// It is nil where nothing is traced.
func (t *Telemetry) Carry(ctx context.Context) func(ctx context.Context) context.Context {
	asked := trace.SpanContextFromContext(ctx)
	if t.tracer == nil || !asked.IsSampled() {
		return nil
	}
	since := time.Now()
	return func(ctx context.Context) context.Context {
		ctx = trace.ContextWithSpanContext(ctx, asked)
		t.past(ctx, queueSpan, since, time.Now(), succeeded)
		return ctx
	}
}

// past records a span that is over.
func (t *Telemetry) past(ctx context.Context, name string, began, ended time.Time, outcome string) {
	if t.tracer == nil || !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(began))
	span.SetAttributes(outcomeKey.String(outcome))
	span.End(trace.WithTimestamp(ended))
}

// panicked is what work came to that did not return.
const panicked = string(fault.Internal)

// end ends a span.
func end(span trace.Span, outcome string) {
	span.SetAttributes(outcomeKey.String(outcome))
	switch fault.Kind(outcome) {
	case fault.Unavailable, fault.Internal:
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// outcomeOf is what a call came to, in the words of the program.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return succeeded
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return givenUp
	default:
		return code(string(fault.KindOf(err)))
	}
}
