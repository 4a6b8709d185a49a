package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// disk is a condition that a test makes hold or not, and that counts how often it was looked at.
type disk struct {
	full  bool
	looks int
}

func (d *disk) holds(context.Context) error {
	d.looks++
	if d.full {
		return errors.New("make room")
	}
	return nil
}

func TestGateClosesWhileAConditionFailsAndTellsEachChangeOnce(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := &disk{}
	g := newGate(func() time.Time { return now }, slog.New(slog.NewJSONHandler(&out, nil)),
		operatorAllows("open"), condition{name: "space", life: time.Second, holds: d.holds})

	if err := g.open(t.Context()); err != nil {
		t.Fatalf("closed: %v", err)
	}
	d.full = true
	if err := g.open(t.Context()); err != nil {
		t.Fatalf("closed: %v (the last look still counts)", err)
	}
	now = now.Add(time.Second)
	for range 3 {
		if err := g.open(t.Context()); err == nil || err.Error() != "make room" {
			t.Fatalf("open says %v, want the remedy", err)
		}
		now = now.Add(gateRetry)
	}
	rows := g.rows(t.Context())
	if !rows[0].OK || rows[1].OK || rows[1].Detail != "make room" {
		t.Errorf("rows are %+v", rows)
	}
	d.full = false
	now = now.Add(gateRetry)
	if err := g.open(t.Context()); err != nil {
		t.Fatalf("closed: %v", err)
	}

	if n := strings.Count(out.String(), `"intake.closed"`); n != 1 {
		t.Errorf("told of closing %d times, want once", n)
	}
	if n := strings.Count(out.String(), `"intake.opened"`); n != 1 {
		t.Errorf("told of opening %d times, want once", n)
	}
}

func TestGateLooksOnceHoweverManyAsk(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := &disk{}
	g := newGate(func() time.Time { return now }, slog.New(slog.DiscardHandler), condition{name: "space", life: time.Second, holds: d.holds})
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 1000 {
		if err := g.open(gone); err != nil {
			t.Fatalf("a client that has gone closed it: %v", err)
		}
	}
	if d.looks != 1 {
		t.Errorf("looked %d times, want once", d.looks)
	}
}

// A condition that hangs holds up whoever looks, not those who give up or ask for readiness: they are told.
func TestGateThatHangsLetsCallersGoAndTellsWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		g := newGate(time.Now, slog.New(slog.DiscardHandler),
			condition{name: "folder", life: time.Second, holds: func(context.Context) error { return nil }},
			condition{name: "storage", life: time.Second, holds: func(context.Context) error { <-release; return nil }})
		first := make(chan error)
		go func() { first <- g.open(context.Background()) }()
		synctest.Wait()
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := g.open(gone); err == nil || !strings.Contains(err.Error(), "longer than it should") {
			t.Errorf("a caller that gave up is told %v", err)
		}
		began := time.Now()
		rows := g.rows(t.Context())
		if waited := time.Since(began); waited != gateAnswer || !rows[0].OK || rows[1].OK {
			t.Errorf("readiness after %v: %+v", waited, rows)
		}
		close(release)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestOperatorClosesIntake(t *testing.T) {
	g := newGate(time.Now, slog.New(slog.DiscardHandler), operatorAllows(intakeClosed))
	if err := g.open(t.Context()); err == nil || !strings.Contains(err.Error(), "LETHE_INTAKE") {
		t.Errorf("open says %v, want the setting's name", err)
	}
}
