package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/gofrs/uuid/v5"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// due is how many of the living documents a sweep finds due.
const due = 1000

// sweeps compares a sweep, which reads the due index, with a full listing of everything alive.
func sweeps(ctx context.Context, w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nretention\talive\tdue\trequests of a sweep\tits time\trequests of a listing\tits time\tlisting to sweep\t")
	clock := time.Now()
	m := memory.New(func() time.Time { return clock })
	if err := sweepOne(ctx, t, "memory", storagetest.Stores{Blobs: m.Blobs(), Records: m, Agenda: m}, 1_000_000, 1); err != nil {
		return err
	}
	if err := sweepAzurite(ctx, t); err != nil {
		return err
	}
	return t.Flush()
}

func sweepAzurite(ctx context.Context, w io.Writer) error {
	tools := stack.FindTools(".")
	if missing := tools.MissingAzurite(); missing != "" {
		fmt.Fprintln(w, "emulator\tnot measured: "+missing)
		return nil
	}
	emulator, err := stack.StartAzurite(ctx, tools)
	if err != nil {
		return err
	}
	defer emulator.Stop()
	store, err := azure.Open(azure.Config{ConnectionString: emulator.ConnectionString(), Now: time.Now})
	if err != nil {
		return err
	}
	if err := store.Prepare(ctx, "bench"); err != nil {
		return err
	}
	// The emulator searches all it holds for each listing, so its times say little about the cloud's; its requests do.
	alive := 20_000
	if os.Getenv("LETHE_SOAK") != "" {
		alive = 100_000
	}
	return sweepOne(ctx, w, "emulator of Azure", storagetest.Stores{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records}, alive, 16)
}

// sweepOne fills a store with finished documents, some of them due, and measures.
func sweepOne(ctx context.Context, w io.Writer, name string, stores storagetest.Stores, alive, atOnce int) error {
	now := time.Now()
	if err := fill(ctx, stores, now, alive, atOnce); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	faulty := storagetest.NewFaulty(stores)
	var requests atomic.Int64
	faulty.Before(func(storagetest.Op, string) error {
		requests.Add(1)
		return nil
	})
	log := slog.New(slog.DiscardHandler)
	clock := func() time.Time { return now }
	service := task.New(task.Config{
		Store:     task.Store{Blobs: faulty.FaultyBlobs(), Records: faulty.FaultyRecords(), Agenda: faulty.FaultyAgenda()},
		Ledger:    ledger.New(ledger.Config{Blobs: faulty.FaultyBlobs(), Records: faulty.FaultyRecords(), Now: clock, Log: log}),
		Inventory: erasure.Inventory(), Policy: retention.Default(), Limits: task.DefaultLimits(), Sweepers: 8, Now: clock, Log: log,
	})
	began := time.Now()
	listed, err := service.Plan(ctx)
	if err != nil {
		return err
	}
	listing, listingRequests := time.Since(began), requests.Swap(0)
	began = time.Now()
	done, err := service.Sweep(ctx)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if done.Erased != due || len(listed) != due {
		return fmt.Errorf("%s: %d erased and %d planned, want %d", name, done.Erased, len(listed), due)
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.1f s\t%d\t%.1f s\t%.1f\t\n", name, alive, done.Erased, requests.Load(), took.Seconds(),
		listingRequests, listing.Seconds(), listing.Seconds()/took.Seconds())
	return nil
}

// fill stores finished documents: a record with its due time and one result each.
func fill(ctx context.Context, stores storagetest.Stores, now time.Time, alive, atOnce int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	policy := retention.Default()
	for i := range alive {
		group.Go(func() error {
			ended := now.Add(-time.Duration(i%20) * time.Hour)
			if i < due {
				ended = now.Add(-policy.Processed + policy.Margin/2)
			}
			id, err := uuid.NewV7AtTime(ended)
			if err != nil {
				return err
			}
			t := task.Task{
				Version: task.FormatVersion, Ref: task.Ref{Application: fmt.Sprintf("app-%d", i%100), ID: id.String()}, State: task.Completed,
				Created: ended, Uploaded: ended, Ended: ended, Nonce: ledger.NewNonce(), Results: []task.Result{{Format: render.TXT, Size: 4}},
			}
			value, err := json.Marshal(t)
			if err != nil {
				return err
			}
			_, err = stores.Records.Put(ctx, storage.Record{
				Key:   storage.Key{Table: storage.Tasks, Partition: t.Ref.Application + "!" + ended.UTC().Format("20060102"), Row: t.Ref.ID},
				Value: value, Due: ended.Add(policy.Processed - policy.Margin),
			})
			_, putErr := stores.Blobs.Put(ctx, t.Ref.ResultName(render.TXT), "text/plain", strings.NewReader("text"))
			return errors.Join(err, putErr)
		})
	}
	return group.Wait()
}
