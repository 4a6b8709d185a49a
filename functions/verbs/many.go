package verbs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gofrs/uuid/v5"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lethe-ocr/lethe/shared/client"
)

// journalFile remembers in the output folder what was accepted, so that a second run goes on.
const journalFile = ".lethe-submit.json"

// journal maps a digest of document and settings to its task. It holds no names.
type journal struct {
	path string

	mu      sync.Mutex
	Entries map[string]*entry `json:"entries"` // guarded by mu
}

// entry is one document.
type entry struct {
	Key  string `json:"key"`            // idempotency key: a create that was answered or not gives the same task
	Task string `json:"task,omitempty"` // its id, once known
	Done bool   `json:"done,omitempty"` // results are in the folder
}

func openJournal(dir string) (*journal, error) {
	j := &journal{path: filepath.Join(dir, journalFile), Entries: map[string]*entry{}}
	content, err := os.ReadFile(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return j, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	if err := json.Unmarshal(content, j); err != nil {
		return nil, fmt.Errorf("%s cannot be read: remove it to start afresh", j.path)
	}
	return j, nil
}

// of returns the entry of a digest, a fresh one if it is new.
func (j *journal) of(digest string) (*entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e, ok := j.Entries[digest]; ok {
		return e, nil
	}
	key, err := uuid.NewV4()
	if err != nil {
		return nil, err
	}
	e := &entry{Key: key.String()}
	j.Entries[digest] = e
	return e, nil
}

// forget gives an entry a new key.
func (j *journal) forget(e *entry) error {
	key, err := uuid.NewV4()
	if err != nil {
		return err
	}
	return j.note(func() { *e = entry{Key: key.String()} })
}

// note changes an entry and writes the journal, whole or not at all.
func (j *journal) note(change func()) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	change()
	content, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode journal: %w", err)
	}
	tmp := j.path + ".tmp"
	if err := os.WriteFile(tmp, content, 0o600); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if err := os.Rename(tmp, j.path); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// work is one document of a large submission.
type work struct {
	document
	entry *entry
	task  *client.Task // nil until created
	err   error
}

// many sends documents several at a time. One that fails does not stop the others.
func (s *submission) many(cmd *cobra.Command, cl *client.Client, documents []document) error {
	if err := os.MkdirAll(s.out, 0o700); err != nil {
		return fmt.Errorf("make output folder: %w", err)
	}
	j, err := openJournal(s.out)
	if err != nil {
		return err
	}
	todo, done, err := s.plan(j, documents)
	if err != nil {
		return err
	}
	bar := newBar(cmd.ErrOrStderr(), "documents")
	bar.to(done, len(documents))
	ctx := cmd.Context()
	// In slices, so that no link expires while its document waits for its turn.
	for slice := range slices.Chunk(todo, min(client.MaxBatch, max(1, 8*s.parallel))) {
		if err := s.create(ctx, cl, j, slice); err != nil {
			return err
		}
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(max(1, s.parallel))
		var mu sync.Mutex
		for _, w := range slice {
			group.Go(func() error {
				if w.err == nil {
					w.err = s.finish(groupCtx, cl, j, w)
					if ExitCode(w.err) == ExitDocument {
						w.err = errors.Join(w.err, j.forget(w.entry)) // the next run makes a new task
					}
				}
				mu.Lock()
				defer mu.Unlock()
				done++
				bar.to(done, len(documents))
				return ctx.Err()
			})
		}
		if err := group.Wait(); err != nil {
			bar.end()
			return err
		}
	}
	bar.end()
	return summary(cmd, todo, len(documents))
}

// plan leaves out what an earlier run finished.
func (s *submission) plan(j *journal, documents []document) (todo []*work, done int, err error) {
	settings, err := json.Marshal(s.settings)
	if err != nil {
		return nil, 0, fmt.Errorf("encode settings: %w", err)
	}
	for _, d := range documents {
		digest, err := fingerprint(d, settings)
		if err != nil {
			return nil, 0, err
		}
		e, err := j.of(digest)
		if err != nil {
			return nil, 0, err
		}
		if e.Done {
			done++
			continue
		}
		todo = append(todo, &work{document: d, entry: e})
	}
	return todo, done, j.note(func() {})
}

// fingerprint changes when the file or the settings do.
func fingerprint(d document, settings []byte) (string, error) {
	if d.path == "-" {
		return "", Usage(errors.New("standard input cannot be one of several documents"))
	}
	stat, err := os.Stat(d.path)
	if err != nil {
		return "", fmt.Errorf("look at document: %w", err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %d %q", d.rel, stat.Size(), stat.ModTime().UnixNano(), settings)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// create asks for the tasks of a slice in one call.
func (s *submission) create(ctx context.Context, cl *client.Client, j *journal, slice []*work) error {
	items := make([]client.BatchItem, len(slice))
	for i, w := range slice {
		items[i] = client.BatchItem{Settings: s.settings, Key: w.entry.Key}
	}
	results, err := cl.CreateBatch(ctx, items)
	if err != nil {
		return err
	}
	return j.note(func() {
		for i, r := range results {
			if r.Problem != nil {
				slice[i].err = r.Problem
				continue
			}
			slice[i].task, slice[i].entry.Task = r.Task, r.Task.ID
		}
	})
}

// finish uploads a document, follows it and fetches its results.
func (s *submission) finish(ctx context.Context, cl *client.Client, j *journal, w *work) error {
	open, err := w.source(nil)
	if err != nil {
		return err
	}
	if err := cl.Upload(ctx, w.task, open); err != nil {
		return err
	}
	t, err := follow(ctx, cl, w.task.ID, func(*client.Task) {})
	if err != nil {
		return err
	}
	for _, f := range s.formats {
		path := filepath.Join(s.out, w.rel+extension(f))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make output folder: %w", err)
		}
		if err := fetchFile(ctx, cl, t.ID, f, path); err != nil {
			return err
		}
	}
	if s.erase {
		if _, err := erase(ctx, cl, t.ID, true); err != nil {
			return err
		}
	}
	return j.note(func() { w.entry.Done = true })
}

// extension is added to the document's name.
func extension(format string) string {
	switch format {
	case "hocr":
		return ".hocr.html"
	case "alto":
		return ".alto.xml"
	default:
		return "." + format
	}
}

func summary(cmd *cobra.Command, todo []*work, all int) error {
	failed := 0
	var last error
	for _, w := range todo {
		if w.err != nil {
			failed++
			last = w.err
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", w.rel, Message(w.err))
		}
	}
	switch {
	case failed == 0:
		return nil
	case all == 1:
		return last
	default:
		return Some(fmt.Errorf("%d of %d documents failed; run the same command to try them again", failed, all))
	}
}
