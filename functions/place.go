package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/lethe-ocr/lethe/shared/abbyy/resultlink"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
	"github.com/lethe-ocr/lethe/shared/trigger"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

// place is what differs between the places that the program serves in. Everything else is the same and joined by assemble. To
// add a place, write one file that fills this in: machine.go, functionapp.go and lambda.go are the examples, and cloudPlace has what
// clouds share.
type place struct {
	set  config.Settings
	base string // address that links begin with; empty where it is not the program's
	log  *slog.Logger
	time clocks

	// Storage.
	blobs   storage.Blobs
	records records
	links   storage.Linker
	keys    keyring                       // of passwords and of links to results: they lie outside the records; nil where there are none
	turn    task.SweepTurn                // of the processes that sweep the storage; nil where the trigger starts one at a time
	streams task.Streams                  // who else may have documents on their way
	stored  int64                         // bytes that an application may store at once, where no setting says
	room    *local.Space                  // what uploads are counted against; nil where storage has no end
	caches  []func(context.Context) error // let go of what they hold once a document was erased
	looks   time.Duration                 // how long what was seen of storage and ledger counts: short where a look is cheap

	// Queue and trigger.
	queue      func(turns *fairqueue.Queue) task.Queue // of the place; turns are taken at the worker processes
	deliveries webhook.Queue                           // of events that applications are told; nil where the place tells none
	near       bool                                    // webhooks may be told at addresses of this machine
	// trigger puts what starts functions, and what else the place serves, around the interface of clients, whose requests are watched.
	trigger  func(api http.Handler, f functions, watch httpserver.Watch) http.Handler
	export   telemetry.Export // where traces and metrics are sent
	still    bool             // nothing goes on beside an answer: the place checks for a silent timer itself
	deadline time.Duration    // how long one invocation may work on a document, unless less is left of it
	inline   int64            // largest document in a request's own body, in bytes
	page     bool             // the page for people is at /
	alone    bool             // one process is the whole place: its numbers are at /metrics
	storage  string           // address of the object store that links lead to, for the page; empty where they lead to the program
	proxied  bool             // a proxy that is part of the place says how requests reached it
	larger   string           // where documents go that are larger than one request takes: a sentence for clients of ABBYY

	conditions []condition    // of intake, beside those of every place
	subjects   []doctor.Probe // that the doctor looks at beside the program's own process
}

// keyring seals passwords and signs links to results. It is an interface, and not the pointer that implements it, so that a place
// without keys is seen to have none by whatever the field is put into.
type keyring interface {
	task.Sealer
	resultlink.Keys
	webhook.Keys
}

// records are the records of a place with their index of what is due.
type records interface {
	storage.Records
	storage.Agenda
}

// functions are what something else than a client's request starts.
type functions struct {
	ocr       trigger.Function[trigger.Upload]
	requeue   trigger.Function[trigger.Message]
	poison    trigger.Function[trigger.Message]
	retention trigger.Function[trigger.Tick]
	notify    trigger.Function[trigger.Delivery]
}

// clocks are how a place tells time.
type clocks struct {
	now     func() time.Time // service time, by which documents age
	wall    func() time.Time // by which tokens, secrets and links end
	agrees  func() error     // nil while both agree
	offset  func() time.Duration
	horizon func() time.Time          // what began before it cannot be dated; nil for none
	utc     func(time.Time) time.Time // of a service time; nil where it is the same
}

// clocksOf are the clocks of a machine.
func clocksOf(c *clock.Clock) clocks {
	return clocks{now: c.Now, wall: c.Wall, agrees: c.Agrees, offset: c.Offset, horizon: c.Horizon, utc: c.UTC}
}

// remoteClocks are those of a place whose store tells the time.
func remoteClocks(c *clock.Remote) clocks { return clocks{now: c.Now, wall: c.Wall, agrees: c.Agrees} }
