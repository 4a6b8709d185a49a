package local_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

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
	l.Links = serve(t, l.store, local.LinksConfig{
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
	})
	return l
}

// serve answers the links of a store, errors by their code in a header.
func serve(t *testing.T, s *local.Store, cfg local.LinksConfig) *local.Links {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	cfg.Blobs, cfg.Base = s.Blobs, func() string { return server.URL }
	cfg.Error = func(w http.ResponseWriter, _ *http.Request, err error) {
		var f *fault.Error
		if errors.As(err, &f) {
			w.Header().Set("Code", string(f.Code))
		}
		w.WriteHeader(http.StatusTeapot)
	}
	links := s.Links(cfg)
	mux.Handle(local.LinkPath, links)
	return links
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
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", 0, l.now.Add(time.Minute))
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
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", 0, l.now.Add(time.Minute))
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
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", 0, l.now.Add(time.Minute))
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

func TestUploadOfAnotherSizeIsRefusedByNameAndUnread(t *testing.T) {
	l := serveLinks(t)
	link, err := l.UploadLink(t.Context(), "uploads/h/a/1", int64(len("document")), l.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		length int64 // that the request says
		read   bool
	}{
		"length that says so":     {"doc", 3, false},
		"shorter, without length": {"doc", -1, true},
		"longer, without length":  {"document, and more", -1, true},
	} {
		body := strings.NewReader(c.body)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, link.URL, body)
		r.ContentLength = c.length
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		if code := w.Header().Get("Code"); code != string(fault.DocumentSizeMismatch) || c.read != (body.Len() < len(c.body)) {
			t.Errorf("%s: code %q, %d bytes unread", name, code, body.Len())
		}
	}
	if blobs, err := l.store.Blobs.List(t.Context(), "uploads/", "", 10); err != nil || len(blobs) != 0 || len(l.landed) != 0 {
		t.Errorf("stored %v, landed %v, %v", blobs, l.landed, err)
	}
	if _, status := do(t, "PUT", link.URL, "document"); status != http.StatusCreated {
		t.Errorf("the right document afterwards: %d", status)
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
