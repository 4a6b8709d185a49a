package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"
)

// telemetryRounds is how often a server reads the documents in each way. The ways take turns, so that a machine that becomes slower
// favours none.
const telemetryRounds = 3

// telemetryCost compares the processor time of a server that sends traces and metrics with that of one that sends nothing.
func telemetryCost(ctx context.Context, bin, dir string, docs []document, w io.Writer) error {
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer receiver.Close()
	var quiet, sending time.Duration
	for round := range 2 * telemetryRounds {
		spent, env := &quiet, []string(nil)
		if round%2 == 1 {
			spent, env = &sending, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.URL, "OTEL_METRIC_EXPORT_INTERVAL=1000"}
		}
		scratch := filepath.Join(dir, fmt.Sprint("telemetry", round))
		if err := os.Mkdir(scratch, 0o700); err != nil {
			return err
		}
		o, err := lethe{bin, accurate}.serveWith(ctx, docs, scratch, env)
		if err != nil {
			return err
		}
		*spent += o.total()
	}
	fmt.Fprintf(w, "\nTraces of everything and metrics every second, sent by OTLP: %.4f of the processor time without them, over %d rounds. The goal is 1.01.\n",
		sending.Seconds()/quiet.Seconds(), telemetryRounds)
	return nil
}
