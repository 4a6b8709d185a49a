//go:build linux && cgo

package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger"
)

// stamp is the account that an earlier program left behind, some time after, and the processes that work on it.
type stamp struct {
	*legacy
	t         *testing.T
	clock     string // file with the milliseconds that the emulator is ahead
	ahead     time.Duration
	account   azurite.Account
	store     *azure.Store
	instances []instance
	messages  []string // on the queue
	random    *rand.Rand
}

func (l *legacy) stamp(t *testing.T) *stamp {
	t.Helper()
	s := &stamp{legacy: l, t: t, clock: filepath.Join(t.TempDir(), "ahead"), random: rand.New(rand.NewPCG(11, 28))}
	s.at(time.Minute)
	s.account = azurite.Reopen(t, filepath.Join(l.dir, "azurite"), "lethe", l.Key, s.clock)
	present := &presentInstance{t: t}
	var err error
	if s.store, err = azure.Open(azure.Config{ConnectionString: s.account.ConnectionString, Now: present.now}); err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(l.Signing)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	present.ledger = ledger.New(ledger.Config{
		Blobs: s.store.Blobs, Records: s.store.Records, Signer: signer, Region: "local", Program: "lethe test", Keep: retention.TombstoneLife, Now: present.now, Log: quiet,
	})
	present.Service = task.New(task.Config{
		Store:  task.Store{Blobs: s.store.Blobs, Records: s.store.Records, Agenda: s.store.Records},
		Ledger: present.ledger, Links: s.store.Links, Engine: present, Queue: trigger.Queue{To: present}, Turns: fairqueue.New(2, present.now),
		Policy: retention.Default(), Inventory: erasure.Inventory(), Limits: task.DefaultLimits(), Streams: task.StreamsMarked, Sweepers: 4,
		Owner: "present", Software: "lethe test", Now: present.now, Log: quiet,
	})
	s.instances = []instance{present}
	return s
}

// join starts a process of the earlier program beside the present one.
func (s *stamp) join(program string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), program)
	cmd.Env = append(os.Environ(), "Documents="+s.account.ConnectionString, "SIGNING_KEY="+s.Signing)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	s.instances = append(s.instances, earlierInstance{s.t, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))})
}

// at moves the time of emulator and processes to so long after the earlier program was killed.
func (s *stamp) at(later time.Duration) {
	s.t.Helper()
	s.ahead = time.Until(s.At.Add(later))
	next := s.clock + ".next"
	err := os.WriteFile(next, []byte(strconv.FormatInt(s.ahead.Milliseconds(), 10)), 0o600)
	if err := errors.Join(err, os.Rename(next, s.clock)); err != nil {
		s.t.Fatal(err)
	}
}

// any has one of the processes do something.
func (s *stamp) any(op operation) outcome {
	s.t.Helper()
	op.Ahead, op.App = s.ahead, s.ID
	o := s.instances[s.random.IntN(len(s.instances))].do(op)
	s.messages = append(s.messages, o.Messages...)
	return o
}

// must is any that may not fail.
func (s *stamp) must(op operation) outcome {
	s.t.Helper()
	o := s.any(op)
	if o.Error != "" {
		s.t.Fatalf("%+v: %s", op, o.Error)
	}
	return o
}

// tick is what the timer starts, and what the queue holds then.
func (s *stamp) tick() {
	s.t.Helper()
	s.must(operation{Do: "sweep"})
	s.must(operation{Do: "sequence"})
	waiting := s.messages
	s.messages = nil
	for _, text := range waiting {
		s.must(operation{Do: "message", Text: text})
	}
}

// send makes a task and stores its document.
func (s *stamp) send(key string) outcome {
	s.t.Helper()
	made := s.must(operation{Do: "create", Key: key})
	if again := s.must(operation{Do: "create", Key: key}); again.ID != made.ID {
		s.t.Errorf("the same call makes task %s, then %s", made.ID, again.ID)
	}
	if _, err := s.store.Blobs.Put(s.t.Context(), made.Name, "application/octet-stream", strings.NewReader("a note")); err != nil {
		s.t.Fatal(err)
	}
	return made
}

// expect checks that a document was read.
func (s *stamp) expect(id string, pages int) {
	s.t.Helper()
	if o := s.any(operation{Do: "get", ID: id}); o.State != string(task.Completed) {
		s.t.Errorf("%s is %+v", id, o)
		return
	}
	if text := s.must(operation{Do: "text", ID: id}).Text; !strings.Contains(text, fmt.Sprintf("page%d", pages)) {
		s.t.Errorf("%s reads %q", id, text)
	}
}

// close lets all clocks run out, and checks that nothing is left and that the ledger tells so.
func (s *stamp) close(from time.Duration) {
	s.t.Helper()
	for later, step := from, 0; later <= 49*time.Hour; later, step = later+20*time.Minute, step+1 {
		s.at(later)
		s.must(operation{Do: "sweep"})
		s.must(operation{Do: "sequence"}) // in every round: the earlier program does not sort what has waited for hours
		if step%18 == 0 {
			s.must(operation{Do: "pass"})
		}
	}
	s.must(operation{Do: "pass"})
	s.must(operation{Do: "sequence"})
	for _, container := range []string{storage.Uploads, storage.Work, storage.Results} {
		if blobs, err := s.store.Blobs.List(s.t.Context(), container+"/", "", 10); err != nil || len(blobs) > 0 {
			s.t.Errorf("left behind: %+v, %v", blobs, err)
		}
	}
	signer, err := ledger.ParseSigner(s.Signing)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := ledger.Check(s.t.Context(), accountLog{s.store}, ledger.Examination{Keys: []string{signer.Public()}, Now: s.At.Add(50 * time.Hour)})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(a.Breaches) > 0 || a.Open > 0 || a.Documents == 0 {
		s.t.Errorf("the ledger tells of %d documents, %d of them alive, and of breaches %q", a.Documents, a.Open, a.Breaches)
	}
}

// accountLog reads the files of the ledger in an account.
type accountLog struct{ store *azure.Store }

// ReadFile implements ledger.Source.
func (l accountLog) ReadFile(ctx context.Context, path string) ([]byte, error) {
	r, _, err := l.store.Blobs.Get(ctx, storage.Ledger+"/"+path)
	if errors.Is(err, fault.NotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}

// takeOver finishes what the earlier program had begun.
func (s *stamp) takeOver() {
	s.t.Helper()
	s.must(operation{Do: "pass"})
	for minute := 1; minute <= 30; minute += 5 {
		s.at(time.Duration(minute) * time.Minute)
		s.tick()
	}
	if o := s.any(operation{Do: "get", ID: s.IDs["completed"]}); o.State != string(task.Completed) {
		s.t.Errorf("what was finished before is %+v", o)
	}
	if text := s.must(operation{Do: "text", ID: s.IDs["completed"]}).Text; recall(text, s.Words) < 0.8 {
		s.t.Errorf("its text reads %q", text)
	}
	s.expect(s.IDs["working"], 6)
	s.expect(s.IDs["landed"], 3)
	if o := s.any(operation{Do: "get", ID: s.IDs["deleted"]}); !strings.Contains(o.Error, "deleted") && !strings.Contains(o.Error, "erased") {
		s.t.Errorf("what was erased before is %+v", o)
	}
}

// An account of an earlier program is taken over as it was left.
func TestAccountOfAnEarlierProgramIsServedErasedAndAudited(t *testing.T) {
	eachLegacy(t, "account", func(t *testing.T, old *legacy) {
		s := old.stamp(t)
		s.takeOver()
		made := s.send("new")
		s.must(operation{Do: "landed", ID: made.ID})
		s.must(operation{Do: "process", ID: made.ID})
		s.expect(made.ID, 3)
		s.close(40 * time.Minute)
	})
}

// During an upgrade processes of both programs work on one account: each does any step of any document, dies over it, and goes
// on where the other one died.
func TestTwoProgramsWorkOnOneAccountForAnHour(t *testing.T) {
	eachLegacy(t, "account", func(t *testing.T, old *legacy) {
		program := old.program("sidebyside")
		s := old.stamp(t)
		s.join(program)
		s.takeOver()
		deleted, kept, landed := map[string]bool{}, map[string]bool{}, 0
		for minute := 35; minute < 95; minute += 5 {
			s.at(time.Duration(minute) * time.Minute)
			for n := range count(2, 10) {
				made := s.send(fmt.Sprint("key ", minute, " ", n))
				kept[made.ID] = true
				if s.random.IntN(4) == 0 {
					continue // its event is lost
				}
				s.must(operation{Do: "landed", ID: made.ID})
				switch s.random.IntN(4) {
				case 0: // its process dies at once, or on its way
				case 1:
					s.any(operation{Do: "process", ID: made.ID, Stop: 1 + s.random.IntN(3)})
				default:
					s.must(operation{Do: "process", ID: made.ID})
				}
				if landed++; landed%4 == 0 { // not by chance: some are deleted whatever is drawn
					s.must(operation{Do: "delete", ID: made.ID})
					deleted[made.ID] = true
					delete(kept, made.ID)
				}
			}
			s.tick()
		}
		for minute := 95; minute <= 125; minute += 5 { // what was lost is found
			s.at(time.Duration(minute) * time.Minute)
			s.tick()
			if minute == 110 {
				s.must(operation{Do: "pass"})
			}
		}
		if len(deleted) == 0 || len(kept) == 0 {
			t.Fatal("nothing was deleted, or nothing kept")
		}
		for _, id := range slices.Sorted(maps.Keys(kept)) {
			s.expect(id, 3)
		}
		for id := range deleted {
			if o := s.any(operation{Do: "text", ID: id}); o.Error == "" {
				t.Errorf("%s was deleted and reads %q", id, o.Text)
			}
		}
		s.close(130 * time.Minute)
	})
}
