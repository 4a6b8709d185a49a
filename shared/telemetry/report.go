package telemetry

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// reported is how often the log says that receivers take nothing.
const reported = time.Minute

// Report has the log say that something could not be sent, at most once a minute. The SDK would write what it knows, addresses, headers
// and answers of receivers among it, to standard error: that is switched off, for the process.
func Report(log *slog.Logger, now func() time.Time) {
	otel.SetLogger(logr.Discard())
	otel.SetErrorHandler(&reporter{log: log, now: now})
}

type reporter struct {
	log  *slog.Logger
	now  func() time.Time
	last atomic.Int64 // when it was said last, in nanoseconds
}

// Handle implements otel.ErrorHandler.
func (r *reporter) Handle(error) {
	now, last := r.now().UnixNano(), r.last.Load()
	if now-last < int64(reported) || !r.last.CompareAndSwap(last, now) {
		return
	}
	r.log.Warn(logevent.TelemetryFailed)
}
