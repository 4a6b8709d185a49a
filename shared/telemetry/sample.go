package telemetry

import (
	"errors"
	"math/rand/v2"
	"strconv"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The variables of the specification that say which traces are sent.
const (
	samplerVariable  = "OTEL_TRACES_SAMPLER"
	samplerParameter = samplerVariable + "_ARG"
)

// share reads which part of the traces is sent. A sampler that follows its parent means the same here as one that does not: see sampler.
func share(variable func(string) string) (float64, error) {
	switch variable(samplerVariable) {
	case "", "always_on", "parentbased_always_on":
		return 1, nil
	case "always_off", "parentbased_always_off":
		return 0, nil
	case "traceidratio", "parentbased_traceidratio":
		text := variable(samplerParameter)
		if text == "" {
			return 1, nil
		}
		if part, err := strconv.ParseFloat(text, 64); err == nil && part >= 0 && part <= 1 {
			return part, nil
		}
		return 0, errors.New(samplerParameter + ": must be a number from 0 to 1")
	}
	return 0, errors.New(samplerVariable + ": must be always_on, always_off or traceidratio, or one of these after parentbased_")
}

// sampler draws for each trace as it enters the program whether it is sent, as its share of all: what belongs to it here follows. What
// clients send decides nothing, neither the flag of a traceparent nor its ids. Else one of them could have all of its requests traced,
// and the Functions host, which marks every request as not sampled, none.
type sampler float64

// ShouldSample implements sdk.Sampler.
func (share sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	sampled := parent.IsSampled()
	if !parent.IsValid() || parent.IsRemote() {
		sampled = rand.Float64() < float64(share) //nolint:gosec // it keeps nothing secret
	}
	result := sdk.SamplingResult{Decision: sdk.Drop, Tracestate: parent.TraceState()}
	if sampled {
		result.Decision = sdk.RecordAndSample
	}
	return result
}

// Description implements sdk.Sampler.
func (sampler) Description() string { return "share of traces" }
