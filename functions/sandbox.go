//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// workers reports to the doctor what confines the worker processes.
type workers struct{ engine *worker.Pool }

var _ doctor.Workers = workers{}

// Confinement implements doctor.Workers.
func (w workers) Confinement(ctx context.Context) (effect.Gap, error) {
	s, err := w.engine.Sandbox(ctx)
	if open, ok := errors.AsType[*worker.Unconfined](err); ok {
		s, err = open.Sandbox, nil
	}
	return s.Gap(), err
}

// confined returns an error that names the remedy if a sandbox is required and workers cannot be given one.
func confined(ctx context.Context, engine *worker.Pool) error {
	_, err := engine.Sandbox(ctx)
	if open, ok := errors.AsType[*worker.Unconfined](err); ok {
		return fmt.Errorf("%w: %s", open, doctor.SandboxRemedy)
	}
	return nil
}

var errUnknownSandbox = errors.New("no worker process has reported its sandbox; see the check engine")

// workersConfined is the condition that worker processes can bring about nothing outside. Where that is only to be tried,
// every worker that starts will do.
func workersConfined(engine *worker.Pool) condition {
	return condition{name: "sandbox", life: time.Second, holds: func(ctx context.Context) error {
		if err := confined(ctx, engine); err != nil {
			return err
		}
		if _, err := engine.Sandbox(ctx); err != nil {
			return errUnknownSandbox
		}
		return nil
	}}
}

// only returns the findings of one check.
func only(found doctor.Findings, check doctor.Check) doctor.Findings {
	var kept doctor.Findings
	for _, f := range found {
		if f.Check == check {
			kept = append(kept, f)
		}
	}
	return kept
}
