package local_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

func open(t *testing.T, dir string, server bool) *local.Store {
	t.Helper()
	s, err := local.Open(t.Context(), local.Config{Dir: dir, Server: server, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		s := open(t, t.TempDir(), true)
		return storagetest.Stores{Blobs: s.Blobs, Records: s.Records, Agenda: s.Records}
	})
}

func TestConformanceBesideAServer(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		dir := t.TempDir()
		server, verb := open(t, dir, true), open(t, dir, false)
		return storagetest.Stores{Blobs: verb.Blobs, Records: server.Records, Agenda: verb.Records}
	})
}

func TestSecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, true)
	if _, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now}); !errors.Is(err, local.ErrInUse) {
		t.Errorf("second server: %v", err)
	}
}

func TestVerbKnowsWhetherAServerHasTheFolder(t *testing.T) {
	dir := t.TempDir()
	verb := open(t, dir, false)
	is := func(want bool) {
		t.Helper()
		if served, err := verb.Served(); err != nil || served != want {
			t.Errorf("served: %v, %v; want %v", served, err, want)
		}
	}
	is(false)
	server, err := local.Open(t.Context(), local.Config{Dir: dir, Server: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	is(true)
	if err := os.Remove(filepath.Join(dir, "lock")); err != nil { // by hand, by somebody who thought it stale
		t.Fatal(err)
	}
	is(true)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	is(false)
}

// found lists the files below dir that contain any of the needles.
func found(t *testing.T, dir string, needles ...string) []string {
	t.Helper()
	var hits []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, n := range needles {
			if bytes.Contains(content, []byte(n)) || strings.Contains(path, n) {
				hits = append(hits, path+": "+n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func TestErasedValuesLeaveNoBytesInAnyFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, true)
	const canary = "CANARY-4711-document-password"
	key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
	for range 50 { // over more than one page of the database
		etag, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte(strings.Repeat(canary, 300))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Blobs.Put(t.Context(), "work/h/a/1", "text/plain", strings.NewReader(canary)); err != nil {
			t.Fatal(err)
		}
		if len(found(t, dir, canary)) == 0 {
			t.Fatal("the canary is nowhere to be found before it is erased: the search proves nothing")
		}
		if _, err := s.Records.Put(t.Context(), storage.Record{Key: key, Value: []byte("{}"), ETag: etag}); err != nil {
			t.Fatal(err)
		}
		if err := s.Records.Delete(t.Context(), key, ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Blobs.Delete(t.Context(), "work/h/a/1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Records.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if hits := found(t, dir, canary); len(hits) > 0 {
		t.Errorf("erased bytes are still in %v", hits)
	}
}

func TestEverythingIsTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, true)
	if _, err := s.Blobs.Put(t.Context(), "results/h/a/txt", "text/plain", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records.Put(t.Context(), storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestServerErasesWhatAnEarlierOneLeftHalfWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "staging"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "staging", "left"), []byte("half a document"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, false)
	if len(found(t, dir, "half a document")) == 0 {
		t.Error("an operator verb erased what a running server may be writing")
	}
	open(t, dir, true)
	if hits := found(t, dir, "half a document"); len(hits) > 0 {
		t.Errorf("left: %v", hits)
	}
}

// linked serves the links of a store and notes what landed.
type linked struct {
	*local.Links
	store   *local.Store
	landed  []string
	ledger  error // what taking note of a document fails with
	closed  bool
	refused error // what a document is not admitted with
	now     time.Time
	opened  chan *transfer // tells of each transfer, if it is not nil
}

// transfer is one that a test can end.
type transfer struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	moved  atomic.Int64
	closed chan struct{}
}

func (t *transfer) Context() context.Context { return t.ctx }
func (t *transfer) Moved(n int)              { t.moved.Add(int64(n)) }
func (t *transfer) Close()                   { close(t.closed) }

func (l *linked) open(ctx context.Context, _ string, _ bool, _ time.Duration) (local.Transfer, error) {
	t := &transfer{closed: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	if l.opened != nil {
		l.opened <- t
	}
	return t, nil
}

// expectAll has room for every document.
func expectAll(context.Context, string, int64) (func(), error) { return func() {}, nil }

func serveLinks(t *testing.T) *linked {
	t.Helper()
	l := &linked{store: open(t, t.TempDir(), true), now: time.Now()}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l.Links = l.store.Links(local.LinksConfig{
		Blobs:   l.store.Blobs,
		Base:    func() string { return server.URL },
		MaxSize: 1000,
		Now:     func() time.Time { return l.now },
		Admit: func(context.Context, string) error {
			if l.closed {
				return fault.New(fault.TaskErased, "gone")
			}
			return l.refused
		},
		Expect: expectAll,
		Open:   l.open,
		Landed: func(_ context.Context, name, digest string) error {
			if l.ledger != nil {
				return l.ledger
			}
			if digest != sum("document") {
				t.Errorf("the digest told of the document is %q", digest)
			}
			l.landed = append(l.landed, name)
			return nil
		},
		Repeated: func(_ context.Context, _, digest string) error {
			if digest != sum("document") {
				return fault.New(fault.AlreadyExists, "another document")
			}
			return nil
		},
		Error: func(w http.ResponseWriter, _ *http.Request, err error) {
			var f *fault.Error
			if errors.As(err, &f) {
				w.Header().Set("Code", string(f.Code))
			}
			w.WriteHeader(http.StatusTeapot)
		},
	})
	mux.Handle(local.LinkPath, l.Links)
	return l
}

func do(t *testing.T, method, url string, body string) (code string, status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.Header.Get("Code"), resp.StatusCode
}

func TestUploadLinkCreatesOneObjectOnce(t *testing.T) {
	l := serveLinks(t)
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", l.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, status := do(t, "PUT", link.URL, "document"); status != http.StatusCreated {
		t.Fatalf("first PUT: %d", status)
	}
	if len(l.landed) != 1 || l.landed[0] != "uploads/h/a/1" {
		t.Errorf("landed: %v", l.landed)
	}
	for name, c := range map[string]struct{ method, url, body, want string }{
		"second PUT":     {"PUT", link.URL, "other", string(fault.AlreadyExists)},
		"GET":            {"GET", link.URL, "", string(fault.LinkInvalid)},
		"other object":   {"PUT", strings.Replace(link.URL, "/a/1", "/a/2", 1), "x", string(fault.LinkInvalid)},
		"no signature":   {"PUT", strings.SplitN(link.URL, "?", 2)[0], "x", string(fault.LinkInvalid)},
		"changed":        {"PUT", link.URL + "A", "x", string(fault.LinkInvalid)},
		"second token":   {"PUT", link.URL + "&t=x", "x", string(fault.BadField)},
		"a setting":      {"PUT", link.URL + "&retain_seconds=60", "x", string(fault.BadField)},
		"semicolon":      {"PUT", link.URL + ";retain_seconds=60", "x", string(fault.BadRequest)},
		"broken escape":  {"PUT", link.URL + "%zz", "x", string(fault.BadRequest)},
		"other method":   {"DELETE", link.URL, "", string(fault.LinkInvalid)},
		"outside folder": {"PUT", strings.Replace(link.URL, "/uploads/h/a/1", "/../key", 1), "x", string(fault.LinkInvalid)},
	} {
		if code, _ := do(t, c.method, c.url, c.body); code != c.want {
			if name == "outside folder" && code == "" {
				continue // the mux cleaned the path and found nothing
			}
			t.Errorf("%s: code %q, want %q", name, code, c.want)
		}
	}
	l.now = l.now.Add(time.Hour)
	if code, _ := do(t, "PUT", link.URL, "late"); code != string(fault.LinkExpired) {
		t.Errorf("expired link: code %q", code)
	}
}

func sum(document string) string {
	h := sha256.Sum256([]byte(document))
	return hex.EncodeToString(h[:])
}

// A client that was answered with a fault cannot know whether its document was stored.
func TestUploadThatIsRepeatedWithTheSameBytesIsASuccess(t *testing.T) {
	l := serveLinks(t)
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", l.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	l.ledger = fault.New(fault.StorageUnavailable, "away")
	if code, _ := do(t, "PUT", link.URL, "document"); code != string(fault.StorageUnavailable) {
		t.Fatalf("first PUT: code %q", code)
	}
	l.ledger = nil
	if code, _ := do(t, "PUT", link.URL, "another"); code != string(fault.AlreadyExists) {
		t.Errorf("other bytes: code %q", code)
	}
	for _, refused := range []error{nil, fault.New(fault.WrongState, "the task is Queued")} {
		l.refused = refused
		if code, status := do(t, "PUT", link.URL, "document"); status != http.StatusOK {
			t.Errorf("the same bytes again, admitted with %v: %d %s", refused, status, code)
		}
	}
	if len(l.landed) != 2 {
		t.Errorf("landed: %v", l.landed)
	}
	stored, err := l.store.Blobs.Stat(t.Context(), "uploads/h/a/1")
	if err != nil || stored.Size != int64(len("document")) {
		t.Errorf("%+v, %v", stored, err)
	}
}

func TestUploadThatIsRefusedLeavesNothing(t *testing.T) {
	l := serveLinks(t)
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", l.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := do(t, "PUT", link.URL, strings.Repeat("secret", 200)); code != string(fault.BodyTooLarge) {
		t.Errorf("too large: code %q", code)
	}
	l.closed = true
	if code, _ := do(t, "PUT", link.URL, "secret"); code != string(fault.TaskErased) {
		t.Errorf("erased task: code %q", code)
	}
	blobs, err := l.store.Blobs.List(t.Context(), "uploads/", "", 10)
	if err != nil || len(blobs) != 0 || len(l.landed) != 0 {
		t.Errorf("stored %v, landed %v, %v", blobs, l.landed, err)
	}
}

func FuzzLinkToken(f *testing.F) {
	dir := f.TempDir()
	s, err := local.Open(f.Context(), local.Config{Dir: dir, Server: true, Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	l := s.Links(local.LinksConfig{
		Blobs: s.Blobs, Base: func() string { return "http://h" }, MaxSize: 10, Now: time.Now,
		Admit:  func(context.Context, string) error { return nil },
		Open:   (&linked{}).open,
		Expect: expectAll,
		Landed: func(context.Context, string, string) error { return nil },
		Error:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusForbidden) },
	})
	f.Add("uploads/h/a/1", "abc.def")
	f.Add("../key", "")
	f.Fuzz(func(t *testing.T, name, token string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = local.LinkPath + name
		r.URL.RawQuery = "t=" + token
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("an unsigned link was answered %d", w.Code)
		}
	})
}
