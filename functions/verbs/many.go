package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
)

// work is one document of a large submission.
type work struct {
	document
	entry *entry
	task  *client.Task // nil until known in this run
	fresh bool         // no earlier run made a task of it
	here  bool         // its results are in the folder
	done  bool         // nothing is left to do

	promised bool // what the server promised of the document is in the folder
}

// run is one large submission.
type run struct {
	*submission
	cmd     *cobra.Command
	client  *client.Client
	journal *journal
	bar     *Bar
	total   int

	mu     sync.Mutex
	ended  int          // documents; guarded by mu
	failed []string     // one line for each; guarded by mu
	partly int          // documents whose results lack pages, those of earlier runs too; guarded by mu
	lacks  error        // of the first of them; guarded by mu
	first  error        // of failed; guarded by mu
	told   bytes.Buffer // lines about results; guarded by mu
	moved  time.Time    // when a task was made or a document ended last; guarded by mu

	shortened bool // that the server keeps documents for a shorter time than was asked for was told; guarded by mu
}

// many sends documents several at a time. One that fails does not stop the others; what would fail for all does.
func (s *submission) many(cmd *cobra.Command, cl *client.Client, documents []document) (err error) {
	if s.out != "" {
		if err := os.MkdirAll(s.out, 0o700); err != nil {
			return fmt.Errorf("make output folder: %w", err)
		}
	}
	j, err := openJournal(s.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	r := &run{submission: s, cmd: cmd, client: cl, journal: j, total: len(documents), moved: time.Now()}
	todo, err := r.plan(documents)
	if err != nil {
		return err
	}
	r.bar = newTalkingBar(cmd.ErrOrStderr(), "documents")
	r.bar.To(r.ended, r.total)
	earlier := r.total - len(todo) - len(r.failed)
	err = r.all(cmd.Context(), todo)
	r.bar.End()
	if err != nil {
		if code := ExitCode(err); s.out != "" && code != ExitUsage && code != ExitRefused { // the same command would be refused again
			fmt.Fprintln(cmd.ErrOrStderr(), "Stopped. Run the same command again to resume.")
		}
		return err
	}
	return r.summary(earlier)
}

// plan finds out what is to be done. What an earlier run finished is not.
func (r *run) plan(documents []document) ([]*work, error) {
	var todo []*work
	var known []*entry
	for _, d := range documents {
		w := &work{document: d, entry: &entry{}}
		var err error
		if w.err == nil {
			err = r.look(w)
		}
		switch {
		case w.err != nil:
			r.report(w, w.err)
		case err != nil:
			return nil, err
		case w.done:
			r.ended++
			r.lack(w.entry)
		default:
			todo = append(todo, w)
			known = append(known, w.entry)
		}
	}
	r.journal.entries, r.journal.owners = nil, nil // each document has its own
	for slice := range slices.Chunk(known, request.MaxBatch) {
		if err := r.journal.note(slice...); err != nil { // before any task exists, so that none is made twice
			return nil, err
		}
	}
	return todo, nil
}

// look finds the entry of a document.
func (r *run) look(w *work) error {
	if w.path == "-" {
		w.entry.Name = digest(w.name)
		if err := w.entry.renew(); err != nil {
			return err
		}
		w.entry.File = w.entry.Key // never the same twice
		return r.apart(w)
	}
	whole, file, err := r.fingerprints(w.path)
	if err != nil {
		w.err = err
		return nil
	}
	if w.entry, err = r.journal.entry(whole); err != nil {
		return err
	}
	w.entry.File, w.entry.Name = file, digest(w.name)
	if err := r.apart(w); err != nil {
		return err
	}
	w.fresh = w.entry.Task == ""
	w.here = w.entry.Done && !slices.ContainsFunc(r.files(w), func(path string) bool {
		_, err := os.Stat(path)
		return err != nil
	})
	w.done = w.here && (!r.erase || w.entry.Erased)
	return nil
}

// apart refuses a document beside whose results those of another one would stay, under the same name with another ending: they would be
// taken for results of one.
func (r *run) apart(w *work) error {
	owner, known := r.journal.owners[w.entry.Name]
	if r.out == "" || r.noWait || !known || owner == w.entry.File {
		return nil
	}
	for _, f := range render.Formats() {
		path := r.file(w, f)
		if _, err := os.Lstat(path); err == nil && !slices.Contains(r.files(w), path) {
			return Usage(fmt.Errorf("%s is of another document than %s: give another folder with --output, or remove that result", path, w.path))
		}
	}
	return nil
}

// file is where a document's result of a format goes.
func (r *run) file(w *work, f render.Format) string {
	return filepath.Join(r.out, w.name+f.Extension())
}

// files are where a document's results go, in the order of the formats.
func (r *run) files(w *work) []string {
	paths := make([]string, 0, len(r.settings.Formats))
	for _, f := range r.settings.Formats {
		paths = append(paths, r.file(w, render.Format(f)))
	}
	return paths
}

// all works through documents. Tasks are made a few at a time, so that no link grows old while its document waits.
func (r *run) all(ctx context.Context, todo []*work) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	var err error
	for slice := range slices.Chunk(todo, min(request.MaxBatch, 8*r.parallel)) {
		if err = r.create(groupCtx, slice); err != nil {
			break
		}
		for i, w := range slice {
			slice[i] = nil // what is known of a document that has ended is not kept
			group.Go(func() error {
				if groupCtx.Err() != nil {
					return context.Cause(groupCtx)
				}
				err := r.finish(groupCtx, w)
				if err != nil && fatal(err) {
					return err
				}
				r.report(w, err)
				return nil
			})
		}
	}
	if first := group.Wait(); first != nil {
		return first
	}
	return err
}

// create asks for the tasks of a slice in one call. Documents of which an earlier run made tasks are left out.
func (r *run) create(ctx context.Context, slice []*work) error {
	var items []client.BatchItem
	var fresh []*work
	for _, w := range slice {
		if w.fresh {
			fresh = append(fresh, w)
			items = append(items, client.BatchItem{Settings: w.sized(r.settings), Key: w.entry.Key})
		}
	}
	if len(items) == 0 {
		return nil
	}
	results, err := r.client.CreateBatch(ctx, items)
	if err != nil {
		return err
	}
	var made []*entry
	for i, result := range results {
		switch w := fresh[i]; {
		case result.Task != nil:
			w.task, w.entry.Task = result.Task, result.Task.ID
			made = append(made, w.entry)
			if err := r.keepPromises(w, result.Task); err != nil {
				return err
			}
		case client.Superseded(result.Problem):
			if err := w.entry.renew(); err != nil {
				return err
			}
			made = append(made, w.entry)
		case client.Busy(result.Problem):
			r.waits.tell(result.Problem)
		case fatal(result.Problem):
			return result.Problem // the settings, which are those of all
		}
	}
	if len(made) > 0 {
		r.move()
	}
	return r.journal.note(made...)
}

// task returns a document's task: the one of an earlier run while it exists, or a new one.
func (r *run) task(ctx context.Context, w *work) (*client.Task, error) {
	if w.task != nil {
		return w.task, nil
	}
	if w.entry.Task != "" {
		t, err := r.client.Get(ctx, w.entry.Task, 0)
		if !client.Superseded(err) {
			return t, err
		}
		if err := w.entry.renew(); err != nil {
			return nil, err
		}
		if err := r.journal.note(w.entry); err != nil {
			return nil, err
		}
	}
	for {
		t, err := r.client.Create(ctx, w.sized(r.settings), w.entry.Key)
		switch {
		case err == nil:
			r.move()
			w.entry.Task = t.ID
			return t, errors.Join(r.keepPromises(w, t), r.journal.note(w.entry))
		case !client.Full(err) || r.stands():
			return nil, err
		}
		// The client waits too, unless the server says that its own tasks, which may end sooner, take longer than its patience.
		if err := wait(ctx, min(r.patience, longestPause)); err != nil {
			return nil, err
		}
	}
}

// longestPause is the longest time between two tries to make a task of an application that has as many as it may.
const longestPause = 10 * time.Second

// move takes note that something goes on.
func (r *run) move() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved = time.Now()
}

// stands reports whether nothing went on for longer than it is waited for.
func (r *run) stands() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.moved) > r.patience
}

// finish sends a document, follows it and fetches its results, as far as that was not done.
func (r *run) finish(ctx context.Context, w *work) error {
	if w.here {
		return r.forget(ctx, w)
	}
	if err := r.send(ctx, w); err != nil || r.noWait {
		return err
	}
	var kept error
	t, err := follow(ctx, r.client, w.task.ID, func(t *client.Task) { kept = errors.Join(kept, r.keepPromises(w, t)) })
	if t != nil {
		w.task = t
	}
	if err := errors.Join(kept, r.keepPromises(w, t)); err != nil {
		return err
	}
	if err != nil {
		return errors.Join(err, r.renew(w))
	}
	for i, path := range r.files(w) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make output folder: %w", err)
		}
		if err := fetchFile(ctx, r.client, t.ID, r.settings.Formats[i], path); err != nil {
			return err
		}
	}
	w.entry.Done = true
	if w.entry.Missing = t.Pages.Failed; w.entry.Missing > 0 {
		w.entry.Pages = t.Pages.Total
	}
	if err := r.journal.note(w.entry); err != nil {
		return err
	}
	return r.forget(ctx, w)
}

// send brings a document to the server unless it is there.
func (r *run) send(ctx context.Context, w *work) (err error) {
	if w.task, err = r.task(ctx, w); err != nil || w.entry.Sent {
		return err
	}
	if err := r.client.Upload(ctx, w.task, w.open); err != nil {
		return err
	}
	w.entry.Sent = true
	if err := r.journal.note(w.entry); err != nil || !r.noWait || r.out == "" {
		return err
	}
	t, err := r.client.Get(ctx, w.task.ID, 0) // the first status that shows the document promises it
	if err != nil {
		return err
	}
	return r.keepPromises(w, t)
}

// forget erases the task of a document whose results are here, if that was asked for.
func (r *run) forget(ctx context.Context, w *work) error {
	if !r.erase {
		return nil
	}
	if _, err := r.client.Erase(ctx, w.entry.Task); err != nil && ExitCode(err) != ExitGone {
		return err
	}
	w.entry.Erased = true
	return r.journal.note(w.entry)
}

// renew lets the next run try a document again that may succeed then. One that cannot is not sent again.
func (r *run) renew(w *work) error {
	f := w.task.Failure
	if f == nil || !f.Retryable && !strings.HasPrefix(f.Code, "document_password") {
		return nil
	}
	if err := w.entry.renew(); err != nil {
		return err
	}
	return r.journal.note(w.entry)
}
