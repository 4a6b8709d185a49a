//go:build linux && cgo

package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

// movable is the machine's clocks, moved forward together: that is for an ephemeral server alone.
type movable struct {
	source clock.Source
	ahead  atomic.Int64
}

// read implements clock.Source.
func (m *movable) read() clock.Reading {
	r, ahead := m.source(), time.Duration(m.ahead.Load())
	r.Wall, r.Boot = r.Wall.Add(ahead), r.Boot+ahead
	return r
}

// advance lets time go by.
func (m *movable) advance(d time.Duration) { m.ahead.Add(int64(d)) }

// folderClock is the clock of a data folder, for verbs that work beside its server or without one.
func folderClock(ctx context.Context, dir string) *clock.Clock {
	return clock.Open(ctx, clock.InFolder(dir), clock.System(), slog.New(slog.DiscardHandler))
}

// clocksAgree is the condition that the wall clock is what elapsed time, or the store's clock, says it should be.
func clocksAgree(agrees func() error) condition {
	return condition{name: "clock", life: time.Second, holds: func(context.Context) error { return agrees() }}
}

// recollect gives a clock without an anchor, at the first start or because it was lost, the latest time that is known.
func (m *machine) recollect(ctx context.Context) {
	if m.clock.Fresh() {
		latest, _ := m.tasks.LastKnown(ctx) // what cannot be read does not count
		m.clock.Known(latest)
	}
}

// dated asks the store for its time before anything depends on it: the instance's own clock may be wrong.
func dated(next http.Handler, store *clock.Remote, ask func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !store.Seen() {
			ctx, done := context.WithTimeout(r.Context(), gatePatience)
			if err := ask(ctx); err != nil && !store.Seen() {
				log.WarnContext(ctx, logevent.ClockUnseen, "error", err)
			}
			done()
		}
		next.ServeHTTP(w, r)
	})
}
