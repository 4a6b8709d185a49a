package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
)

// engine reads documents in worker processes. Builds for Linux with the native engine have it; see workers.go.
type engine interface {
	ocr.Engine
	doctor.Workers
	// Derive writes what reviewers may see of a document: pictures of its pages, drawn anew.
	Derive(ctx context.Context, src ocr.Source, w io.Writer) error
	// Ready waits for the first worker process and says what confines the last one. It fails as long as the last start did: with
	// unconfined where a sandbox is required and the kernel gives none, with unusable where language data is missing or damaged.
	Ready(ctx context.Context) (sandbox string, err error)
	// Rest returns once no worker process holds anything of a document, and none is being started.
	Rest(ctx context.Context) error
	// Processes counts the worker processes that started, and by reason those that ended.
	Processes() (started int64, ended map[string]int64)
	// Places are where documents and their pages take turns at the worker processes.
	Places() *fairqueue.Queue
	Close()
}

// unconfined is the error of an engine whose worker processes cannot be confined as the settings require.
type unconfined struct{ cause error }

// Error names the remedy.
func (u unconfined) Error() string { return fmt.Sprintf("%s: %s", u.cause, doctor.SandboxRemedy) }

// unusable is the error of an engine that cannot use language data. It names the remedy, and no file.
type unusable struct{ error }

// confined returns an error that names the remedy if a sandbox is required and workers cannot be given one.
func confined(ctx context.Context, e engine) error {
	_, err := e.Ready(ctx)
	if open, ok := errors.AsType[unconfined](err); ok {
		return open
	}
	return nil
}
