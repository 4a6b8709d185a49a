// Package abbyy is the HTTP function for clients of the ABBYY Cloud OCR SDK: the methods of its versions 1 and 2, at the root of the
// host as they know it and under /abbyy/, and the links to results. It decodes, calls the domain that the native API calls,
// and encodes; what the interface is like is known to package abbyy of the domain.
package abbyy

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/abbyy/resultlink"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Tasks is the domain. *task.Service implements it.
type Tasks interface {
	CreateWith(ctx context.Context, o task.Order, body task.Body) (task.Accepted, error)
	Hold(ctx context.Context, o task.Order, body task.Body) (*task.Task, error)
	AddPicture(ctx context.Context, ref task.Ref, p task.Picture, body task.Body) (*task.Task, error)
	Start(ctx context.Context, ref task.Ref, o task.Order) (*task.Task, error)
	Get(ctx context.Context, ref task.Ref) (*task.Task, error)
	List(ctx context.Context, application string, f task.Filter) ([]*task.Task, error)
	Visible(t *task.Task) bool
	Delete(ctx context.Context, ref task.Ref) (*task.Task, error)
	NoteLinks(ctx context.Context, told *task.Task, until time.Time) error
	OpenResultRange(ctx context.Context, ref task.Ref, f render.Format, choose func(storage.Blob) (offset, length int64, err error)) (*task.Stream, error)
	Fetched(ctx context.Context, ref task.Ref, f render.Format) error
}

// Applications knows the clients. *access.Registry implements it.
type Applications interface {
	Get(ctx context.Context, id string) (*access.Application, error)
	Revoked(ctx context.Context, id string) (bool, error)
}

// AccessLog records who was given a link or a result. *accesslog.Log implements it.
type AccessLog interface {
	Record(ctx context.Context, e accesslog.Entry) error
}

// Config is what the function needs. Every field is required.
type Config struct {
	Tasks        Tasks
	Applications Applications
	Guard        *access.Guard
	AccessLog    AccessLog
	Keys         resultlink.Keys
	Languages    func() []string
	Base         string           // with which links begin, without a slash at its end; empty for what each request was sent to
	Proxied      bool             // a proxy of the place says how a request reached it
	Picture      int64            // largest picture in bytes, wire.MaxFile or less
	Larger       string           // what to do with a larger one: a sentence
	Now          func() time.Time // service time
	UTC          func(service time.Time) time.Time
	Log          *slog.Logger
}

// Function serves the interface.
type Function struct {
	Config
	notes notes
}

// New returns the function.
func New(cfg Config) *Function {
	if cfg.UTC == nil {
		cfg.UTC = func(service time.Time) time.Time { return service }
	}
	return &Function{Config: cfg}
}

// Over serves what is the interface's and passes on everything else.
func (f *Function) Over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, resultlink.Root) {
			f.download(w, r)
			return
		}
		t, ours := targetOf(r.URL.Path)
		if !ours {
			next.ServeHTTP(w, r)
			return
		}
		f.serve(w, r, t)
	})
}

// target is what an address asks for.
type target struct {
	version wire.Version
	method  wire.Method
	unknown error // there is no such method
}

// targetOf reads an address. Slashes may be repeated and names be in any case, as clients send them. What is no method is the
// interface's only where nothing else is.
func targetOf(path string) (t target, ours bool) {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	t.version = wire.V1
	for _, above := range []string{"abbyy", "v2"} {
		if len(names) > 0 && strings.EqualFold(names[0], above) {
			names, ours = names[1:], true
			if above == "v2" {
				t.version = wire.V2
			}
		}
	}
	name := strings.Join(names, "/")
	t.method, t.unknown = t.version.Find(name)
	t.method.Version = t.version
	withdrawn := slices.ContainsFunc(wire.Withdrawn(), func(w string) bool { return strings.EqualFold(w, name) })
	return t, ours || t.unknown == nil || withdrawn
}

// route is the address in the log, where nothing that a client made up stands.
func (t target) route() string {
	switch {
	case t.unknown != nil:
		return ""
	case t.version == wire.V2:
		return "/v2/" + t.method.Name
	default:
		return "/" + t.method.Name
	}
}

// serve answers a call of a method.
func (f *Function) serve(w http.ResponseWriter, r *http.Request, t target) {
	c := &call{f: f, target: t, w: w, r: r}
	answer, err := c.answer()
	if err != nil {
		c.refuse(err)
		return
	}
	if c.asks != nil && len(c.asks.Unmet) > 0 {
		w.Header().Set(wire.NotHonoured, strings.Join(c.asks.Unmet, ", "))
	}
	send(w, r, answer)
}

// call is one request for a method.
type call struct {
	f *Function
	target
	w    http.ResponseWriter
	r    *http.Request
	who  *access.Identity
	asks *wire.Call
}

// answer checks who calls before anything of the body is read, and carries the call out.
func (c *call) answer() (wire.Answer, error) {
	httpserver.Note(c.r.Context(), "", c.route())
	if c.unknown != nil {
		return wire.Answer{}, c.unknown
	}
	if err := c.method.Allow(c.r.Method); err != nil {
		return wire.Answer{}, err
	}
	if err := access.FromElsewhere(c.r.Header); err != nil {
		return wire.Answer{}, err
	}
	var err error
	if c.who, err = c.f.Guard.Check(c.r.Context(), c.r.Header.Get("Authorization"), c.r.RemoteAddr, access.Scope(c.method.Right)); err != nil {
		return wire.Answer{}, err
	}
	httpserver.Note(c.r.Context(), c.who.String(), c.route())
	if c.method.Body == wire.Picture {
		return c.takePicture()
	}
	var settings []byte
	form, err := c.fields()
	if err == nil && c.method.Body == wire.Settings {
		settings, err = c.settings(form)
	}
	if err == nil {
		c.asks, err = c.decode(form, settings)
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return c.carryOut()
}

// unread is how much of a body is received that nobody reads: many clients do not look at an answer before all of it is sent.
const unread = 2 * wire.MaxFile

// refuse answers an error. Where the client sends its document all the same it is let do so, or it would see a broken connection
// instead of the answer; that of a stranger is not waited for, unless it asks for a challenge, as some clients do with all of it.
func (c *call) refuse(err error) {
	ctx := c.r.Context()
	problem := httpserver.Explain(ctx, c.f.Log, classified(err)) // which notes the code for the log
	stranger := c.who == nil
	if !stranger || c.unknown == nil && c.r.Header.Get("Authorization") == "" {
		httpserver.Drain(c.w, c.r, unread)
	}
	if problem.Code == fault.BadRequest { // be it of a body that broke off, whatever failed because of that
		err = fault.New(problem.Code, "%s", problem.Detail)
	}
	refusal := c.method.RefusalOf(err)
	h := c.w.Header()
	if refusal.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="lethe", charset="UTF-8"`) // the only scheme that these clients know
	}
	if len(refusal.Allow) > 0 {
		h.Set("Allow", strings.Join(refusal.Allow, ", "))
	}
	if refusal.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(refusal.RetryAfter.Seconds())))))
	}
	send(c.w, c.r, c.version.Refuse(refusal))
}

// classified is an error as the rest of the program knows it.
func classified(err error) error {
	if invalid, ok := errors.AsType[*wire.Invalid](err); ok {
		return fault.New(fault.BadField, "%s", invalid)
	}
	return err
}

// send writes an answer at once and with its length: some clients take each piece that arrives for all of it.
func send(w http.ResponseWriter, r *http.Request, a wire.Answer) {
	h := w.Header()
	h.Set("Content-Type", a.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.Body) // a client that has gone does not read it
	}
}
