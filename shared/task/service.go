package task

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/metering"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// Queue notifies workers that a task, or a part of one, is waiting. It may lose or repeat messages; the sweep makes up for losses.
type Queue interface {
	// Push asks that Process be called for the job after the delay.
	Push(ctx context.Context, job Job, delay time.Duration) error
}

// Ledger takes what others may check: when a document came, when its processing ended, and its erasure.
type Ledger interface {
	// Append hands an entry in; it is durable on return. The same kind for the same subject may be handed in again.
	Append(ctx context.Context, e ledger.Entry) error
}

// Applications knows the owners of tasks. *access.Registry implements it.
type Applications interface {
	// Revoked reports whether an application was revoked, or the one that a person is inside of. One that is unknown was not.
	Revoked(ctx context.Context, id string) (bool, error)
}

// Store is the state that a Service works on; one driver usually offers all three.
type Store struct {
	Blobs   storage.Blobs
	Records storage.Records
	Agenda  storage.Agenda
}

// Config is what a Service needs. Every field is required.
type Config struct {
	Store  Store
	Ledger Ledger
	Links  storage.Linker
	Engine ocr.Engine
	Turns  *fairqueue.Queue // where documents and pages wait for the engine
	Queue  Queue
	Policy retention.Policy // validated
	// Inventory is where copies can be; erasure.Inventory but in tests.
	Inventory []erasure.Item
	Limits    Limits
	// Applications knows which owners were revoked; nil where none ever is.
	Applications Applications
	Notices      Notices    // are told what becomes of tasks; nil where nobody is
	Deliveries   Deliveries // deal with due records of what is told; nil to leave those
	Observer     Observer   // is told what happened; nil where nobody counts it
	Streams      Streams    // who else may have documents on their way; empty for StreamsHere
	Turn         SweepTurn  // of the processes that sweep the store; nil where no other one does, or where collisions do not matter
	// StreamResults gives results only through the program, whose transfers end with their task; false for links.
	StreamResults bool

	Sealer   Sealer           // of passwords; without it a task with a password is refused
	Erased   func()           // called after an erasure, so that memory is given back; it does not wait. Nil for nothing
	Sweepers int              // tasks that a sweep erases at once; 0 for one
	Review   bool             // documents that made the engine fail are kept until their deadline, so that two reviewers can view them
	Owner    string           // names this process in leases; unique for each start
	Software string           // version of the program, written into results
	Now      func() time.Time // service time: it goes on evenly, whatever happens to the wall clock
	Horizon  func() time.Time // what began until then cannot be dated, since time went by that nobody measured; nil for none
	Log      *slog.Logger
}

// Limits bounds what a task may ask for.
type Limits struct {
	Document    ocr.Limits
	UploadLink  time.Duration // lifetime of an upload link
	ResultLink  time.Duration // longest lifetime of a result link
	Deadline    time.Duration // how long one call of Process works before it hands the rest on
	PartPages   int           // a document of more pages is read in parts of at most so many; 0 for never
	PartsAtOnce int           // parts of one application's documents that are under way at once; every document has one at least
	Stored      int64         // bytes of an application that may be stored at once, unless it has a cap of its own; 0 for no cap
}

// DefaultLimits are DefaultLimits of the document, a quarter of an hour for uploads and results, 50 minutes of work, parts of 8
// pages and 64 of them at once.
func DefaultLimits() Limits {
	return Limits{
		Document:    ocr.DefaultLimits(),
		UploadLink:  15 * time.Minute,
		ResultLink:  15 * time.Minute,
		Deadline:    50 * time.Minute,
		PartPages:   8,
		PartsAtOnce: 64,
	}
}

// Service is the domain. All functions, whatever triggered them, call it and nothing else.
type Service struct {
	Config
	running   running
	transfers transfers
	expected  expected
	catchUp   catchUp
	sweeping  chan struct{} // holds one token while a sweep or full pass runs
	sweeps    streak        // of sweeps
	passes    streak        // of full passes
	began     passesBegun
	listed    int // entries that a full pass reads at once
	eraser    erasure.Eraser
	meter     *metering.Counter
	owed      owed
	due       map[storage.Table]dueHandler // by table; never changed
}

// New returns a Service over the given parts.
func New(cfg Config) *Service {
	s := &Service{Config: cfg, listed: listing, sweeping: make(chan struct{}, 1), eraser: erasure.Eraser{
		Items: cfg.Inventory, Blobs: cfg.Store.Blobs, Records: cfg.Store.Records, Now: cfg.Now,
	}}
	if s.Observer == nil {
		s.Observer = unobserved{}
	}
	s.due = s.dueHandlers()
	s.meter = metering.NewCounter(cfg.Store.Records, cfg.Owner)
	return s
}

// Order is what a client asks for.
type Order struct {
	Application    string // owner, from verified credentials only
	Settings       Settings
	Client         ClientText
	Password       string // opens the document; empty for none
	IdempotencyKey string // empty for none
	Subject        string // opaque tag of the person or matter that the document is about; empty for none
	Caps           Caps
	Ceilings       Ceilings
	KeepOnFetch    bool // delete-on-fetch was declined, not only left out
	KeepUpload     bool // the upload is kept after processing, so that the task can be processed again
}

// Caps are the limits of an application and of the people inside it together; zero means no limit. A person may use half of each.
type Caps struct {
	OpenTasks   int   `json:"open_tasks" doc:"Most unfinished tasks; 0 for no limit."`
	BytesPerDay int64 `json:"bytes_per_day" doc:"Most bytes of documents a day; 0 for no limit."`
	BytesStored int64 `json:"bytes_stored,omitempty" doc:"Most bytes stored at once; the limit of the stamp if missing."`
	PagesPerDay int   `json:"pages_per_day" doc:"Most pages a day; 0 for no limit."`
}

// Accepted answers an order: the task as it stands and, while it waits for its document, the link to send it to.
type Accepted struct {
	Task     *Task
	Upload   *storage.Link // nil once the document is here
	Replayed bool          // the idempotency key was known: nothing new was created

	attempt string // this call's token in the record that it made; empty if it made none
}

// Body is a document given in the request itself.
type Body struct {
	Reader      io.Reader
	Size        int64 // in bytes, as the client says; negative if it does not
	ContentType string
	// Attach sets the transfer that the reader belongs to, so that a read which waits for the client ends with it. It may be nil.
	Attach func(t Transfer)
}

// Filter selects tasks of one application, oldest first.
type Filter struct {
	State State     // empty for all but Deleted, unless these are wanted too
	Gone  bool      // tombstones too, and what is past its deadline
	Since time.Time // of creation: those before it may be left out
	After string    // task id; only younger tasks
	Limit int       // 1 to 1000
}

// ETag returns the version of the record as read, which changes with every transition.
func (t *Task) ETag() string { return t.etag }
