// Package inbox recognises the documents that scanners and copiers drop into a folder. It looks at the folder again and again,
// since network shares tell nobody of changes, and takes files that are complete. What it does of a document survives that the
// program is killed: the file is first renamed into a folder of the inbox that is named after the idempotency key of its task, and leaves
// that folder only when its results are on the disk.
package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/filelock"
)

// Names of what is made beside the documents.
const (
	Claims  = ".lethe-watch" // in the inbox: documents under way
	Failed  = "failed"       // in the inbox: documents that were not recognised
	Reason  = ".why.txt"     // after the name of such a document: the file that says why
	lock    = ".lethe-watch.lock"
	partial = ".lethe-watch.part" // after the name of a result that is not whole
)

// Service recognises documents. *client.Client is one.
type Service interface {
	Create(ctx context.Context, s client.Settings, key string) (*client.Task, error)
	Upload(ctx context.Context, t *client.Task, open client.Source) error
	Follow(ctx context.Context, id string, seen func(*client.Task)) (*client.Task, error)
	Fetch(ctx context.Context, id, format string, w io.Writer) (int64, error)
	Erase(ctx context.Context, id string) (*client.Task, error)
}

// Config says what is watched and what becomes of it.
type Config struct {
	Inbox    string // folder that documents come to; those below folders of it are left alone
	Out      string // folder for results; made if it is missing
	Done     string // folder for documents that were recognised; empty: they are erased
	Settings client.Settings
	Parallel int           // documents at a time
	Every    time.Duration // between two looks at the inbox, and before what failed for the moment is tried again
	Once     bool          // end when what is complete was worked off
	Erase    bool          // each task once its results are here

	Service Service
	Explain func(code fault.Code, detail string) string      // why a document was not recognised, with the remedy
	Tell    func(Event)                                      // what happened; one call at a time
	Wait    func(ctx context.Context, d time.Duration) error // sleeps
	disk    disk                                             // nil: that of the machine
	seen    int                                              // files that are remembered from look to look; 0: mostSeen
}

// Event is something to tell of a document.
type Event struct {
	Name    string       // of the document, as its results have it
	Task    *client.Task // nil if an earlier run knew it
	Results []string     // paths
	Missing int          // pages that the results lack
	Err     error        // why it was not recognised, or not yet
	Held    bool         // it stays where it is and is tried again
}

// Totals count documents.
type Totals struct {
	Done, Failed int
	Partly       int // of those done: results lack pages
	Held         int // under way still
	Left         int // files of the last look that are empty, unfinished by their names, or no plain files
}

// ErrWatched means that another process watches the inbox or fills the folder for results.
var ErrWatched = errors.New("it is in use by another lethe watch")

// ErrSameFolder means that results or documents that were recognised would go to the inbox.
var ErrSameFolder = errors.New("it is the inbox itself: what is put there would be taken for a document")

// Watcher watches one inbox.
type Watcher struct {
	cfg   Config
	disk  disk
	locks []*os.File
	look  look

	mu     sync.Mutex
	taken  map[string]bool // paths of files that open claims will write; guarded by mu
	totals Totals          // guarded by mu
	held   string          // the last reason why something is tried again; guarded by mu
	first  error           // why the first document is held over; guarded by mu
}

// Open takes the inbox and the folder for results for this process alone.
func Open(cfg Config) (*Watcher, error) {
	w := &Watcher{cfg: cfg, disk: cfg.disk, look: look{folder: cfg.Inbox, most: cmp.Or(cfg.seen, mostSeen)}, taken: map[string]bool{}}
	if w.disk == nil {
		w.disk = machine{}
	}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Watcher) open() error {
	for _, folder := range []string{w.cfg.Out, w.cfg.Done} {
		if folder == "" {
			continue
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		if same(w.cfg.Inbox, folder) {
			return fmt.Errorf("%s: %w", folder, ErrSameFolder)
		}
	}
	for _, name := range []string{Claims, Failed} {
		path := filepath.Join(w.cfg.Inbox, name)
		if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make folder: %w", err)
		}
		if stat, err := os.Lstat(path); err != nil || !stat.IsDir() {
			return fmt.Errorf("%s must be a folder, and no link to one", path)
		}
	}
	for _, path := range []string{filepath.Join(w.cfg.Inbox, Claims, lock), filepath.Join(w.cfg.Out, lock)} {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the folder that the user named
		if err != nil {
			return fmt.Errorf("open lock: %w", err)
		}
		w.locks = append(w.locks, f)
		if err := filelock.TryLock(f, filelock.Exclusive); err != nil {
			if errors.Is(err, filelock.ErrHeld) {
				return fmt.Errorf("%s: %w", filepath.Dir(path), ErrWatched)
			}
			return fmt.Errorf("lock %s: %w", path, err)
		}
	}
	return nil
}

// same reports whether two paths are one folder.
func same(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(first, other)
}

// Close lets another process watch the inbox.
func (w *Watcher) Close() error {
	var err error
	for _, f := range w.locks {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Run goes on with what an earlier run left and then watches, until the context ends, or what Config.Once asks for is done. An error is what
// stops it for every document. The error of documents that are held over at the end is the first one's.
func (w *Watcher) Run(ctx context.Context) (Totals, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(w.cfg.Parallel)
	err := w.watch(ctx, group)
	if first := group.Wait(); first != nil {
		err = first
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.totals.Left = w.look.left
	if err == nil {
		err = w.first
	}
	return w.totals, err
}

// watch hands documents to the group.
func (w *Watcher) watch(ctx context.Context, group *errgroup.Group) error {
	left, err := w.resume()
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	for _, c := range left {
		group.Go(func() error { return w.work(ctx, c) })
	}
	for looks := 1; ; looks++ {
		late := w.look.more // files whose turn comes after the second look
		err := w.look.at(ctx, func(f file) (taken bool) {
			// The document is claimed when its turn has come, and not before: few are under way at a time.
			claimed := make(chan error, 1)
			group.Go(func() error {
				c, err := w.claim(f)
				taken = c != nil
				if claimed <- err; c == nil {
					return nil
				}
				return w.work(ctx, c)
			})
			if err := <-claimed; err != nil {
				w.hold(Event{Name: safe(f.name), Err: fmt.Errorf("take it from the inbox: %w", err)}, w.cfg.Once)
			}
			return taken
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && w.cfg.Once:
			return fmt.Errorf("look at the inbox: %w", err)
		case err != nil: // a share that is away for a while
			w.hold(Event{Name: filepath.Base(w.cfg.Inbox), Err: fmt.Errorf("look at the inbox: %w", err)}, false)
		case w.cfg.Once && looks >= 2 && (!late && !w.look.more || w.look.taken == 0):
			return nil
		}
		if err := w.cfg.Wait(ctx, w.cfg.Every); err != nil {
			return err
		}
	}
}

// work brings a document to its end. What fails for the moment is tried again until the context ends, or left to the next run.
func (w *Watcher) work(ctx context.Context, c *claim) error {
	for {
		event, err := w.process(ctx, c)
		refused, ofDocument := errors.AsType[*refusedError](err)
		switch {
		case err == nil:
			w.tell(event)
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errTaken):
			_ = w.drop(c) // holds nothing; see finish
			w.tell(Event{Name: c.Name, Err: err})
			return nil
		case ofDocument:
			if err = w.fail(c, refused); err == nil {
				w.tell(Event{Name: c.Name, Err: refused})
				return nil
			}
		case client.ForAll(err), w.cfg.Once && errors.Is(err, client.ErrUnreachable):
			return err
		}
		w.hold(Event{Name: c.Name, Err: err}, w.cfg.Once)
		if w.cfg.Once {
			return nil
		}
		if err := w.cfg.Wait(ctx, w.cfg.Every); err != nil {
			return err
		}
	}
}

// hold tells why a document stays under way, once for each reason, and counts it if it is left to the next run.
func (w *Watcher) hold(e Event, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last {
		w.totals.Held++
		if w.first == nil {
			w.first = e.Err
		}
	}
	if why := e.Err.Error(); last || why != w.held {
		w.held, e.Held = why, true
		w.cfg.Tell(e)
	}
}

// tell counts a document that has ended.
func (w *Watcher) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case e.Err != nil:
		w.totals.Failed++
	case e.Missing > 0:
		w.totals.Partly++
		fallthrough
	default:
		w.totals.Done++
	}
	w.held = ""
	w.cfg.Tell(e)
}
