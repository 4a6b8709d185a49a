package verbs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/uuid/v5"
)

// journalFile remembers in the output folder what was accepted, so that a second run goes on.
const journalFile = ".lethe-submit.jsonl"

// entry is what is known of one document. The journal holds a line for each change; the last one counts.
type entry struct {
	Document string `json:"document"`       // digest of the file's path, size and time, the settings and the server
	File     string `json:"file,omitempty"` // digest of the file's path, size and time alone; lines of earlier versions have none
	Name     string `json:"name,omitempty"` // digest of that of its results, without their endings; likewise
	Key      string `json:"key"`            // idempotency key: a create that was answered or not gives the same task
	Task     string `json:"task,omitempty"` // its id, once known
	Sent     bool   `json:"sent,omitempty"` // the document is with the server
	Done     bool   `json:"done,omitempty"` // results are in the folder
	Erased   bool   `json:"erased,omitempty"`
	Missing  int    `json:"missing,omitempty"` // pages that the results lack
	Pages    int    `json:"pages,omitempty"`   // of the document; known where some are missing
}

// journal is safe for concurrent use. An entry is changed by the one who works on its document.
type journal struct {
	mu      sync.Mutex // guards file
	file    *os.File   // nil: remembered for this run only
	entries map[string]*entry
	owners  map[string]string // by digest of the name of results: the file that those in the folder are of
}

// openJournal reads the journal of a folder, or begins one. Without a folder nothing is kept.
func openJournal(dir string) (*journal, error) {
	j := &journal{entries: map[string]*entry{}, owners: map[string]string{}}
	if dir == "" {
		return j, nil
	}
	f, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the folder that the user named
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.file = f
	if err := j.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("read journal %s: %w; remove it to start afresh", f.Name(), err), f.Close())
	}
	return j, nil
}

func (j *journal) load() error {
	whole := int64(0)
	for r := bufio.NewReader(j.file); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// A run may have been killed while it wrote: what it left has no end of line and is written over.
			_, err = j.file.Seek(whole, io.SeekStart)
			return err
		}
		if err != nil {
			return err
		}
		whole += int64(len(line))
		e := &entry{}
		if err := json.Unmarshal(line, e); err != nil {
			return err
		}
		if e.Document == "" || e.Key == "" {
			return errors.New("a line has no document or no key")
		}
		j.entries[e.Document] = e
		if e.Done && e.Name != "" {
			j.owners[e.Name] = e.File
		}
	}
}

// entry returns what is known of a document; a fresh entry is not written yet.
func (j *journal) entry(digest string) (*entry, error) {
	if e, ok := j.entries[digest]; ok {
		return e, nil
	}
	e := &entry{Document: digest}
	j.entries[digest] = e
	return e, e.renew()
}

// renew makes the entry one of a task that does not exist yet.
func (e *entry) renew() error {
	key, err := uuid.NewV4()
	if err != nil {
		return fmt.Errorf("make idempotency key: %w", err)
	}
	*e = entry{Document: e.Document, File: e.File, Name: e.Name, Key: key.String()}
	return nil
}

// note appends entries in one write.
func (j *journal) note(entries ...*entry) error {
	if j.file == nil || len(entries) == 0 {
		return nil
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("encode journal: %w", err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// fingerprints are two digests: the first changes when the file, the settings or the server do, the other with the file alone. The
// password is no part of them: a digest that lies in a folder could be used to guess it.
func (s *submission) fingerprints(path string) (whole, file string, err error) {
	settings := s.settings
	settings.Password = ""
	treatment, err := json.Marshal(settings)
	if err != nil {
		return "", "", fmt.Errorf("encode settings: %w", err)
	}
	place, err := filepath.Abs(path)
	if err != nil {
		return "", "", fmt.Errorf("look at document: %w", err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		return "", "", fmt.Errorf("look at document: %w", errors.Unwrap(err))
	}
	version := fmt.Sprintf("%q %d %d", place, stat.Size(), stat.ModTime().UnixNano())
	return digest(fmt.Sprintf("%s %q %q %q", version, treatment, s.url, s.app)), digest(version), nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
