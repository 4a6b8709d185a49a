//go:build unix

package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/client"
)

// crossDisk is what renaming to another disk ends with.
var crossDisk error = &os.LinkError{Op: "rename", Err: syscall.EXDEV}

// Whichever step fails, or is the last one before or after which the program is killed: the next run brings every document to
// its end, none is lost, and no second task is made of any.
func TestRunThatBreaksAnywhereIsGoneOnWith(t *testing.T) {
	t.Parallel()
	documents := map[string]string{"bad.pdf": "a damaged letter", "good.pdf": "a letter"}
	for name, c := range map[string]struct {
		how    breakage
		change func(*scene)
	}{
		"step fails":                                 {fails, func(*scene) {}},
		"answer of a step is lost":                   {answers, func(*scene) {}},
		"killed before a step":                       {killed, func(*scene) {}},
		"killed after a step":                        {killedAft, func(*scene) {}},
		"killed while sources are erased, and tasks": {killedAft, func(s *scene) { s.cfg.Done, s.cfg.Erase = "", true }},
		"killed while copying to another disk":       {killedAft, func(s *scene) { s.cfg.disk = stepping{steps: s.steps, apart: s.don} }},
		"other disk fails":                           {fails, func(s *scene) { s.cfg.disk = stepping{steps: s.steps, apart: s.don} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				s := newScene(t, documents)
				c.change(s)
				s.steps.at, s.steps.how = at, c.how
				_, _ = s.run() // it breaks
				if s.steps.n < at {
					t.Logf("%d steps", at-1)
					if at < 40 {
						t.Errorf("only %d steps", at-1)
					}
					return
				}
				s.steps.at, s.steps.dead = 0, false
				if totals, err := s.run(); err != nil || totals.Held > 0 {
					t.Fatalf("step %d: second run: %+v, %v", at, totals, err)
				}
				s.ended(fmt.Sprintf("step %d", at))
			}
		})
	}
}

// ended asserts that a good and a bad document came to their ends.
func (s *scene) ended(when string) {
	s.t.Helper()
	done := map[string]string{"good.pdf": "a letter"}
	if s.cfg.Done == "" {
		done = map[string]string{}
	}
	for folder, want := range map[string]map[string]string{
		s.inbox:                        {},
		filepath.Join(s.inbox, Claims): {},
		s.out:                          {"good.pdf.txt": "txt of a letter", "good.pdf.json": "json of a letter"},
		s.don:                          done,
		filepath.Join(s.inbox, Failed): {
			"bad.pdf":          "a damaged letter",
			"bad.pdf" + Reason: "bad.pdf was not recognised.\n\nWhy, and what to do: repair it (document_damaged)\n\nThen move it back into the folder above to try it again.\n",
		},
	} {
		if diff := cmp.Diff(want, s.files(folder)); diff != "" {
			s.t.Fatalf("%s: %s (-want +got):\n%s", when, filepath.Base(folder), diff)
		}
	}
	var sent []string
	for _, content := range s.sent {
		sent = append(sent, content)
	}
	slices.Sort(sent)
	if want := []string{"a damaged letter", "a letter"}; !slices.Equal(sent, want) {
		s.t.Fatalf("%s: %q were recognised, want each of %q once", when, sent, want)
	}
}

// What lies in the folder of claims cannot lead a result out of the folder for results.
func TestForgedRecordLeadsNowhere(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	key := "6c84fb90-12c4-11e1-840d-7b25c5ee775a"
	folder := filepath.Join(s.inbox, Claims, key)
	err := errors.Join(
		os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "scan.pdf"), []byte("a letter"), 0o600),
		os.WriteFile(folder+".json", []byte(`{"name":"../../escaped","fetched":true}`), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	if totals, err := s.run(); err != nil || totals.Done != 1 {
		t.Errorf("%+v, %v", totals, err)
	}
	if got := s.files(s.out)["scan.pdf.txt"]; got != "txt of a letter" {
		t.Errorf("result %q", got)
	}
}

func TestFoldersOfTheInboxThatAreLinksAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Claims, Failed} {
		s := newScene(t, nil)
		if err := os.Symlink(t.TempDir(), filepath.Join(s.inbox, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(s.cfg); err == nil || !strings.Contains(err.Error(), "no link") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOneProcessWatchesAnInboxAndFillsAFolder(t *testing.T) {
	t.Parallel()
	s, other := newScene(t, nil), newScene(t, nil)
	first, err := Open(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"same inbox":  {Inbox: s.inbox, Out: other.out},
		"same folder": {Inbox: other.inbox, Out: s.out},
	} {
		if _, err := Open(cfg); !errors.Is(err, ErrWatched) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	s.cfg.Out = s.inbox
	if _, err := Open(s.cfg); err == nil {
		t.Error("results go to the inbox")
	}
}

func TestDocumentsOfOneNameKeepTheirResultsApart(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	for i := range 3 {
		s.put("scan.pdf", fmt.Sprintf("letter %d", i))
		if totals, err := s.run(); err != nil || totals.Done != 1 {
			t.Fatalf("%+v, %v", totals, err)
		}
	}
	if n := len(s.files(s.out)); n != 6 {
		t.Errorf("%d results, want 6", n)
	}
	if kept := slices.Sorted(maps.Values(s.files(s.don))); !slices.Equal(kept, []string{"letter 0", "letter 1", "letter 2"}) {
		t.Errorf("documents kept: %q", kept)
	}
}

// Results that differ in their endings alone are of one document, whichever formats the runs asked for.
func TestDocumentsOfOneNameKeepTheirResultsApartInEveryFormat(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	for i, format := range []string{"pdf", "txt", "preview"} {
		s.put("page.png", fmt.Sprintf("letter %d", i))
		s.cfg.Settings.Formats = []string{format}
		if totals, err := s.run(); err != nil || totals.Done != 1 {
			t.Fatalf("%+v, %v", totals, err)
		}
	}
	names := map[string]bool{}
	for result := range s.files(s.out) {
		names[strings.TrimSuffix(result, filepath.Ext(result))] = true
	}
	if len(names) != 3 || !names["page.png"] {
		t.Errorf("the results of three documents have the names %v", slices.Sorted(maps.Keys(names)))
	}
}

// A document that is written to while it is recognised was not complete: what is recognised in the end is all of it.
func TestDocumentThatChangesUnderWayIsRecognisedAnew(t *testing.T) {
	t.Parallel()
	s := newScene(t, map[string]string{"scan.pdf": "half"})
	s.meet = func(document string) error {
		if document != "half" {
			return nil
		}
		claimed, err := filepath.Glob(filepath.Join(s.inbox, Claims, "*", "scan.pdf"))
		if err != nil || len(claimed) != 1 {
			return fmt.Errorf("%q, %w", claimed, err)
		}
		return os.WriteFile(claimed[0], []byte("the whole"), 0o600)
	}
	if totals, err := s.run(); err != nil || totals.Done != 1 {
		t.Fatalf("%+v, %v", totals, err)
	}
	if got := s.files(s.out)["scan.pdf.txt"]; got != "txt of the whole" {
		t.Errorf("result %q", got)
	}
	if left := s.files(filepath.Join(s.inbox, Claims)); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

func TestFailedDocumentThatIsMovedBackIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, map[string]string{"scan.pdf": "damaged"})
	for range 2 {
		if totals, err := s.run(); err != nil || totals.Failed != 1 {
			t.Fatalf("%+v, %v", totals, err)
		}
		s.rename(filepath.Join(Failed, "scan.pdf"), "scan.pdf")
	}
	s.put("scan.pdf", "repaired")
	if totals, err := s.run(); err != nil || totals.Done != 1 {
		t.Fatalf("%+v, %v", totals, err)
	}
	if left := s.files(filepath.Join(s.inbox, Failed)); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

// What the server fails at for the moment is tried again with a new task, not for ever.
func TestDocumentThatTheServerFailsAtIsTriedAFewTimes(t *testing.T) {
	t.Parallel()
	for fails, want := range map[int]Totals{2: {Done: 1}, 3: {Failed: 1}} {
		s := newScene(t, map[string]string{"scan.pdf": "a letter"})
		left := fails
		s.cfg.Service = &failing{s.service, &left}
		if totals, err := s.run(); err != nil || totals != want || len(s.tasks) != 3 {
			t.Errorf("%d failures: %+v, %v with %d tasks; want %+v", fails, totals, err, len(s.tasks), want)
		}
	}
}

// failing is a service that fails at tasks for a while.
type failing struct {
	*service
	left *int
}

// Follow implements Service.
func (f *failing) Follow(ctx context.Context, id string, seen func(*client.Task)) (*client.Task, error) {
	t, err := f.service.Follow(ctx, id, seen)
	if *f.left--; *f.left >= 0 {
		t.State, t.Failure = "ProcessingFailed", &client.Failure{Code: "engine_unavailable", Retryable: true}
	}
	return t, err
}

func TestServerThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s := newScene(t, map[string]string{"scan.pdf": "a letter"})
	away := 3
	s.meet = func(string) error {
		if away--; away >= 0 {
			return client.ErrUnreachable
		}
		return nil
	}
	s.cfg.Once = false
	s.cfg.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	s.cfg.Parallel = 1
	s.cfg.Tell = func(e Event) {
		s.events = append(s.events, e)
		if !e.Held {
			stop()
		}
	}
	w, err := Open(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	totals, err := w.Run(ctx)
	if !errors.Is(err, context.Canceled) || totals.Done != 1 || len(s.tasks) != 1 {
		t.Errorf("%+v, %v with %d tasks", totals, err, len(s.tasks))
	}
	if len(s.events) != 2 || !s.events[0].Held {
		t.Errorf("%d events: want one that tells why it waits, and the result", len(s.events))
	}
}

// What every document would meet stops the program at once, and the documents stay.
func TestRefusalOfAllStops(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{
		"credentials": &client.Problem{Status: 401}, "settings": &client.Problem{Status: 422, Code: "language_unknown"}, "setting dropped": &client.DroppedError{Field: "f"},
		"no server": client.ErrUnreachable, // with --once
	} {
		s := newScene(t, map[string]string{"a.pdf": "a", "b.pdf": "b"})
		s.meet = func(string) error { return refusal }
		if totals, err := s.run(); !errors.Is(err, refusal) || totals.Failed+totals.Done > 0 {
			t.Errorf("%s: %+v, %v", name, totals, err)
		}
		s.meet = nil
		if totals, err := s.run(); err != nil || totals.Done != 2 {
			t.Errorf("%s: afterwards %+v, %v", name, totals, err)
		}
	}
}

func TestDocumentThatMayNotBeReadIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("permissions: root may read everything")
	}
	s := newScene(t, map[string]string{"scan.pdf": "a letter"})
	if err := os.Chmod(filepath.Join(s.inbox, "scan.pdf"), 0); err != nil {
		t.Fatal(err)
	}
	if totals, err := s.run(); err != nil || totals.Failed != 1 {
		t.Fatalf("%+v, %v", totals, err)
	}
	why, err := os.ReadFile(filepath.Join(s.inbox, Failed, "scan.pdf"+Reason))
	if err != nil || !bytes.Contains(why, []byte("the right to read it")) {
		t.Errorf("%q, %v", why, err)
	}
}
