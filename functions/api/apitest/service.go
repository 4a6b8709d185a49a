// Package apitest has the real API over the task service and a store in memory, for tests of its callers: as a handler, or as
// a server whose answers can be broken on the way. It also makes HTTP requests that are damaged, oversized or lie about
// themselves, the same bytes each time.
package apitest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/webhooktest"
)

// Config is what differs from test to test. Documents may be nil where no case is read.
type Config struct {
	Engine    ocr.Engine
	Links     storage.Linker
	Queue     task.Queue
	Documents review.Documents
	Rates     access.Rates
	Inline    int64 // largest document in a request's own body, bytes
	Now       func() time.Time
	Log       *slog.Logger
}

// Service is the interface over the task service.
type Service struct {
	API     *api.API
	Handler http.Handler // the API as it is served
	Tasks   *task.Service
	Ledger  *ledger.Log
	Key     string // that verifies what the ledger signs
	Store   *memory.Store
	Blobs   *memory.Blobs
	Apps    *access.Registry
	Guard   *access.Guard
	Acts    *accesslog.Log
	Keys    *seal.Keys // that passwords are sealed with, and links signed

	Webhooks *webhook.Outbox
	Told     *webhooktest.Receiver
}

// New returns a service that holds nothing yet.
func New(t testing.TB, cfg Config) *Service {
	t.Helper()
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	store := memory.New(cfg.Now)
	s := &Service{
		Told: &webhooktest.Receiver{},
		Key:  public, Keys: sealer, Store: store, Blobs: store.Blobs(), Apps: access.NewRegistry(store, cfg.Now, cfg.Log),
		Ledger: ledger.New(ledger.Config{
			Blobs: store.Blobs(), Records: store, Signer: signer, Region: "testland", Program: "test", Keep: retention.TombstoneLife,
			Now: cfg.Now, Log: cfg.Log,
		}),
	}
	s.Tasks = task.New(task.Config{
		Store: task.Store{Blobs: s.Blobs, Records: store, Agenda: store}, Ledger: s.Ledger, Inventory: erasure.Inventory(),
		Links: cfg.Links, Engine: cfg.Engine, Turns: fairqueue.New(1, time.Now), Queue: cfg.Queue, Sealer: sealer,
		Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "test", Software: "test", Now: cfg.Now, Log: cfg.Log,
	})
	s.Webhooks = webhook.New(webhook.Config{
		Records: store, Agenda: store, Applications: s.Apps, Queue: s.Told, Sender: s.Told, Keys: sealer, Now: cfg.Now, Wall: cfg.Now, Log: cfg.Log,
	})
	s.Guard = access.NewGuard(s.Apps, cfg.Rates, cfg.Now, cfg.Log)
	s.Acts = accesslog.New(store, s.Ledger, retention.TombstoneLife, cfg.Now, cfg.Log)
	s.API = api.New(api.Config{
		Intake: s.Tasks, Tasks: s.Tasks, Results: s.Tasks, Erasures: s.Tasks, Ledger: s.Ledger, Applications: s.Apps,
		Guard: s.Guard, AccessLog: s.Acts, Usage: s.Tasks, Webhooks: s.Webhooks,
		Cases: review.New(review.Config{
			Records: store, Tasks: s.Tasks, Documents: cfg.Documents, Journal: s.Acts, Now: cfg.Now, Log: cfg.Log,
		}),
		Ready: func(context.Context) []api.Check { return nil }, Languages: cfg.Engine.Languages,
		Metrics: func(context.Context) ([]byte, error) { return []byte("lethe_queue_length 0\n"), nil },
		Limits:  ocr.DefaultLimits(), Policy: retention.Default(), Inline: cfg.Inline, Version: "test", Region: "testland",
		Now: cfg.Now, Log: cfg.Log,
	})
	s.Handler = httpserver.Serve(s.API, cfg.Log, cfg.Now)
	return s
}
