package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"

	"github.com/lethe-ocr/lethe/shared/render"
)

// record is what is known of a document under way. It lies beside the folder that holds the document and has its name.
type record struct {
	Name     string `json:"name"`              // of its results, fit for every file system
	Size     int64  `json:"size"`              // of the document when it was sent, in bytes
	Modified int64  `json:"modified"`          // in nanoseconds since 1970, likewise
	Tries    int    `json:"tries,omitempty"`   // that the server failed at
	Task     string `json:"task,omitempty"`    // its id, once results are here
	Missing  int    `json:"missing,omitempty"` // pages that the results lack
	Fetched  bool   `json:"fetched,omitempty"` // all results are in the folder, perhaps not under their names yet
}

// claim is a document under way.
type claim struct {
	record
	key    string // idempotency key of its task, and the name of its folder
	source string // path of the document; empty if there is none any more
}

func (w *Watcher) folder(key string) string { return filepath.Join(w.cfg.Inbox, Claims, key) }

func (w *Watcher) recordPath(key string) string { return w.folder(key) + ".json" }

func newKey() (string, error) {
	key, err := uuid.NewV4()
	if err != nil {
		return "", fmt.Errorf("make idempotency key: %w", err)
	}
	return key.String(), nil
}

// claim takes a complete file out of the inbox. A file that changed since it was looked at stays there; no claim is returned then.
func (w *Watcher) claim(f file) (*claim, error) {
	path := filepath.Join(w.cfg.Inbox, f.name)
	if now, err := os.Lstat(path); err != nil || !unchanged(f.info, now) {
		return nil, nil //nolint:nilerr // it is gone, or not complete
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	c := &claim{key: key, record: record{Size: f.info.Size(), Modified: f.info.ModTime().UnixNano()}}
	c.Name = w.name(safe(f.name), key)
	err = w.save(c)
	if err == nil {
		err = w.disk.Mkdir(w.folder(key))
	}
	if err == nil {
		c.source = filepath.Join(w.folder(key), f.name)
		err = w.disk.Rename(path, c.source)
	}
	if _, here := os.Lstat(c.source); err != nil && (c.source == "" || here != nil) { // a share may fail at what it has done
		return nil, errors.Join(err, w.drop(c))
	}
	_, _ = w.disk.Sync(w.folder(key)), w.disk.Sync(w.cfg.Inbox) // without it the document is in the one place or in the other
	return c, nil
}

// drop removes what is left of a claim without a document.
func (w *Watcher) drop(c *claim) error {
	for _, path := range []string{w.folder(c.key), w.recordPath(c.key)} {
		if err := w.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.targets(c.Name) {
		delete(w.taken, strings.ToLower(path))
	}
	return nil
}

// save writes the record of a claim.
func (w *Watcher) save(c *claim) error {
	text, err := json.Marshal(c.record)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	return write(w.disk, w.recordPath(c.key), func(to io.Writer) error {
		_, err := io.Copy(to, bytes.NewReader(text))
		return err
	})
}

// renew gives a claim another key: its next task is a new one. The record of the new key is written before the folder has its name.
func (w *Watcher) renew(c *claim, stat fs.FileInfo) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	next := *c
	next.key, next.source = key, filepath.Join(w.folder(key), filepath.Base(c.source))
	next.Size, next.Modified = stat.Size(), stat.ModTime().UnixNano()
	next.Task, next.Missing, next.Fetched = "", 0, false
	if err := w.save(&next); err != nil {
		return err
	}
	if err := w.disk.Rename(w.folder(c.key), w.folder(key)); err != nil {
		return errors.Join(err, w.disk.Remove(w.recordPath(key)))
	}
	old := w.recordPath(c.key)
	*c = next
	_ = w.disk.Remove(old) // it is of no folder now; the next run removes it
	return nil
}

// resume returns the claims of earlier runs, and removes what those left half done.
func (w *Watcher) resume() ([]*claim, error) {
	entries, err := os.ReadDir(filepath.Join(w.cfg.Inbox, Claims))
	if err != nil {
		return nil, err
	}
	var left []*claim
	parts := map[string]bool{}
	for _, e := range entries {
		path := filepath.Join(w.cfg.Inbox, Claims, e.Name())
		switch {
		case e.IsDir():
			c, err := w.reopen(e.Name())
			if err != nil {
				return nil, err
			}
			if c == nil {
				continue
			}
			left = append(left, c)
			for _, f := range w.cfg.Settings.Formats {
				parts[w.part(c, f)] = true
			}
		case strings.HasSuffix(e.Name(), ".json"):
			if _, err := os.Lstat(strings.TrimSuffix(path, ".json")); !errors.Is(err, fs.ErrNotExist) {
				continue
			}
			fallthrough // the document was never taken, or has ended
		case strings.HasSuffix(e.Name(), partial):
			if err := w.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	return left, w.tidy(parts)
}

// reopen reads a claim; none if its document has ended or was never taken.
func (w *Watcher) reopen(key string) (*claim, error) {
	c := &claim{key: key}
	inside, err := os.ReadDir(w.folder(key))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(w.recordPath(key))
	if err == nil {
		err = json.Unmarshal(text, &c.record)
	}
	if err == nil && c.Name != safe(c.Name) {
		err = errors.New("its name is none")
	}
	if len(inside) == 0 {
		return nil, w.drop(c)
	}
	c.source = filepath.Join(w.folder(key), inside[0].Name())
	if err == nil {
		w.take(c.Name)
		return c, nil
	}
	// Without its record the document is a new one: no file has the size that the record says now.
	c.record = record{Name: w.name(safe(inside[0].Name()), key)}
	return c, w.save(c)
}

// tidy removes results that were being fetched of documents that are not under way.
func (w *Watcher) tidy(keep map[string]bool) error {
	folder, err := os.Open(w.cfg.Out)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // it was read
	for {
		entries, err := folder.ReadDir(listed)
		for _, e := range entries {
			path := filepath.Join(w.cfg.Out, e.Name())
			if strings.HasSuffix(e.Name(), partial) && !keep[path] {
				if err := w.disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// longest is the most bytes of a name, so that endings and a key fit behind it: file systems allow 255.
const longest = 160

// safe makes a file's name one that every file system takes, that hides nothing on a terminal, and that no program takes for a flag.
func safe(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if name == "" || name[0] == '-' || name[0] == '.' || name[0] == '~' {
		name = "_" + name
	}
	base, ending := split(name)
	return fit(base, ending)
}

// split parts a name from its ending, if it has a short one.
func split(name string) (base, ending string) {
	if ending = filepath.Ext(name); len(ending) > 16 {
		ending = ""
	}
	return strings.TrimSuffix(name, ending), ending
}

// fit shortens the first part of a name, so that the whole is not too long.
func fit(base, rest string) string {
	if cut := longest - len(rest); len(base) > cut {
		for !utf8.RuneStart(base[cut]) {
			cut--
		}
		base = base[:cut]
	}
	return base + rest
}

// name chooses the name of a document's results: its own, or one with a piece of its key where that is in use. Scanners begin to
// count anew.
func (w *Watcher) name(own, key string) string {
	base, ending := split(own)
	chosen := fit(base, "-"+key+ending)
	for _, name := range []string{own, fit(base, "-"+key[:8]+ending)} {
		if w.free(name) {
			chosen = name
			break
		}
	}
	w.take(chosen)
	return chosen
}

// free reports whether no document had or has the name.
func (w *Watcher) free(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !slices.ContainsFunc(w.targets(name), func(path string) bool {
		_, err := os.Lstat(path)
		return w.taken[strings.ToLower(path)] || !errors.Is(err, fs.ErrNotExist)
	})
}

func (w *Watcher) take(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.targets(name) {
		w.taken[strings.ToLower(path)] = true
	}
}

// targets are the files that are made of a document with the name, in whichever format it or another of that name is asked for: results
// that differ in their endings alone are taken for those of one document. Promises keep apart by themselves.
func (w *Watcher) targets(name string) []string {
	paths := []string{filepath.Join(w.cfg.Inbox, Failed, name)}
	if w.cfg.Done != "" {
		paths = append(paths, filepath.Join(w.cfg.Done, name))
	}
	for _, f := range render.Formats() {
		paths = append(paths, w.result(name, string(f)))
	}
	return paths
}

// result is where a result goes.
func (w *Watcher) result(name, format string) string {
	return filepath.Join(w.cfg.Out, name+render.Format(format).Extension())
}

// part is where a result is until all of them are here.
func (w *Watcher) part(c *claim, format string) string {
	return filepath.Join(w.cfg.Out, "."+filepath.Base(w.result(c.Name, format))+partial)
}
