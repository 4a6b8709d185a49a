//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// upgrades holds, by revision, what earlier programs left behind: testdata/upgrade/make.sh makes it.
const upgrades = "testdata/upgrade"

// legacy is what a program of an earlier revision left behind when it was killed, with a document in every state.
type legacy struct {
	t        *testing.T
	revision string
	dir      string
	IDs      map[string]string
	ID       string // of the application
	Secret   string
	Key      string // of the storage account
	Signing  string
	At       time.Time
	Words    []string // of every page
}

// eachLegacy tries what every earlier revision left behind, a folder or an account.
func eachLegacy(t *testing.T, kind string, try func(t *testing.T, l *legacy)) {
	archives, err := filepath.Glob(filepath.Join(upgrades, "*", kind+".tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, archive := range archives {
		revision := filepath.Base(filepath.Dir(archive))
		t.Run(revision, func(t *testing.T) {
			l := &legacy{t: t, revision: revision, dir: t.TempDir()}
			if out, err := exec.Command("tar", "-xzf", archive, "-C", l.dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			text, err := os.ReadFile(filepath.Join(l.dir, "living.json"))
			if err == nil {
				err = json.Unmarshal(text, l)
			}
			if err != nil {
				t.Fatal(err)
			}
			try(t, l)
		})
	}
}

func (l *legacy) data() string { return filepath.Join(l.dir, "data") }

// serve starts the present program over the folder, so long after the earlier one was killed.
func (l *legacy) serve(later time.Duration, env ...string) *server {
	l.t.Helper()
	if err := clock.InFolder(l.data()).Update(func(clock.Anchor) (clock.Anchor, error) {
		now, service := clock.System()(), l.At.Add(later)
		return clock.Anchor{Service: service, Boot: now.Boot, BootID: now.BootID, Wall: now.Wall, Offset: now.Wall.Sub(service)}, nil
	}); err != nil {
		l.t.Fatal(err)
	}
	s := &server{t: l.t, data: l.data(), log: &journal{}, app: l.ID, secret: l.Secret}
	s.run(env, "serve", "--data", l.data(), "--listen", "127.0.0.1:0")
	return s
}

// serveBefore starts the earlier program over the folder, so long after it was killed.
func (l *legacy) serveBefore(later time.Duration) *server {
	l.t.Helper()
	s := &server{t: l.t, bin: l.program("functions"), data: l.data(), log: &journal{}, app: l.ID, secret: l.Secret}
	s.run([]string{"TEST_AHEAD=" + time.Until(l.At.Add(later)).String(), "LETHE_SWEEP_INTERVAL=2s"}, "serve", "--data", l.data(), "--listen", "127.0.0.1:0")
	return s
}

// program builds a command of the earlier revision from the history of this repository, with the clock that the test moves.
func (l *legacy) program(folder string) string {
	l.t.Helper()
	bin, err := buildEarlier(l.revision, folder)
	if errors.Is(err, errNoHistory) {
		l.t.Skipf("revision %s is not in the history here, or its modules are not: %v", l.revision, err)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return bin
}

var errNoHistory = errors.New("cannot be built here")

// built holds what buildEarlier made, so that each is built once.
var built struct {
	sync.Mutex
	of map[string]func() (string, error)
}

func buildEarlier(revision, folder string) (string, error) {
	built.Lock()
	defer built.Unlock()
	name := revision + "/" + folder
	if built.of == nil {
		built.of = map[string]func() (string, error){}
	}
	if built.of[name] == nil {
		built.of[name] = sync.OnceValues(func() (string, error) { return compileEarlier(revision, folder) })
	}
	return built.of[name]()
}

func compileEarlier(revision, folder string) (string, error) {
	dir, err := os.MkdirTemp("", "lethe-earlier-")
	if err != nil {
		return "", err
	}
	tree, bin := filepath.Join(dir, "tree"), filepath.Join(dir, "lethe")
	here, err := filepath.Abs(filepath.Join(upgrades, revision, "source"))
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("sh", "-c", `set -e; mkdir "$2"; git -C "$(git rev-parse --show-toplevel)" archive "$1" | tar -x -C "$2"; test -f "$2/go.mod"`,
		"sh", revision, tree).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %w\n%s", errNoHistory, err, out)
	}
	if err := overlay(tree, here); err != nil {
		return "", err
	}
	list := exec.Command("go", "list", "-deps", "./"+folder)
	list.Dir = tree
	if out, err := list.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %w\n%s", errNoHistory, err, out)
	}
	compile := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", bin, "./"+folder)
	compile.Dir = tree
	if out, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s of revision %s: %w\n%s", folder, revision, err, out)
	}
	return bin, os.RemoveAll(tree)
}

// overlay puts files over those of a tree.
func overlay(tree, files string) error {
	out, err := exec.Command("cp", "-r", files+"/.", tree).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// status is what the interface answers about a task.
func (s *server) status(id string) int {
	s.t.Helper()
	_, err := s.Get(s.t.Context(), id, 0)
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return p.Status
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return http.StatusOK
}

// await waits until every task is erased and returns the receipts.
func (s *server) await(ids ...string) (receipts [][]byte) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); len(ids) > 0; {
		receipt, err := s.Receipt(s.t.Context(), ids[0])
		switch {
		case err == nil:
			receipts, ids = append(receipts, receipt), ids[1:]
		case time.Now().After(deadline):
			s.t.Fatalf("%s is not erased: %v\n%s", ids[0], err, s.log)
		default:
			time.Sleep(100 * time.Millisecond)
		}
	}
	return receipts
}

// read fetches a result.
func (s *server) read(id, format string) string {
	s.t.Helper()
	var b bytes.Buffer
	if _, err := s.Fetch(s.t.Context(), id, format, &b); err != nil {
		s.t.Errorf("%s of %s: %v", format, id, err)
	}
	return b.String()
}

// audit checks receipts and the whole ledger at a time.
func (s *server) audit(now time.Time, receipts ...[]byte) *ledger.Audit {
	s.t.Helper()
	keys := []string{publicKey(s.t, s.data)}
	for _, r := range receipts {
		if _, err := ledger.Verify(r, keys); err != nil {
			s.t.Errorf("a receipt is not verified: %v", err)
		}
	}
	a, err := ledger.Check(s.t.Context(), folderLog{s.data, ""}, ledger.Examination{Keys: keys, Now: now})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(a.Breaches) > 0 {
		s.t.Errorf("the audit found %q", a.Breaches)
	}
	return a
}

// A data folder of an earlier program is taken over as it was left: what was finished is served, what was begun is finished,
// and everything goes when the earlier program promised it.
func TestDataFolderOfAnEarlierProgramIsServedErasedAndAudited(t *testing.T) {
	eachLegacy(t, "folder", func(t *testing.T, old *legacy) {
		s := old.serve(time.Minute)
		all := slices.Collect(maps.Values(old.IDs))

		if text := s.read(old.IDs["completed"], "txt"); recall(text, old.Words) < 0.8 {
			t.Errorf("the text of a document that was finished before reads %q", text)
		}
		for _, format := range []string{"pdf", "json"} {
			if s.read(old.IDs["completed"], format) == "" {
				t.Errorf("%s is empty", format)
			}
		}
		if failed, err := s.Get(t.Context(), old.IDs["failed"], 0); err != nil || failed.State != "ProcessingFailed" || failed.Failure == nil {
			t.Errorf("what failed before is %+v, %v", failed, err)
		}
		if got := s.status(old.IDs["deleted"]); got != http.StatusGone {
			t.Errorf("what was erased before is answered %d", got)
		}
		receipt, err := s.Receipt(t.Context(), old.IDs["deleted"])
		if err != nil {
			t.Error(err)
		}

		// The earlier program was killed over these.
		for name, id := range old.IDs {
			if name != "working" && name != "queued" && !strings.HasPrefix(name, "waiting") {
				continue
			}
			if done := s.follow(id, patience); done.State != "Completed" {
				t.Errorf("%s ended as %+v", name, done)
			}
		}
		if text := s.read(old.IDs["working"], "txt"); recall(text, old.Words) < 0.8 || strings.Count(text, "\f") < 5 {
			t.Errorf("the text of a document that was begun before reads %q", text)
		}

		again, err := s.Create(t.Context(), client.Settings{Formats: []string{"txt"}, Password: "Fjord-4711-Kestrel", Subject: "person-17"}, "once")
		if err != nil || again.ID != old.IDs["submitted"] {
			t.Fatalf("the call that made a task before makes %+v, %v", again, err)
		}
		if err := s.uploadOnce(again, photo(t, ocrtest.Letter(1))); err != nil {
			t.Fatal(err)
		}
		if done := s.follow(again.ID, patience); done.State != "Completed" {
			t.Errorf("a document sent to a task made before ended as %+v", done)
		}
		if erased, err := s.EraseSubject(t.Context(), "person-17"); err != nil || len(erased) != 1 || erased[0].ID != again.ID {
			t.Errorf("of the person %+v was erased, %v", erased, err)
		}
		s.read(old.IDs["fetch"], "txt")
		if got := s.status(old.IDs["fetch"]); got != http.StatusGone {
			t.Errorf("after its result was fetched a task is answered %d", got)
		}
		fresh := s.follow(s.send(photo(t, "A fresh note."), client.Settings{}).ID, patience).ID
		receipts := [][]byte{receipt, s.erased(t)}
		s.stop()

		s = old.serve(70 * time.Minute)
		s.await(old.IDs["short"])
		s.stop()
		s = old.serve(22*time.Hour + 30*time.Minute)
		for _, id := range []string{old.IDs["completed"], old.IDs["failed"], old.IDs["working"], fresh} {
			if got := s.status(id); got != http.StatusOK {
				t.Errorf("before its time a task is answered %d", got)
			}
		}
		s.stop()
		s = old.serve(23*time.Hour + 30*time.Minute)
		receipts = append(receipts, s.await(append(all, fresh)...)...)
		receipts = append(receipts, s.erased(t)) // has its place after all others
		if found := s.left(old.Words[1], "Fjord-4711", "orphan"); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
		s.stop()
		if a := s.audit(old.At.Add(24*time.Hour), receipts...); a.Open != 0 || a.Kinds[ledger.Stray] == 0 || a.Erased != len(all)+3 {
			t.Errorf("the ledger tells of %+v", a)
		}
	})
}

// The way back: what the present program took over, changed and made, the earlier program still erases.
func TestEarlierProgramStillErasesWhatThePresentOneLeaves(t *testing.T) {
	eachLegacy(t, "folder", func(t *testing.T, old *legacy) {
		old.program("functions") // or skip
		s := old.serve(time.Minute, "LETHE_WORKERS=1")
		ids := maps.Clone(old.IDs)
		send := func(name string, content []byte, settings client.Settings) string {
			ids[name] = s.send(content, settings).ID
			return ids[name]
		}
		note := photo(t, "Blackcurrant jelly.")
		s.follow(send("new completed", note, client.Settings{Formats: []string{"txt", "pdf", "json"}}), patience)
		s.follow(send("new fetch", note, client.Settings{DeleteOnFetch: new(true)}), patience)
		s.follow(send("new failed", []byte("no document"), client.Settings{}), patience)
		s.follow(send("new deleted", note, client.Settings{}), patience)
		if err := s.erase(t.Context(), ids["new deleted"]); err != nil {
			t.Fatal(err)
		}
		submitted, err := s.Create(t.Context(), client.Settings{Password: "Fjord-4711-Kestrel", Subject: "person-18"}, "twice")
		if err != nil {
			t.Fatal(err)
		}
		ids["new submitted"] = submitted.ID
		for begun := send("new working", scan(t, 1), client.Settings{}); ; {
			task, err := s.Get(t.Context(), begun, 0)
			if err != nil {
				t.Fatal(err)
			}
			if task.State == "InProgress" || task.Over() {
				break
			}
		}
		s.kill()

		// It answers for the new tasks at once, and goes on with the old ones.
		back := old.serveBefore(10 * time.Minute)
		if text := back.read(ids["new completed"], "txt"); !strings.Contains(text, "Blackcurrant") {
			t.Errorf("the result of a new task reads %q", text)
		}
		if _, err := back.Delete(t.Context(), ids["new completed"]); err != nil {
			t.Errorf("delete of a new task: %v", err)
		}
		receipts := back.await(ids["new completed"])
		for name, id := range ids {
			if strings.HasPrefix(name, "waiting") || name == "working" || name == "new working" {
				if done := back.follow(id, patience); done.State != "Completed" {
					t.Errorf("%s ended as %+v", name, done)
				}
			}
		}
		back.stop()

		back = old.serveBefore(23*time.Hour + 50*time.Minute)
		processed := maps.Clone(ids)
		maps.DeleteFunc(processed, func(name, _ string) bool { return strings.HasSuffix(name, "submitted") })
		receipts = append(receipts, back.await(slices.Collect(maps.Values(processed))...)...)
		back.stop()
		back = old.serveBefore(24*time.Hour + 30*time.Minute)
		receipts = append(receipts, back.await(ids["submitted"], ids["new submitted"])...)
		receipts = append(receipts, back.erased(t))
		if found := back.left(old.Words[1], "Fjord-4711", "orphan", "Blackcurrant"); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
		back.stop()

		// And forth again: one ledger tells of both.
		s = old.serve(25 * time.Hour)
		receipts = append(receipts, s.erased(t))
		s.stop()
		if a := s.audit(old.At.Add(26*time.Hour), receipts...); a.Open != 0 || a.Erased != len(ids) { // two of them never had a document, and two more came
			t.Errorf("the ledger tells of %+v", a)
		}
	})
}
