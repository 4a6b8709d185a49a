//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// engineCommands are the verbs that need the native engine.
func engineCommands(env environment) []*cobra.Command {
	return []*cobra.Command{newServe(env), newRead(env), newFunctions(env), newLambda(env), newWarm()}
}

// startEngine starts worker processes, with nothing of the environment. Where no worker program can be started the engine says so to
// whoever needs one: what is stored is still erased.
func startEngine(set config.Settings, log *slog.Logger) (engine, error) {
	var program executable
	file, missing := workerProgram()
	if missing == nil {
		program, missing = file.open()
	}
	cache, err := cacheFolder(set)
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	tessdata := tessdataFolder(set)
	if found, err := languageData(set); err == nil {
		tessdata = found.Path
	} // else the first worker says what is wrong with it
	pool, err := worker.New(worker.Config{
		Path:    program.path,
		Missing: missing,
		Args: []string{
			"serve",
			"--of", version,
			"--cache", cache,
			"--tessdata", tessdata,
			"--engine", set.Engine,
			"--max-bytes", fmt.Sprint(set.Limits().Bytes),
			"--max-pages", fmt.Sprint(set.Limits().Pages),
			"--max-pixels", fmt.Sprint(set.Limits().Pixels),
		},
		Children: set.Workers,
		Confined: set.Sandbox != config.SandboxBestEffort,
		Document: set.Limits(),
		Limits: worker.Limits{
			Memory: set.WorkerMemory << 20,
			CPU:    set.PageTime,
			Draw:   min(set.DrawTime, set.PageTime),
			Pages:  set.WorkerPages,
		},
		Killed: func(why worker.Reason, peak int64) {
			log.Warn(logevent.WorkerKilled, "reason", why, "peak_bytes", peak)
		},
	})
	if err != nil {
		return nil, errors.Join(err, program.Close())
	}
	return workers{pool, program}, nil
}

// workers are the worker processes as the rest of the program sees them.
type workers struct {
	*worker.Pool
	program executable
}

var _ engine = workers{}

// Close implements engine.
func (w workers) Close() {
	w.Pool.Close()
	_ = w.program.Close() // no more is started
}

// Ready implements engine.
func (w workers) Ready(ctx context.Context) (string, error) {
	s, err := w.Sandbox(ctx)
	if open, ok := errors.AsType[*worker.Unconfined](err); ok {
		err = unconfined{open}
	} else if bad, ok := errors.AsType[*worker.Unusable](err); ok {
		err = fmt.Errorf("%w: %w", unusable{bad}, err)
	}
	return s.String(), err
}

// Confinement implements doctor.Workers.
func (w workers) Confinement(ctx context.Context) (effect.Gap, error) {
	s, err := w.Sandbox(ctx)
	if open, ok := errors.AsType[*worker.Unconfined](err); ok {
		s, err = open.Sandbox, nil
	}
	return s.Gap(), err
}

// Processes implements engine.
func (w workers) Processes() (started int64, ended map[string]int64) {
	seen := w.Stats()
	ended = map[string]int64{}
	for why, n := range seen.Ends {
		ended[string(why)] = n
	}
	return seen.Starts, ended
}

// newWarm fills the PDF compilation cache, so that no document waits for it.
func newWarm() *cobra.Command {
	return &cobra.Command{
		Use:    "warm",
		Short:  "Fill the PDF compilation cache",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := config.Load()
			if err != nil {
				return err
			}
			return warmed(cmd.Context(), set)
		},
	}
}
