//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
)

// engineCommands are the verbs that need the native engine.
func engineCommands(env environment) []*cobra.Command {
	return []*cobra.Command{newServe(env), newRead(env), newFunctions(env), newLambda(env), newWorker(), newWarm()}
}

// workerVerb starts the program as a worker process. It is not for people.
const workerVerb = "worker"

// startEngine starts worker processes: this very program again, with nothing of its environment.
func startEngine(set config.Settings, log *slog.Logger) (engine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program itself: %w", err)
	}
	cache, err := cacheFolder(set)
	if err != nil {
		return nil, err
	}
	tessdata := tessdataFolder(set)
	if found, err := languageData(set); err == nil {
		tessdata = found.Path
	} // else the first worker says what is wrong with it
	pool, err := worker.New(worker.Config{
		Path: self,
		Args: []string{
			workerVerb,
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
		return nil, err
	}
	return workers{pool}, nil
}

// workers are the worker processes as the rest of the program sees them.
type workers struct{ *worker.Pool }

var _ engine = workers{}

// Ready implements engine.
func (w workers) Ready(ctx context.Context) (string, error) {
	s, err := w.Sandbox(ctx)
	if open, ok := errors.AsType[*worker.Unconfined](err); ok {
		err = unconfined{open}
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

// newWorker is the worker process. It takes everything from its arguments, since its environment is empty.
func newWorker() *cobra.Command {
	var cfg reader.Config
	cmd := &cobra.Command{
		Use:    workerVerb,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			// Not the command's context: a worker ends with its socket, not with a signal meant for the server.
			return reader.Main(context.Background(), worker.Socket, cfg)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Cache, "cache", "", "folder of the PDF compilation cache")
	f.StringVar(&cfg.Engine, "engine", "", "what recognises text")
	f.StringVar(&cfg.Tessdata, "tessdata", "", "folder of the language data")
	f.Int64Var(&cfg.Limits.Bytes, "max-bytes", 0, "largest document")
	f.IntVar(&cfg.Limits.Pages, "max-pages", 0, "most pages")
	f.Int64Var(&cfg.Limits.Pixels, "max-pixels", 0, "most pixels of a page")
	return cmd
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
			dir, err := cacheFolder(set)
			if err != nil || dir == "" {
				return err
			}
			return reader.Warm(cmd.Context(), dir)
		},
	}
}
