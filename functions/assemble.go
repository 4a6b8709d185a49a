package main

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/functions/abbyy"
	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/page"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/access/oidc"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/review"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/webhook"
	"github.com/lethe-ocr/lethe/shared/webhook/egress"
)

// server is the program in one place: everything joined, nothing started.
type server struct {
	place
	engine    engine
	telemetry *telemetry.Telemetry
	registry  *access.Registry
	ledger    *ledger.Log
	outbox    *webhook.Outbox
	tasks     gatedTasks
	memory    *forgetter
	rounds    *rounds
	functions functions
	handler   http.Handler
}

// assemble joins the domain with a place. It sends no request, so that the first answer waits for neither storage nor engine.
// Close the engine to let go of it.
func assemble(p place) (*server, error) {
	e, err := startEngine(p.set, p.log)
	if err != nil {
		return nil, err
	}
	s := &server{place: p, engine: e}
	if err := s.join(); err != nil {
		e.Close()
		s.unmeasured()
		return nil, err
	}
	return s, nil
}

// join makes the parts, each from those before it.
func (s *server) join() error {
	if err := s.measured(); err != nil {
		return err
	}
	service, err := s.domain()
	if err != nil {
		return err
	}
	if err := s.telemetry.Watch(s.sources(service)); err != nil {
		return err
	}
	s.tasks = gatedTasks{Service: service, gate: s.gate(service), room: s.room}
	s.rounds = s.newRounds()
	guard, err := s.guard()
	if err != nil {
		return err
	}
	s.functions = functions{
		ocr:     traced(s.telemetry, ocr.Name, ocr.New(s.tasks)),
		requeue: traced(s.telemetry, requeue.Name, requeue.New(s.tasks)),
		poison:  traced(s.telemetry, poison.Name, poison.New(service)),
		notify:  traced(s.telemetry, notify.Name, notify.New(s.outbox)),
		retention: traced(s.telemetry, retention.Name, retention.New(retention.Config{
			Tasks: service, Ledger: s.ledger, Rounds: s.rounds.make, Interval: s.set.FullPassInterval,
		})),
	}
	s.handler = s.trigger(s.clients(guard), s.functions, s.telemetry.Request)
	if !s.still {
		s.handler = caughtUp(s.handler, service, s.log)
	}
	return nil
}

// domain makes the service that every function calls, and what it tells.
func (s *server) domain() (*task.Service, error) {
	var err error
	if s.ledger, err = newLedger(s.set, s.blobs, s.records, s.time, s.log); err != nil {
		return nil, err
	}
	s.registry = access.NewRegistry(s.records, s.time.wall, s.log)
	s.memory = newForgetter(s.log, s.caches...)
	if s.outbox, err = s.newOutbox(); err != nil {
		return nil, err
	}
	var notices task.Notices // none where webhooks are off
	if s.outbox.Queue != nil {
		notices = s.outbox
	}
	owner, err := uuid.NewV4()
	if err != nil {
		return nil, fmt.Errorf("name this process: %w", err)
	}
	limits := task.DefaultLimits()
	limits.Document, limits.Deadline = s.set.Limits(), s.deadline
	limits.PartPages, limits.PartsAtOnce = s.set.PartPages, s.set.PartsAtOnce
	limits.Stored = cmp.Or(s.set.MaxStored<<20, s.stored)
	var turns *fairqueue.Queue
	if s.engine != nil { // else nothing is read
		turns = s.engine.Places()
	}
	return task.New(task.Config{
		Store:         task.Store{Blobs: s.blobs, Records: s.records, Agenda: s.records},
		Ledger:        s.ledger,
		Links:         s.links,
		Engine:        s.engine,
		Turns:         turns,
		Queue:         s.queue(turns),
		Applications:  s.registry,
		Notices:       notices,
		Deliveries:    s.outbox,
		Observer:      s.observer(),
		Erased:        s.memory.erased,
		Sealer:        s.keys, // a verb beside the server has none: its sweep leaves passwords as they are
		Streams:       s.streams,
		StreamResults: s.set.Results == config.ResultsByAPI,
		Policy:        s.set.Policy(),
		Inventory:     erasure.Inventory(),
		Limits:        limits,
		Review:        s.set.Review,
		Turn:          s.turn,
		Sweepers:      sweepers,
		Owner:         owner.String(),
		Software:      version,
		Now:           s.time.now,
		Horizon:       s.time.horizon,
		Log:           s.log,
	}), nil
}

// newOutbox is what tells applications of their tasks. Where that is off, it forgets what waits in its time.
func (s *server) newOutbox() (*webhook.Outbox, error) {
	allowed, err := webhook.ParseAllowed(s.set.WebhookAllow)
	if err != nil {
		return nil, err
	}
	cfg := webhook.Config{
		Records: s.records, Agenda: s.records, Applications: s.registry, Allowed: allowed, Local: s.near,
		Now: s.time.now, Wall: s.time.wall, UTC: s.time.utc, Log: s.log,
	}
	if s.keys != nil {
		cfg.Keys = s.keys
	}
	if s.set.Webhooks && s.deliveries != nil {
		cfg.Queue, cfg.Sender = s.deliveries, egress.New(egress.Config{Allowed: allowed, Local: s.near})
	}
	return webhook.New(cfg), nil
}

// sweepers is how many tasks a sweep erases at once.
const sweepers = 8

// gate closes intake while something does not hold that every place needs, or that this one does.
func (s *server) gate(tasks *task.Service) *gate {
	conditions := append([]condition{operatorAllows(s.set.Intake)}, s.conditions...)
	return newGate(s.time.now, s.log, append(conditions,
		storageAnswers(s.log, tasks, s.looks),
		clocksAgree(s.time.agrees), // after what has asked the store, which may tell the time
		workersConfined(s.engine),
		ledgerGoesOn(s.log, s.ledger, s.looks),
		engineStarts(s.log, s.engine),
	)...)
}

// guard checks credentials, and tokens where an issuer is set: those end by wall time, rates are counted in time that goes by.
func (s *server) guard() (*access.Guard, error) {
	guard := access.NewGuard(s.registry, access.Rates{PerSecond: s.set.RatePerSecond, Burst: s.set.RateBurst}, s.time.now, s.log)
	if s.set.OIDCRequired {
		guard.RequireTokens()
	}
	if s.set.OIDCIssuer == "" {
		return guard, nil
	}
	roles, err := access.ParseRoles(s.set.OIDCRoles)
	if err != nil {
		return nil, err
	}
	tokens, err := oidc.New(oidc.Config{
		Issuer: s.set.OIDCIssuer, Audience: s.set.OIDCAudience, RolesClaim: s.set.OIDCRolesClaim, SubjectClaim: s.set.OIDCSubjectClaim,
		Roles: roles, Now: s.time.wall, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	guard.AcceptTokens(tokens)
	guard.AcceptPeople(s.set.OIDCClientID, s.set.PageApp)
	return guard, nil
}

// clients are the interfaces of clients: the native one, over it that of ABBYY, and the page for people where the place has one.
func (s *server) clients(guard *access.Guard) http.Handler {
	acts := accesslog.New(s.records, s.ledger, s.set.RetainAccessLog, s.time.now, s.log)
	picture := min(s.inline, s.set.Limits().Bytes, wire.MaxFile)
	own := abbyy.New(abbyy.Config{
		Tasks:        s.tasks,
		Applications: s.registry,
		Guard:        guard,
		AccessLog:    acts,
		Keys:         s.keys,
		Languages:    s.engine.Languages,
		Base:         s.base,
		Proxied:      s.proxied,
		Picture:      picture,
		Larger:       cmp.Or(s.larger, "split it"),
		Now:          s.time.now,
		UTC:          s.time.utc,
		Log:          s.log,
	}).Over(s.api(guard, acts))
	if s.page {
		return page.Over(own, s.pageOf())
	}
	return own
}

// pageOf is what the page for people is told of this place.
func (s *server) pageOf() page.Config {
	cfg := page.Config{Storage: s.storage}
	if s.set.OIDCClientID != "" {
		cfg.SignIn = &page.SignIn{Issuer: s.set.OIDCIssuer, Client: s.set.OIDCClientID, Scope: s.set.OIDCScope, Resource: s.set.OIDCResource}
	}
	return cfg
}

// api is the native interface.
func (s *server) api(guard *access.Guard, acts *accesslog.Log) http.Handler {
	cfg := api.Config{
		Intake:       s.tasks,
		Tasks:        s.tasks,
		Results:      s.tasks,
		Erasures:     s.tasks,
		Ledger:       s.ledger,
		Applications: s.registry,
		Guard:        guard,
		AccessLog:    acts,
		Usage:        s.tasks,
		Cases: review.New(review.Config{
			Records: s.records, Tasks: s.tasks.Service, Journal: acts, Now: s.time.now, Log: s.log,
			Documents: documents{s.tasks.Service, s.blobs, s.engine, s.set.Limits().Bytes},
		}),
		Webhooks:      s.outbox,
		Ready:         s.tasks.gate.rows,
		Address:       s.base,
		StreamResults: s.set.Results == config.ResultsByAPI,
		Languages:     s.engine.Languages,
		Limits:        s.set.Limits(),
		Policy:        s.set.Policy(),
		Inline:        min(s.inline, s.set.Limits().Bytes),
		Version:       version,
		Region:        s.set.Region,
		Now:           s.time.now,
		UTC:           s.time.utc,
		Log:           s.log,
	}
	if s.alone {
		cfg.Metrics = s.telemetry.Metrics
	}
	return api.New(cfg)
}
