package review_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// reason is what reviewers give in these tests.
const reason = "engine killed three times"

// world is the service over memory, with one task and the people around it.
type world struct {
	*review.Service
	t      *testing.T
	now    time.Time
	faults *storagetest.Faulty
	store  *memory.Store
	log    *accesslog.Log
	events bytes.Buffer
	guard  *access.Guard
	apps   *access.Registry

	ref     task.Ref
	erased  bool
	given   []review.Kind // what was handed out
	refused error         // of the ledger
	during  func(context.Context)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	quiet := slog.New(slog.DiscardHandler)
	w.store = memory.New(clock)
	w.faults = storagetest.NewFaulty(storagetest.Stores{Blobs: w.store.Blobs(), Records: w.store, Agenda: w.store})
	w.log = accesslog.New(w.faults.FaultyRecords(), w, 400*24*time.Hour, clock, quiet)
	w.Service = review.New(review.Config{
		Records: w.faults.FaultyRecords(), Tasks: w, Documents: w, Journal: w.log, Now: clock, Log: slog.New(slog.NewJSONHandler(&w.events, nil)),
	})
	w.apps = access.NewRegistry(w.store, clock, quiet)
	w.guard = access.NewGuard(w.apps, access.Rates{PerSecond: 1000, Burst: 1000}, clock, quiet)
	w.guard.AcceptTokens(w)
	w.ref = task.Ref{Application: "app-a", ID: uuid.Must(uuid.NewV7AtTime(w.now)).String()}
	return w
}

// Commit implements journal.Ledger.
func (w *world) Commit(context.Context, string, string, time.Time) error { return w.refused }

// Verify implements access.Tokens: a token is a person's name and their scopes.
func (w *world) Verify(_ context.Context, token string) (access.Claims, error) {
	name, scope, _ := strings.Cut(token, "/")
	return access.Claims{Subject: "subject-" + name, Roles: []access.Scope{access.Scope(scope)}}, nil
}

// Get implements review.Tasks.
func (w *world) Get(_ context.Context, ref task.Ref) (*task.Task, error) {
	switch {
	case ref != w.ref:
		return nil, fault.New(fault.TaskNotFound, "no task of this application has that id")
	case w.erased:
		return nil, fault.New(fault.TaskErased, "everything of it has been erased")
	}
	return &task.Task{Ref: ref, State: task.ProcessingFailed}, nil
}

// OpenTransfer implements review.Tasks.
func (w *world) OpenTransfer(ctx context.Context, ref task.Ref, _ task.Direction, _ time.Time) (task.Transfer, error) {
	_, err := w.Get(ctx, ref)
	return untied{ctx}, err
}

// untied is a transfer that ends with its request alone.
type untied struct{ ctx context.Context }

func (u untied) Context() context.Context { return u.ctx }
func (untied) Moved(int)                  {}
func (untied) Close()                     {}

// nowhere is where a document goes that nobody looks at.
func nowhere(task.Transfer) io.Writer { return io.Discard }

func (w *world) give(ctx context.Context, kind review.Kind, ref task.Ref, out io.Writer) error {
	if w.during != nil {
		w.during(ctx)
	}
	if w.erased {
		return fault.New(fault.TaskErased, "everything of it has been erased")
	}
	w.given = append(w.given, kind)
	_, err := fmt.Fprintf(out, "%s of %s", kind, ref)
	return err
}

// Derivative implements review.Documents.
func (w *world) Derivative(ctx context.Context, ref task.Ref, out io.Writer) error {
	return w.give(ctx, review.Derivative, ref, out)
}

// Original implements review.Documents.
func (w *world) Original(ctx context.Context, ref task.Ref, out io.Writer) error {
	return w.give(ctx, review.Original, ref, out)
}

// person signs in with a token.
func (w *world) person(name string, scope access.Scope) *access.Identity {
	w.t.Helper()
	who, err := w.guard.Check(w.t.Context(), "Bearer "+name+"/"+string(scope), "10.0.0.1:1", scope)
	if err != nil {
		w.t.Fatal(err)
	}
	return who
}

func (w *world) reviewer(name string) *access.Identity { return w.person(name, access.Reviewer) }

// holder signs in with a secret of its own.
func (w *world) holder() *access.Identity {
	w.t.Helper()
	app, secret, err := w.apps.Create(w.t.Context(), access.Application{Name: "holder", Scopes: []access.Scope{access.Reviewer}}, time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(app.ID+":"+secret))
	who, err := w.guard.Check(w.t.Context(), basic, "10.0.0.1:1", access.Reviewer)
	if err != nil {
		w.t.Fatal(err)
	}
	return who
}

// opened is a case of Jane's.
func (w *world) opened() *review.Case {
	w.t.Helper()
	c, err := w.Open(w.t.Context(), w.reviewer("jane"), w.ref, reason, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// approved is a case of Jane's that John approved.
func (w *world) approved() *review.Case {
	w.t.Helper()
	c, err := w.Approve(w.t.Context(), w.reviewer("john"), w.opened().ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) read(who *access.Identity, id string, kind review.Kind) (string, error) {
	var out strings.Builder
	err := w.Read(w.t.Context(), who, id, kind, func(task.Transfer) io.Writer { return &out })
	return out.String(), err
}

// acts lists what the access log says was done with the task, in order.
func (w *world) acts() []string {
	w.t.Helper()
	page, _, err := w.log.List(w.t.Context(), accesslog.Query{Application: w.ref.Application, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortStableFunc(page, func(a, b accesslog.Opened) int { return a.At.Compare(b.At) })
	var acts []string
	for _, e := range page {
		acts = append(acts, string(e.Act)+" by "+e.Who)
	}
	return acts
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
