package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
)

// checked is how long the check of something on this machine is valid, however many ask: once a second is often enough.
const checked = time.Second

// folderTakes is the condition that a byte can be written to the data folder, and that it is where it was.
func folderTakes(log *slog.Logger, store *local.Store) condition {
	return quiet(log, "folder", "the data folder cannot be written to, or was moved; see the log", checked, store.Probe)
}

// roomLeft is the condition that documents leave the minimum of free space, and that the reserve is complete.
func roomLeft(space *local.Space) condition {
	return condition{name: "space", life: checked, holds: space.Check}
}

// databaseAnswers is the condition that the database of the data folder can be used.
func databaseAnswers(records *local.Records) condition {
	return condition{name: "database", life: checked, holds: records.Check}
}

// storageAnswers is the condition that the numbers of retention can be read.
func storageAnswers(log *slog.Logger, tasks *task.Service, life time.Duration) condition {
	return quiet(log, "storage", "storage does not answer; see the log", life, func(ctx context.Context) error {
		_, err := tasks.Measure(ctx)
		return err
	})
}

// storageTakes is the condition that storage takes a byte and keeps it. Of several instances that write it at once one does.
func storageTakes(log *slog.Logger, records storage.Records, life time.Duration) condition {
	key := storage.Key{Table: storage.State, Partition: "readiness", Row: "probe"}
	return quiet(log, "writing", "storage cannot be written to; see the log", life, func(ctx context.Context) error {
		before, err := records.Get(ctx, key)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		_, err = records.Put(ctx, storage.Record{Key: key, Value: []byte("."), ETag: before.ETag})
		if errors.Is(err, fault.ETagMismatch) || errors.Is(err, fault.AlreadyExists) {
			return nil
		}
		return err
	})
}

// engineStarts is the condition that worker processes start.
func engineStarts(log *slog.Logger, e engine) condition {
	return condition{name: "engine", life: checked, holds: func(ctx context.Context) error {
		_, err := e.Ready(ctx)
		if err == nil {
			return nil
		}
		log.WarnContext(ctx, logevent.IntakeClosed, "condition", "engine", "error", err)
		if data, ok := errors.AsType[unusable](err); ok {
			return fmt.Errorf("no worker process starts: %w", data)
		}
		return errors.New("no worker process starts; see the log")
	}}
}

// ledgerGoesOn is the condition that what is accepted can be proved: there is a key that a published one stands for, and the
// ledger's state, checkpoint and files agree.
func ledgerGoesOn(log *slog.Logger, l *ledger.Log, life time.Duration) condition {
	return condition{name: "ledger", life: life, holds: func(ctx context.Context) error {
		err := l.Check(ctx)
		var stuck ledger.Stuck
		if err == nil || errors.As(err, &stuck) {
			return err
		}
		log.WarnContext(ctx, logevent.IntakeClosed, "condition", "ledger", "error", err)
		return errors.New("the ledger cannot be read; see the log")
	}}
}

// clocksAgree is the condition that the wall clock is what elapsed time, or the store's clock, says it should be.
func clocksAgree(agrees func() error) condition {
	return condition{name: "clock", life: time.Second, holds: func(context.Context) error { return agrees() }}
}

var errUnknownSandbox = errors.New("no worker process has reported its sandbox; see the check engine")

// workersConfined is the condition that worker processes can bring about nothing outside. Where that is only to be tried,
// every worker that starts will do.
func workersConfined(e engine) condition {
	return condition{name: "sandbox", life: time.Second, holds: func(ctx context.Context) error {
		if err := confined(ctx, e); err != nil {
			return err
		}
		if _, err := e.Ready(ctx); err != nil {
			return errUnknownSandbox
		}
		return nil
	}}
}
