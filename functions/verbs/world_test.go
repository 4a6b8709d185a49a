//go:build linux

// The task service that these tests run against opens files in ways of Linux.

package verbs_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
	"github.com/lethe-ocr/lethe/shared/task"
)

// word is what the engine reads on every page.
const word = "recognised"

// engine reads one word of any document that is not damaged.
type engine struct{}

func (engine) Inspect(_ context.Context, src ocr.Source) (ocr.Info, error) {
	content, err := io.ReadAll(io.NewSectionReader(src.File, 0, 1<<20))
	if err != nil {
		return ocr.Info{}, err
	}
	if bytes.Contains(content, []byte("damaged")) {
		return ocr.Info{}, fault.New(fault.DocumentDamaged, "the document is damaged")
	}
	return ocr.Info{Type: "application/pdf", Pages: 1}, nil
}

func (engine) Recognise(_ context.Context, _ ocr.Source, n int, _ ocr.Options) (ocr.Page, error) {
	box := ocr.Box{X1: 10, Y1: 10}
	line := ocr.Line{Box: box, Words: []ocr.Word{{Text: word, Box: box, Confidence: 90}}}
	return ocr.Page{
		Number: n, Width: 100, Height: 100, DPI: 300, Origin: ocr.Recognised, Confidence: 90,
		Blocks: []ocr.Block{{Box: box, Paragraphs: []ocr.Paragraph{{Box: box, Lines: []ocr.Line{line}}}}},
	}, nil
}

func (engine) WritePDF(_ context.Context, _ ocr.Source, pages iter.Seq2[ocr.Page, error], w io.Writer) error {
	for _, err := range pages {
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "%PDF-"+word)
	return err
}

func (engine) Languages() []string { return []string{"deu", "eng"} }

// queue hands no work out: an upload is processed when its event arrives.
type queue struct{}

func (queue) Push(context.Context, task.Ref, time.Duration) error { return nil }

// world is the interface over the task service, with links to an origin of their own. Credentials that reach that origin
// fail the test.
type world struct {
	t       *testing.T
	tasks   *task.Service
	ledger  *ledger.Log
	public  string // the key that verifies
	blobs   *memory.Blobs
	apps    *access.Registry
	url     string // of the interface
	storage string // origin of the links
	close   func() // returns once every request was served to its end

	mu       sync.Mutex
	uploads  map[string]int // by blob; guarded by mu
	uploaded func(n int)    // called after the n-th upload is stored; guarded by mu
}

// newWorld runs until the test ends. The environment names it and an application with every scope.
func newWorld(t *testing.T) *world {
	w := &world{t: t, uploads: map[string]int{}, uploaded: func(int) {}}
	log := slog.New(slog.DiscardHandler)
	store := memory.New(time.Now)
	w.blobs = store.Blobs()
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	w.public = public
	w.ledger = ledger.New(ledger.Config{
		Blobs: w.blobs, Records: store, Signer: signer, Region: "testland", Program: "test", Keep: retention.TombstoneLife, Now: time.Now, Log: log,
	})
	w.tasks = task.New(task.Config{
		Ledger: w.ledger, Inventory: erasure.Inventory(),
		Store: task.Store{Blobs: w.blobs, Records: store, Agenda: store}, Links: w, Engine: engine{}, Queue: queue{},
		Policy: retention.Default(), Limits: task.DefaultLimits(), Owner: "test", Software: "test",
		Now: time.Now, Log: log,
	})
	w.apps = access.NewRegistry(store, time.Now, log)
	acts := accesslog.New(store, w.ledger, time.Hour, time.Now, log)
	guard := access.NewGuard(w.apps, access.Rates{PerSecond: 1000, Burst: 1000}, time.Now, log)
	guard.AcceptTokens(people{}, false)
	server := httptest.NewServer(httpserver.Serve(api.New(api.Config{
		Intake: w.tasks, Tasks: w.tasks, Results: w.tasks, Erasures: w.tasks, Ledger: w.ledger, Applications: w.apps,
		Guard: guard, AccessLog: acts, Cases: review.New(review.Config{
			Records: store, Tasks: w.tasks, Documents: w, Journal: acts, Now: time.Now, Log: log,
		}),
		Ready: func(context.Context) []api.Check { return nil }, Languages: engine{}.Languages,
		Limits: ocr.DefaultLimits(), Policy: retention.Default(), Inline: 1 << 20, Version: "test", Region: "testland",
		Now: time.Now, Log: log,
	}), log, time.Now))
	t.Cleanup(server.Close)
	objects := httptest.NewServer(http.HandlerFunc(w.object))
	t.Cleanup(objects.Close)
	w.url, w.storage, w.close = server.URL, objects.URL, server.Close
	t.Setenv("LETHE_URL", w.url)
	w.login(access.Scopes()...)
	return w
}

// login makes the environment that of an application with the scopes.
func (w *world) login(scopes ...access.Scope) {
	w.t.Helper()
	app, secret, err := w.apps.Create(w.t.Context(), access.Application{Name: "test", Scopes: scopes}, time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Setenv("LETHE_APP", app.ID)
	w.t.Setenv("LETHE_SECRET", secret)
}

// UploadLink implements storage.Linker.
func (w *world) UploadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: w.storage + "/" + name, Method: http.MethodPut, Expires: expires}, nil
}

// DownloadLink implements storage.Linker.
func (w *world) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return storage.Link{URL: w.storage + "/" + name, Method: http.MethodGet, Expires: expires}, nil
}

// object is the store behind the links.
func (w *world) object(out http.ResponseWriter, r *http.Request) {
	for _, name := range []string{"Authorization", "Cookie", "Referer"} {
		if r.Header.Get(name) != "" {
			w.t.Errorf("%s to a link carries %s", r.Method, name)
		}
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method == http.MethodGet {
		body, _, err := w.blobs.Get(r.Context(), name)
		if err != nil {
			http.Error(out, "", http.StatusNotFound)
			return
		}
		defer func() { _ = body.Close() }()
		_, _ = io.Copy(out, body)
		return
	}
	ctx := context.WithoutCancel(r.Context())
	if _, err := w.blobs.Put(ctx, name, "application/octet-stream", r.Body); err != nil {
		http.Error(out, "", http.StatusBadRequest)
		return
	}
	w.count(name)
	landed, err := w.tasks.Landed(ctx, name)
	if err == nil && landed.State == task.Queued {
		_, err = w.tasks.Process(ctx, landed.Ref)
	}
	if err != nil {
		w.t.Errorf("process: %v", err)
	}
}

func (w *world) count(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.uploads[name]++
	sum := 0
	for _, n := range w.uploads {
		sum += n
	}
	w.uploaded(sum)
}

// run calls a verb. The messages end with the error's, as the program prints it.
func (w *world) run(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	root := &cobra.Command{Use: "lethe", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(verbs.Client("test")...)
	root.AddCommand(verbs.Proof("test")...)
	var out, messages bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&messages)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		messages.WriteString(verbs.Message(err))
	}
	return verbs.ExitCode(err), out.String(), messages.String()
}

// want calls a verb that must end with the code, and returns what it printed.
func (w *world) want(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	got, stdout, stderr := w.run(w.t.Context(), "", args...)
	if got != code {
		w.t.Fatalf("%v: exit code %d, want %d\n%s\n%s", args[0], got, code, stdout, stderr)
	}
	return stdout, stderr
}

// files writes documents to a fresh folder.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
