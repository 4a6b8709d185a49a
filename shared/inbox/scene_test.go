//go:build unix

package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
)

// service recognises documents as their own text. It makes one task for a key, however often it is asked.
type service struct {
	steps *steps
	mu    sync.Mutex
	tasks map[string]*client.Task // by key, which is the id too
	sent  map[string]string       // documents by id
	// meet happens when a task is followed, before its answer; nil for nothing.
	meet func(document string) error
}

// Create implements Service.
func (s *service) Create(_ context.Context, _ client.Settings, key string) (t *client.Task, err error) {
	return t, s.steps.step(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tasks[key] == nil {
			s.tasks[key] = &client.Task{ID: key, State: "Submitted"}
		}
		t = s.tasks[key]
		if t.Gone() {
			return &client.Problem{Status: 410, Code: "task_erased"}
		}
		return nil
	})
}

// Upload implements Service.
func (s *service) Upload(_ context.Context, t *client.Task, open client.Source) error {
	s.mu.Lock()
	there := s.sent[t.ID] != ""
	s.mu.Unlock()
	if there {
		return nil
	}
	body, _, err := open()
	if err != nil {
		return err
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	return s.steps.step(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sent[t.ID] = string(content)
		return nil
	})
}

// Follow implements Service.
func (s *service) Follow(_ context.Context, id string, seen func(*client.Task)) (t *client.Task, err error) {
	return t, s.steps.step(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.meet != nil {
			if err := s.meet(s.sent[id]); err != nil {
				return err
			}
		}
		t = s.tasks[id]
		t.State = "Completed"
		if strings.Contains(s.sent[id], "damaged") {
			t.State, t.Failure = "ProcessingFailed", &client.Failure{Code: "document_damaged", Detail: "repair it"}
		}
		seen(t)
		return nil
	})
}

// Fetch implements Service.
func (s *service) Fetch(_ context.Context, id, format string, w io.Writer) (n int64, err error) {
	return n, s.steps.step(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tasks[id].Gone() {
			return &client.Problem{Status: 410, Code: "task_erased"}
		}
		written, err := fmt.Fprintf(w, "%s of %s", format, s.sent[id])
		n = int64(written)
		return err
	})
}

// Erase implements Service.
func (s *service) Erase(_ context.Context, id string) (t *client.Task, err error) {
	return t, s.steps.step(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		t = s.tasks[id]
		t.State = "Deleted"
		return nil
	})
}

// steps counts what a run does to the disk and to the server, and breaks one of its steps.
type steps struct {
	mu   sync.Mutex
	n    int // steps so far
	at   int // step that breaks; 0 for none
	how  breakage
	dead bool
}

// breakage is how a step breaks.
type breakage int

const (
	fails     breakage = iota // once, without an effect
	answers                   // once, with its effect: the answer is lost
	killed                    // before its effect; nothing happens after that
	killedAft                 // after its effect; nothing happens after that
)

var errBroken, errKilled = errors.New("no room"), errors.New("killed")

func (s *steps) step(do func() error) error {
	s.mu.Lock()
	if s.dead {
		s.mu.Unlock()
		return errKilled
	}
	s.n++
	breaks := s.n == s.at
	s.dead = breaks && (s.how == killed || s.how == killedAft)
	s.mu.Unlock()
	switch {
	case !breaks:
		return do()
	case s.how == fails:
		return errBroken
	case s.how == answers:
		return errors.Join(do(), errBroken)
	case s.how == killedAft:
		_ = do() // nobody learns of it
	}
	return errKilled
}

func (s *steps) killed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// stepping is a disk whose changes are steps. It does not wait for the disk of the machine.
type stepping struct {
	machine
	*steps
	apart string // folder that is on another disk than the rest
}

func (d stepping) Mkdir(path string) error {
	return d.step(func() error { return d.machine.Mkdir(path) })
}

func (d stepping) Rename(from, to string) error {
	if d.apart != "" && filepath.Dir(to) == d.apart && filepath.Dir(from) != d.apart {
		return crossDisk
	}
	return d.step(func() error { return d.machine.Rename(from, to) })
}

func (d stepping) Remove(path string) error {
	return d.step(func() error { return d.machine.Remove(path) })
}
func (d stepping) Sync(string) error { return d.step(func() error { return nil }) }

func (d stepping) Create(path string) (f output, err error) {
	err = d.step(func() error { f, err = d.machine.Create(path); return err })
	if err != nil && f != nil {
		_ = f.Close() // its creator is gone
	}
	return steppingFile{f, d.steps}, err
}

// steppingFile is a file whose writes are steps. A run that is killed in one has written half of it.
type steppingFile struct {
	output
	*steps
}

func (f steppingFile) Write(p []byte) (n int, err error) {
	return len(p), f.step(func() error {
		if f.killed() {
			p = p[:len(p)/2]
		}
		n, err = f.output.Write(p)
		return err
	})
}
func (f steppingFile) Sync() error { return f.step(func() error { return nil }) }

// scene is an inbox, and what becomes of it.
type scene struct {
	*service
	t               testing.TB
	inbox, out, don string
	cfg             Config
	events          []Event
}

func newScene(t testing.TB, documents map[string]string) *scene {
	t.Helper()
	dir := t.TempDir()
	s := &scene{
		service: &service{steps: &steps{}, tasks: map[string]*client.Task{}, sent: map[string]string{}},
		t:       t, inbox: filepath.Join(dir, "in"), out: filepath.Join(dir, "out"), don: filepath.Join(dir, "done"),
	}
	if err := os.Mkdir(s.inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range documents {
		s.put(name, content)
	}
	s.cfg = Config{
		Inbox: s.inbox, Out: s.out, Done: s.don, Settings: client.Settings{Formats: []string{"txt", "json"}}, Parallel: 1, Every: time.Second, Once: true,
		Service: s.service,
		Explain: func(code fault.Code, detail string) string { return fmt.Sprintf("%s (%s)", detail, code) },
		Tell:    func(e Event) { s.events = append(s.events, e) },
		Wait: func(ctx context.Context, _ time.Duration) error {
			return errors.Join(ctx.Err(), s.steps.step(func() error { return nil }))
		},
	}
	return s
}

func (s *scene) put(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.inbox, name), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run watches once.
func (s *scene) run() (Totals, error) {
	s.t.Helper()
	if s.cfg.disk == nil {
		s.cfg.disk = stepping{steps: s.steps}
	}
	w, err := Open(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	return w.Run(s.t.Context())
}

// files returns what is in a folder: names with their content. Locks are left out.
func (s *scene) files(folder string) map[string]string {
	s.t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == lock || e.Name() == Claims || e.Name() == Failed {
			continue
		}
		if !e.Type().IsRegular() {
			found[e.Name()] = e.Type().String()
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			s.t.Fatal(err)
		}
		found[e.Name()] = string(content)
	}
	return found
}
