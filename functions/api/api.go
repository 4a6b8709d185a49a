// Package api is the HTTP function: the native API, described by OpenAPI 3.1 at /v1/openapi.json. It decodes, calls the
// domain and encodes.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Name is the function's name, and its folder's.
const Name = "api"

// Intake creates tasks. *task.Service implements this and the two interfaces below.
type Intake interface {
	Create(ctx context.Context, o task.Order) (task.Accepted, error)
	CreateBatch(ctx context.Context, orders []task.Order) ([]task.Accepted, []error)
	CreateWith(ctx context.Context, o task.Order, body task.Body) (task.Accepted, error)
	RenewUpload(ctx context.Context, ref task.Ref) (storage.Link, error)
}

// Tasks shows and erases tasks.
type Tasks interface {
	Get(ctx context.Context, ref task.Ref) (*task.Task, error)
	Wait(ctx context.Context, ref task.Ref, etag string) (*task.Task, error)
	List(ctx context.Context, application string, f task.Filter) ([]*task.Task, error)
	Delete(ctx context.Context, ref task.Ref) (*task.Task, error)
	EndTransfers(ctx context.Context, application string) error
	Measure(ctx context.Context) (task.Measurement, error)
}

// Results hands out results.
type Results interface {
	ResultLink(ctx context.Context, ref task.Ref, f render.Format) (storage.Link, error)
	OpenResultRange(ctx context.Context, ref task.Ref, f render.Format, choose func(storage.Blob) (offset, length int64, err error)) (*task.Stream, error)
	Fetched(ctx context.Context, ref task.Ref, f render.Format) error
}

// Check is one part of readiness.
type Check struct {
	Name   string `json:"name" doc:"What was checked."`
	OK     bool   `json:"ok" doc:"Whether it passed."`
	Detail string `json:"detail,omitempty" doc:"What is wrong, and the remedy."`
}

// Config is what the function needs. Every field is required, unless it says what its absence means.
type Config struct {
	Intake        Intake
	Tasks         Tasks
	Results       Results
	Erasures      Erasures
	Ledger        Ledger
	AccessLog     AccessLog
	Usage         Usage
	Cases         Cases
	Webhooks      Webhooks
	Applications  *access.Registry
	Guard         *access.Guard
	StreamResults bool // results are given through this interface only, not by links
	Ready         func(ctx context.Context) []Check
	Metrics       func(ctx context.Context) ([]byte, error) // in Prometheus's text format; nil where there are none to be had here
	Address       string                                    // with which links begin; empty if the place does not tell
	Languages     func() []string
	Limits        ocr.Limits
	Policy        retention.Policy
	Inline        int64 // largest document in a request's own body, bytes
	Version       string
	Region        string
	Now           func() time.Time                  // service time, in which the domain keeps all times
	UTC           func(service time.Time) time.Time // what is shown of a service time; nil where the two are the same
	Log           *slog.Logger
}

// API serves the interface.
type API struct {
	Config
	mux       *http.ServeMux
	huma      huma.API
	accepts   map[string]accepts   // by operation
	document  accepts              // with a document in the body
	published func() *huma.OpenAPI // the description, as clients see it
}

// New returns the interface as a handler.
func New(cfg Config) *API {
	a := &API{Config: cfg, mux: http.NewServeMux()}
	if a.UTC == nil {
		a.UTC = func(service time.Time) time.Time { return service }
	}
	a.huma = humago.New(a.mux, a.describe())
	a.huma.UseMiddleware(a.admit, a.strict)
	a.registerTasks()
	a.registerResults()
	a.registerLedger()
	a.registerAccessLog()
	a.registerUsage()
	a.registerCases()
	a.registerApplications()
	a.registerWebhooks()
	a.registerService()
	a.registerMetrics()
	a.registerDescription()
	a.registerDocs()
	a.accepts = accepted(a.huma.OpenAPI())
	a.document = a.accepts[createTaskFromDocument]
	a.published = sync.OnceValue(a.publish)
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.takesInline(r) {
		a.inline(w, r)
		return
	}
	h, pattern := a.mux.Handler(r)
	// A path such as //v1 would be answered by a redirect that repeats it.
	if pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
		httpserver.Error(a.Log)(w, r, lost(w.Header(), h, r))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// lost explains a request that no route takes. What the mux would answer distinguishes a wrong method from a wrong address.
func lost(answer http.Header, h http.Handler, r *http.Request) error {
	unsent := &unsent{header: http.Header{}}
	h.ServeHTTP(unsent, r)
	if unsent.status != http.StatusMethodNotAllowed {
		return fault.New(fault.ThingNotFound, "there is nothing at this address; see %s", descriptionPath)
	}
	allow := unsent.header.Get("Allow")
	answer.Set("Allow", allow)
	return fault.New(fault.MethodNotAllowed, "this address takes %s only; see %s", allow, descriptionPath)
}

// unsent is an answer that is inspected and discarded.
type unsent struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (u *unsent) Header() http.Header { return u.header }

// WriteHeader implements http.ResponseWriter.
func (u *unsent) WriteHeader(status int) { u.status = status }

// Write implements http.ResponseWriter.
func (u *unsent) Write(p []byte) (int, error) { return len(p), nil }

// Operations lists every operation with the scopes that open it, each by itself; none for one that is open to all.
func (a *API) Operations() map[string][]access.Scope {
	ops := map[string][]access.Scope{}
	for _, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op != nil {
				ops[op.OperationID], _ = op.Metadata[scopeKey].([]access.Scope)
			}
		}
	}
	return ops
}

// scopeKey is where an operation declares its scopes. open declares that it needs no credentials.
const (
	scopeKey                 = "scope"
	refusalsKey              = "refusals" // what it answers for reasons of its own
	open        access.Scope = ""
)

// callerKey is where the sender of a request is kept.
type callerKey struct{}

// admit checks credentials, scope and rate before anything of the body is read.
func (a *API) admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	checked, err := a.check(ctx.Context(), ctx.Operation(), r)
	if err != nil {
		httpserver.Error(a.Log)(w, r, err)
		return
	}
	next(huma.WithContext(ctx, checked))
}

// check is where every request is let in or refused. The context returned knows the caller.
func (a *API) check(ctx context.Context, op *huma.Operation, r *http.Request) (context.Context, error) {
	httpserver.Note(ctx, "", op.Path)
	scopes, declared := op.Metadata[scopeKey].([]access.Scope)
	if !declared {
		return nil, fault.New(fault.InternalError, "operation %s declares no scope", op.OperationID)
	}
	if len(scopes) == 0 {
		return ctx, nil
	}
	if err := access.FromElsewhere(r.Header); err != nil {
		return nil, err
	}
	who, err := a.Guard.Check(ctx, r.Header.Get("Authorization"), r.RemoteAddr, scopes...)
	if err != nil {
		return nil, err
	}
	httpserver.Note(ctx, who.String(), op.Path)
	return context.WithValue(ctx, callerKey{}, who), nil
}

// caller returns who sent the request. It is only called where a scope is needed.
func caller(ctx context.Context) *access.Identity {
	who, _ := ctx.Value(callerKey{}).(*access.Identity)
	if who == nil {
		return access.Nobody()
	}
	return who
}

// ref names a task of the caller. A malformed id is one that nobody has.
func ref(ctx context.Context, id string) (task.Ref, error) {
	r, err := task.ParseRef(caller(ctx).ID, id)
	if err != nil {
		return task.Ref{}, fault.New(fault.TaskNotFound, "no task of this application has that id")
	}
	return r, nil
}

// bodyTime is how long the JSON body of a request may take to arrive, or the next part of a document in it.
const bodyTime = 30 * time.Second

// handle registers an operation that one scope opens.
func handle[I, O any](a *API, op huma.Operation, scope access.Scope, f func(context.Context, *I) (*O, error)) {
	scopes := []access.Scope{scope}
	if scope == open {
		scopes = nil
	}
	handleAny(a, op, scopes, f)
}

// handleAny registers an operation that each of the scopes opens, or everybody if there are none. Its errors become problem
// documents.
func handleAny[I, O any](a *API, op huma.Operation, scopes []access.Scope, f func(context.Context, *I) (*O, error)) {
	secure(&op, scopes)
	op.BodyReadTimeout = bodyTime
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = 64 << 10
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, in)
		if err != nil {
			return nil, httpserver.Explain(ctx, a.Log, err)
		}
		return out, nil
	})
}

// secure declares the scopes that open an operation.
func secure(op *huma.Operation, scopes []access.Scope) {
	op.Metadata = map[string]any{scopeKey: scopes, refusalsKey: op.Metadata[refusalsKey]}
	op.Security = []map[string][]string{} // open to everybody, unless a scope follows
	for _, s := range scopes {
		op.Security = append(op.Security, map[string][]string{securityScheme: {string(s)}}, map[string][]string{tokenScheme: {string(s)}})
	}
}

func operation(tag, id, method, path, summary, description string) huma.Operation {
	return huma.Operation{Tags: []string{tag}, OperationID: id, Method: method, Path: path, Summary: summary, Description: description}
}

// refusing adds what an operation answers for reasons of its own. What every operation may answer, published adds.
func refusing(op huma.Operation, statuses ...int) huma.Operation {
	op.Metadata = map[string]any{refusalsKey: statuses}
	return op
}
