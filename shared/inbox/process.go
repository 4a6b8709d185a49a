package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/request"
)

// refusedError means that a document will not be recognised as it is.
type refusedError struct{ why string }

// Error implements error. It names the remedy.
func (e *refusedError) Error() string { return e.why }

// mostTries bounds the tasks that are made of a document in a row: of one that the server fails at, and of one that changes or whose
// tasks go.
const mostTries = 3

// process brings a document as far as it comes. Whatever was done before, by this run or by one that was killed, is not done again.
func (w *Watcher) process(ctx context.Context, c *claim) (Event, error) {
	var t *client.Task
	for tasks := 1; ; {
		stat, err := w.stat(c)
		if err != nil {
			return Event{}, err
		}
		whole := stat.Size() == c.Size && stat.ModTime().UnixNano() == c.Modified // nobody wrote to it since
		switch {
		case whole && c.Fetched:
			// A result that is missing was taken away, or other formats are asked for now.
			if err = w.place(c); !errors.Is(err, fs.ErrNotExist) {
				return w.finish(ctx, c, t, err)
			}
		case whole:
			if t, err = w.recognise(ctx, c); err == nil {
				continue
			}
			if !client.Superseded(err) && !errors.Is(err, errAgain) {
				return Event{}, err
			}
		}
		if tasks++; tasks > mostTries {
			return Event{}, errors.Join(errors.New("it is written to again and again, or its tasks go"), err)
		}
		if err := w.renew(c, stat); err != nil {
			return Event{}, fmt.Errorf("note: %w", err)
		}
	}
}

// errAgain means that another task may succeed.
var errAgain = errors.New("the server failed at the document")

// errTaken means that somebody took a document away that was under way.
var errTaken = errors.New("it was taken away before it was recognised")

// stat looks at the document.
func (w *Watcher) stat(c *claim) (fs.FileInfo, error) {
	stat, err := os.Lstat(c.source)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(w.folder(c.key)); err == nil { // and it is not that the share is away
			return nil, errTaken
		}
	}
	if err != nil {
		return nil, fmt.Errorf("look at document: %w", errors.Unwrap(err))
	}
	if !stat.Mode().IsRegular() {
		return nil, &refusedError{"It is no plain file. Put a copy of the document into the inbox."}
	}
	return stat, nil
}

// open opens the document for sending. It is a plain file, in a folder of this user's own.
func (c *claim) open() (io.ReadCloser, int64, error) {
	body, size, err := client.File(c.source)()
	if errors.Is(err, fs.ErrPermission) {
		err = &refusedError{"It may not be read. Give the user that lethe watch runs as the right to read it."}
	}
	return body, size, err
}

// recognise sends the document, follows its task and fetches its results to files that have other names yet.
func (w *Watcher) recognise(ctx context.Context, c *claim) (*client.Task, error) {
	settings := w.cfg.Settings
	settings.Size = request.Bytes(c.Size)
	t, err := w.cfg.Service.Create(ctx, settings, c.key)
	if err != nil {
		return nil, w.judge(err)
	}
	base := filepath.Join(w.cfg.Out, c.Name)
	whole, err := t.KeepPromises(base)
	if err != nil {
		return nil, err
	}
	if err := w.cfg.Service.Upload(ctx, t, c.open); err != nil {
		return nil, w.judge(err)
	}
	var kept error
	t, err = w.cfg.Service.Follow(ctx, t.ID, func(t *client.Task) {
		if !whole && kept == nil {
			whole, kept = t.KeepPromises(base)
		}
	})
	if err = errors.Join(err, kept); err != nil {
		return nil, err
	}
	switch {
	case t.Gone():
		return nil, errAgain
	case t.Failed():
		return nil, w.failure(c, t)
	}
	for _, format := range w.cfg.Settings.Formats {
		err := writePart(w.disk, w.part(c, format), func(to io.Writer) error {
			_, err := w.cfg.Service.Fetch(ctx, t.ID, format, to)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("fetch result: %w", err)
		}
	}
	done := *c
	done.Task, done.Missing, done.Fetched = t.ID, t.Pages.Failed, true
	if err := w.save(&done); err != nil {
		return nil, fmt.Errorf("note: %w", err)
	}
	*c = done
	return t, nil
}

// judge makes an error that is the document's own one that names the remedy.
func (w *Watcher) judge(err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || !client.OfDocument(err) {
		return err
	}
	return &refusedError{w.cfg.Explain(fault.Code(p.Code), p.Detail)}
}

// failure is the error of a task that failed. The server may do better the next time, which is tried a few times.
func (w *Watcher) failure(c *claim, t *client.Task) error {
	f := t.Failure
	if f == nil {
		f = &client.Failure{Detail: "the document could not be processed", Code: "unknown"}
	}
	if c.Tries++; f.Retryable && c.Tries < mostTries {
		return errAgain
	}
	return &refusedError{w.cfg.Explain(fault.Code(f.Code), f.Detail)}
}

// place gives results that were fetched their names. The error of one that is not there is fs.ErrNotExist.
func (w *Watcher) place(c *claim) error {
	for _, format := range w.cfg.Settings.Formats {
		part, path := w.part(c, format), w.result(c.Name, format)
		if _, err := os.Lstat(part); errors.Is(err, fs.ErrNotExist) {
			if _, err := os.Lstat(path); err != nil {
				return err
			}
			continue // placed before
		}
		if err := w.disk.Rename(part, path); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	return w.disk.Sync(w.cfg.Out)
}

// finish erases or moves a document whose results are on the disk. What is left of its claim after that holds nothing: the next run
// removes it, if this one cannot.
func (w *Watcher) finish(ctx context.Context, c *claim, t *client.Task, placed error) (Event, error) {
	if placed != nil {
		return Event{}, placed
	}
	if w.cfg.Erase {
		if _, err := w.cfg.Service.Erase(ctx, c.Task); err != nil && !client.Superseded(err) {
			return Event{}, err
		}
	}
	var err error
	if w.cfg.Done == "" {
		err = w.disk.Remove(c.source)
	} else {
		err = w.moveTo(c, w.cfg.Done)
	}
	if err != nil {
		return Event{}, fmt.Errorf("remove the document from the inbox: %w", err)
	}
	failed := filepath.Join(w.cfg.Inbox, Failed, c.Name)
	if _, err := os.Lstat(failed); errors.Is(err, fs.ErrNotExist) {
		_ = w.disk.Remove(failed + Reason) // of an earlier try; mostly there is none
	}
	_ = w.drop(c)
	e := Event{Name: c.Name, Task: t, Missing: c.Missing}
	for _, format := range w.cfg.Settings.Formats {
		e.Results = append(e.Results, w.result(c.Name, format))
	}
	return e, nil
}

// fail moves a document to the folder of those that were not recognised, beside a file that says why.
func (w *Watcher) fail(c *claim, why *refusedError) error {
	folder := filepath.Join(w.cfg.Inbox, Failed)
	err := write(w.disk, filepath.Join(folder, c.Name+Reason), func(to io.Writer) error {
		_, err := fmt.Fprintf(to, "%s was not recognised.\n\nWhy, and what to do: %s\n\nThen move it back into the folder above to try it again.\n", c.Name, why)
		return err
	})
	if err == nil {
		err = w.moveTo(c, folder)
	}
	if err == nil {
		_ = w.drop(c) // holds nothing; see finish
	}
	return err
}

// moveTo moves a document to a folder, where nothing is written over.
func (w *Watcher) moveTo(c *claim, folder string) error {
	to := filepath.Join(folder, c.Name)
	switch _, err := os.Lstat(to); {
	case errors.Is(err, fs.ErrNotExist):
	case equal(c.source, to): // a run that was killed has copied it there, to another disk
		return w.disk.Remove(c.source)
	default:
		base, ending := split(c.Name)
		to = filepath.Join(folder, fit(base, "-"+c.key+ending))
	}
	if err := move(w.disk, c.source, to); err != nil {
		return err
	}
	_ = w.disk.Sync(folder) // without it the document is in the one place or in the other
	return nil
}
