package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/lethe-ocr/lethe/shared/canary"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// sendTo uploads through a link as a client does. The error names no address.
func sendTo(ctx context.Context, link storage.Link, document []byte) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, bytes.NewReader(document))
	if err != nil {
		return errors.New("the link is no address")
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New("the store did not answer")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the store answered %d", resp.StatusCode)
	}
	return nil
}

// rounds are what the retention function does beside erasing: the age of the oldest document and the canary each time, the
// doctor once a day.
type rounds struct {
	tasks  *task.Service
	canary *canary.Canary
	ledger *ledger.Log
	probes []doctor.Probe
	now    func() time.Time
	log    *slog.Logger
	seen   time.Time // last examination by the doctor
}

// newRounds joins them for a server.
func (s *server) newRounds() *rounds {
	return &rounds{
		tasks: s.tasks.Service,
		canary: canary.New(canary.Config{
			Tasks: s.tasks, Records: s.records, Ledger: s.ledger, Upload: sendTo, Interval: s.set.CanaryInterval, Now: s.time.now, Log: s.log,
		}),
		ledger: s.ledger,
		probes: append(s.subjects, doctor.Self{Workers: s.engine, Receivers: new(s.export.Hosts()), Region: s.set.Region}),
		now:    s.time.now,
		log:    s.log,
	}
}

// watched is how often a server on one machine makes its rounds.
const watched = 5 * time.Minute

// examined is how often the doctor comes.
const examined = 24 * time.Hour

// make goes one round. It is called by one goroutine at a time.
func (r *rounds) make(ctx context.Context) error {
	return round{{"doctor", r.examine}, {"ledger", r.ledger.Examine}, {"oldest", r.measure}, {"canary", r.canary.Tick}}.make(ctx, r.log)
}

// round is what is done one after the other.
type round []struct {
	step string
	take func(context.Context) error
}

// make takes every step. One that fails is logged, keeps none from the next, and is tried again in the next round.
func (r round) make(ctx context.Context, log *slog.Logger) error {
	var failed []error
	for _, s := range r {
		err := s.take(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, logevent.RoundFailed, "step", s.step, "kind", fault.KindOf(err))
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// measure logs the age of the oldest document.
func (r *rounds) measure(ctx context.Context) error {
	m, err := r.tasks.Measure(ctx)
	if err == nil && !m.Oldest.IsZero() {
		r.log.InfoContext(ctx, logevent.DocumentOldest, "seconds", m.OldestAge().Seconds(), "limit_seconds", m.Policy.Unprocessed.Seconds())
	}
	return err
}

// examine has the doctor examine the stamp once a day, and the ledger record it.
func (r *rounds) examine(ctx context.Context) error {
	now := r.now()
	if !r.seen.IsZero() && now.Sub(r.seen) < examined {
		return nil
	}
	r.seen = now
	found := doctor.Report(ctx, r.log, r.probes...)
	count := func(name string, o doctor.Outcome) ledger.Field {
		return ledger.Field{Name: name, Value: strconv.Itoa(found.Count(o))}
	}
	fields := []ledger.Field{count(ledger.FieldOK, doctor.OK), count(ledger.FieldBreach, doctor.Breach), count(ledger.FieldUnknown, doctor.Unknown)}
	if names := found.Names(doctor.Breach); names != "" {
		fields = append(fields, ledger.Field{Name: ledger.FieldBreaches, Value: names})
	}
	if names := found.Names(doctor.Unknown); names != "" {
		fields = append(fields, ledger.Field{Name: ledger.FieldUnknowns, Value: names})
	}
	now = r.now()
	return r.ledger.Append(ctx, ledger.Entry{
		Kind: ledger.Doctor, Subject: ledger.Commitment("doctor", ledger.NewNonce(), now.String()), At: now, Fields: fields,
	})
}

var _ canary.Tasks = (*task.Service)(nil)
