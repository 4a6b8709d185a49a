package local

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// LinkPath is where links point to below the server's address.
const LinkPath = "/blobs/"

// Links signs links with HMAC-SHA256 and serves them.
type Links struct {
	LinksConfig
	key []byte
}

// LinksConfig is what serving links needs. Every field is required but Counted.
type LinksConfig struct {
	Blobs *Blobs
	// Counted returns Blobs as whoever counts its calls offers it. Nil for Blobs as it is.
	Counted func() storage.Blobs
	Base    func() string // the server's address as clients see it, without a slash at its end
	MaxSize int64         // of an upload in bytes
	Now     func() time.Time
	Admit   func(ctx context.Context, name string) error // whether a document may still be sent to a name
	// Open registers what is about to be sent or fetched, for at most the lifetime of the link. Whoever erases waits for
	// its Close.
	Open func(ctx context.Context, name string, upload bool, life time.Duration) (Transfer, error)
	// Expect takes the size of a document that is about to come into account, negative if it is unknown, until done.
	Expect func(ctx context.Context, name string, size int64) (done func(), err error)
	// Landed is called once a document is stored, with the SHA-256 of its bytes in hex.
	Landed func(ctx context.Context, name, digest string) error
	// Repeated reports whether a document that is sent once more, by its SHA-256 in hex, is the one that arrived.
	Repeated func(ctx context.Context, name, digest string) error
	Error    func(w http.ResponseWriter, r *http.Request, err error)
}

// Transfer is a document or result on its way.
type Transfer interface {
	httpserver.Transfer
	Close()
}

var _ storage.Linker = (*Links)(nil)

// Links returns the signer and server of the folder's links.
func (s *Store) Links(cfg LinksConfig) *Links { return &Links{LinksConfig: cfg, key: s.key} }

// UploadLink allows one PUT of a name that does not exist, of exactly size bytes if that is not 0.
func (l *Links) UploadLink(_ context.Context, name string, size int64, expires time.Time) (storage.Link, error) {
	return l.link(grant{http.MethodPut, name, size, expires}), nil
}

// DownloadLink allows reading.
func (l *Links) DownloadLink(_ context.Context, name string, expires time.Time) (storage.Link, error) {
	return l.link(grant{http.MethodGet, name, 0, expires}), nil
}

// grant is what a link gives.
type grant struct {
	method, name string
	size         int64 // of what is sent; 0 for any
	expires      time.Time
}

func (l *Links) link(g grant) storage.Link {
	g.expires = g.expires.UTC().Truncate(time.Second)
	// One parameter only: some clients cannot store an address with an ampersand.
	terms := strconv.FormatInt(g.expires.Unix(), 36)
	if g.size > 0 {
		terms += "-" + strconv.FormatInt(g.size, 36)
	}
	return storage.Link{
		URL: l.Base() + LinkPath + g.name + "?t=" + url.QueryEscape(terms+"."+l.sign(g)), Method: g.method, Expires: g.expires,
	}
}

// sign covers everything that a link gives, so that it opens exactly one thing in one way.
func (l *Links) sign(g grant) string {
	h := hmac.New(sha256.New, l.key)
	fmt.Fprintf(h, "%s\n%s\n%d", g.method, g.name, g.expires.Unix())
	if g.size > 0 {
		fmt.Fprintf(h, "\n%d", g.size)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// verify checks a link that came in and returns what it gives.
func (l *Links) verify(method, name, token string) (grant, error) {
	terms, signature, _ := strings.Cut(token, ".")
	seconds, bytes, sized := strings.Cut(terms, "-")
	at, err := strconv.ParseInt(seconds, 36, 64)
	g := grant{method: method, name: name, expires: time.Unix(at, 0).UTC()}
	if sized && err == nil {
		g.size, err = strconv.ParseInt(bytes, 36, 64)
	}
	if err != nil {
		return grant{}, fault.New(fault.LinkInvalid, "the link is damaged; ask for a new one")
	}
	if !hmac.Equal([]byte(signature), []byte(l.sign(g))) {
		return grant{}, fault.New(fault.LinkInvalid, "the link is damaged, or is for another object or method; ask for a new one")
	}
	if !l.Now().Before(g.expires) {
		return grant{}, fault.New(fault.LinkExpired, "the link has expired; ask for a new one")
	}
	return g, nil
}

// admitted verifies the link of a request. Whatever else its address asks for is nothing that a link gives.
func (l *Links) admitted(method, name string, r *http.Request) (grant, error) {
	query, err := strict.Query(r.URL.RawQuery, []string{"t"})
	if err != nil {
		return grant{}, err
	}
	return l.verify(method, name, query["t"])
}

// ServeHTTP serves what lies under LinkPath. Credentials that a client sends along are ignored: the link is enough,
// and it must be.
func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, LinkPath)
	var err error
	switch r.Method {
	case http.MethodPut:
		err = l.upload(w, r, name)
	case http.MethodGet, http.MethodHead:
		err = l.download(w, r, name)
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT")
		err = fault.New(fault.LinkInvalid, "a link can be used with PUT, GET or HEAD only")
	}
	if err != nil {
		l.Error(w, r, err)
	}
}

func (l *Links) upload(w http.ResponseWriter, r *http.Request, name string) error {
	given, err := l.admitted(http.MethodPut, name, r)
	if err != nil {
		return err
	}
	admitted := l.Admit(r.Context(), name)
	if admitted != nil && !errors.Is(admitted, fault.WrongState) {
		return admitted
	}
	if r.ContentLength > l.MaxSize {
		return fault.New(fault.BodyTooLarge, "the document has %d bytes; at most %d are accepted: split it", r.ContentLength, l.MaxSize)
	}
	if given.size > 0 && r.ContentLength >= 0 && r.ContentLength != given.size {
		return storage.WrongSize(given.size)
	}
	status, digest, err := l.store(w, r, given, admitted)
	if err != nil {
		return err
	}
	// Stored: the client may go, the document is taken in all the same.
	if err := l.Landed(context.WithoutCancel(r.Context()), name, digest); err != nil {
		return err
	}
	w.WriteHeader(status)
	return nil
}

// store accepts a document, or reads an earlier one to compare it: a client that did not learn of its success sends it
// again. Its transfer ends before the document is reported to anybody.
func (l *Links) store(w http.ResponseWriter, r *http.Request, given grant, admitted error) (status int, digest string, err error) {
	name := given.name
	t, err := l.Open(r.Context(), name, true, given.expires.Sub(l.Now()))
	if err != nil {
		return 0, "", err
	}
	defer t.Close()
	hash := sha256.New()
	body := httpserver.Body(w, http.MaxBytesReader(w, r.Body, l.MaxSize), t)
	size := r.ContentLength
	if given.size > 0 {
		body, size = storage.Exactly(body, given.size), given.size
	}
	body = io.TeeReader(body, hash)
	status, err = http.StatusCreated, admitted
	if admitted == nil {
		err = l.create(t.Context(), name, size, body)
	}
	if errors.Is(err, fault.AlreadyExists) || errors.Is(err, fault.WrongState) {
		status = http.StatusOK
		if _, err = io.Copy(io.Discard, body); err == nil {
			err = l.Repeated(t.Context(), name, hex.EncodeToString(hash.Sum(nil)))
		}
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return 0, "", fault.New(fault.BodyTooLarge, "the document has more than %d bytes; split it", l.MaxSize)
	}
	if cause := context.Cause(t.Context()); err != nil && cause != nil && r.Context().Err() == nil {
		return 0, "", cause // what storage saw is its echo
	}
	return status, hex.EncodeToString(hash.Sum(nil)), err
}

// blobs are what is called for documents and results.
func (l *Links) blobs() storage.Blobs {
	if l.Counted == nil {
		return l.Blobs
	}
	return l.Counted()
}

func (l *Links) create(ctx context.Context, name string, size int64, body io.Reader) error {
	room, err := l.Blobs.space.Claim(size)
	if err != nil {
		return err
	}
	defer room.Release()
	done, err := l.Expect(ctx, name, size)
	if err != nil {
		return err
	}
	defer done()
	const octets = "application/octet-stream" // what a client says of the type is not kept: content decides
	_, err = l.blobs().Create(ctx, name, octets, room.Reader(body))
	return err
}

func (l *Links) download(w http.ResponseWriter, r *http.Request, name string) error {
	given, err := l.admitted(http.MethodGet, name, r)
	if err != nil {
		return err
	}
	t, err := l.Open(r.Context(), name, false, given.expires.Sub(l.Now()))
	if err != nil {
		return err
	}
	defer t.Close()
	f, blob, err := storage.Open(t.Context(), l.blobs(), name, l.MaxSize)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // opened for reading
	answer := httpserver.Answer(w, t)
	h := answer.Header()
	h.Set("Content-Type", blob.ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Etag", strconv.Quote(blob.ETag))
	http.ServeContent(answer, r, "", blob.Created, f)
	_ = http.NewResponseController(answer).Flush() // a client that has gone misses nothing
	return nil
}
