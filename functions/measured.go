package main

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// measured makes the instruments, and has the calls of storage counted from here on.
func (s *server) measured() error {
	if s.export.On() {
		telemetry.Report(s.log, time.Now) // before anything of the SDK reads the environment
	}
	var err error
	if s.telemetry, err = telemetry.New(context.Background(), telemetry.Config{Export: s.export, Version: version, Region: s.set.Region}); err != nil {
		return err
	}
	s.blobs, s.records = s.telemetry.Blobs(s.blobs), s.telemetry.Records(s.records)
	return nil
}

// unmeasured lets go of the instruments of parts that could not be joined, so that a process does not send their numbers beside those of
// the parts that are joined in their place. They counted nothing: nobody waits for receivers.
func (s *server) unmeasured() {
	if s.telemetry == nil {
		return
	}
	now, done := context.WithCancel(context.Background())
	done()
	_ = s.telemetry.Close(now)
}

// lastWords is how long receivers of traces and metrics may take for the last ones.
const lastWords = 5 * time.Second

// measuredLast sends receivers what they did not get yet, as the last thing, while what is measured is still there.
func (s *server) measuredLast(ctx context.Context) {
	last, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	_ = s.telemetry.Close(last) // what a receiver does not take now is lost, and was logged
}

// observer counts what the domain tells. A verb beside the server counts nothing.
func (s *server) observer() task.Observer {
	if s.telemetry == nil {
		return nil
	}
	return s.telemetry
}

// waiting is what a queue of this process tells of itself.
type waiting interface {
	Waiting() (waiting, running int)
	Age() time.Duration
}

// sources are what is read when somebody collects metrics.
func (s *server) sources(service *task.Service) telemetry.Sources {
	from := telemetry.Sources{Ledger: s.ledger.Lag, Workers: s.engine.Processes}
	if !s.alone { // every instance would read the same
		return from
	}
	from.Retention = func(ctx context.Context) (task.Measurement, error) { return service.Measure(ctx) }
	if queue, ok := service.Queue.(waiting); ok {
		from.Queue = func() (length int, age time.Duration) {
			length, _ = queue.Waiting()
			return length, queue.Age()
		}
	}
	return from
}

// traced gives each call of a function a span.
func traced[T any](t *telemetry.Telemetry, name string, f trigger.Function[T]) trigger.Function[T] {
	return func(ctx context.Context, event T) error {
		return t.Span(ctx, name, func(ctx context.Context) error { return f(ctx, event) })
	}
}
