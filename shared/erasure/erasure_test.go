package erasure_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

// account is a store that keeps copies which List does not show.
type account struct {
	*memory.Blobs
	remnants int
}

// Remnants implements storage.Remnants.
func (a *account) Remnants(context.Context, string) (int, error) { return a.remnants, nil }

func prefix(container string) string { return container + "/2026030112/app/" }

func newEraser(t *testing.T) (*erasure.Eraser, *account, *memory.Store) {
	t.Helper()
	m := memory.New(time.Now)
	a := &account{Blobs: m.Blobs()}
	for _, c := range erasure.Containers(erasure.Inventory()) {
		if _, err := a.Put(t.Context(), prefix(c)+"copy", "text/plain", strings.NewReader("copy")); err != nil {
			t.Fatal(err)
		}
	}
	a.Stage(prefix(storage.Uploads)+"staged", 10)
	return &erasure.Eraser{Items: erasure.Inventory(), Blobs: a, Records: m, Now: time.Now}, a, m
}

func TestEvidenceNamesEveryClassThatTheErasureSpeaksOf(t *testing.T) {
	e, a, _ := newEraser(t)
	evidence, err := e.Erase(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[erasure.Class]int{}
	for _, v := range evidence {
		counts[v.Class] = v.Copies
		if v.Erased.IsZero() || v.Checked.Before(v.Erased) {
			t.Errorf("%+v: checked before it was erased", v)
		}
	}
	for class, want := range map[erasure.Class]int{
		erasure.Upload: 1, erasure.Blocks: 1, erasure.Page: 1, erasure.Result: 1, erasure.DeadLetter: 1, erasure.Remnant: 0, erasure.Password: 0,
	} {
		if got, ok := counts[class]; !ok || got != want {
			t.Errorf("%s: %d copies (listed %t), want %d", class, got, ok, want)
		}
	}
	for _, c := range erasure.Containers(erasure.Inventory()) {
		if left, err := a.List(t.Context(), c+"/", "", 10); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v, %v", c, left, err)
		}
	}
}

func TestRemnantKeepsTheReceiptBack(t *testing.T) {
	e, a, _ := newEraser(t)
	a.remnants = 1
	if evidence, err := e.Erase(t.Context(), prefix); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("with a remnant the erasure is proved by %v, %v", evidence, err)
	}
	a.remnants = 0
	if _, err := e.Erase(t.Context(), prefix); err != nil {
		t.Errorf("without it: %v", err)
	}
}

// folder is a store that keeps what is being written beside its blobs.
type folder struct {
	*memory.Blobs
	written, open int
}

// Discard implements storage.Staging.
func (f *folder) Discard(_ context.Context, prefix string, _ time.Time) (int, error) {
	if !strings.HasPrefix(prefix, storage.Uploads) {
		return 0, nil
	}
	n := f.written
	f.written = 0
	return n, nil
}

// Staged implements storage.Staging.
func (f *folder) Staged(context.Context, string) (written, open int, err error) {
	return f.written, f.open, nil
}

func TestHalfWrittenCopiesGoAndOpenFilesKeepTheReceiptBack(t *testing.T) {
	e, a, _ := newEraser(t)
	f := &folder{Blobs: a.Blobs, written: 2, open: 1}
	e.Blobs = f
	if evidence, err := e.Erase(t.Context(), prefix); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("with a file that is open the erasure is proved by %v, %v", evidence, err)
	}
	f.written, f.open = 2, 0
	evidence, err := e.Erase(t.Context(), prefix)
	if err != nil || f.written > 0 {
		t.Fatalf("left %d, %v", f.written, err)
	}
	for _, v := range evidence {
		if v.Class == erasure.Staging && v.Copies == 2 {
			return
		}
	}
	t.Errorf("the evidence does not tell of them: %v", evidence)
}

func TestClassThatTheInventoryLacksIsLeftAloneAndNoticed(t *testing.T) {
	e, a, _ := newEraser(t)
	e.Items = nil
	for _, i := range erasure.Inventory() {
		if i.Class != erasure.Upload {
			e.Items = append(e.Items, i)
		}
	}
	if evidence, err := e.Erase(t.Context(), prefix); err == nil {
		t.Errorf("proved by %v", evidence)
	}
	if left, err := a.List(t.Context(), storage.Uploads+"/", "", 10); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// Records of a new table need a class, or a reason why nothing in them is about a document or a person.
func TestEveryTableHoldsAClassOfTheInventory(t *testing.T) {
	holds := map[storage.Table]erasure.Class{
		storage.Tasks: erasure.TaskRecord, storage.Applications: erasure.Application, storage.Idempotency: erasure.KeyRecord,
		storage.Usage: erasure.Usage, storage.Pending: erasure.LedgerEntry, storage.Receipts: erasure.Receipt,
		storage.AccessLog: erasure.AccessEntry, storage.Cases: erasure.CaseRecord, storage.Parts: erasure.PartRecord,
		storage.Webhooks: erasure.Webhook, storage.Deliveries: erasure.Delivery,
		storage.State: "", // when the last sweep ran and the like: numbers and times of the stamp
	}
	classes := map[erasure.Class]bool{"": true}
	for _, i := range erasure.Inventory() {
		classes[i.Class] = true
	}
	for _, table := range storage.Tables() {
		if class, ok := holds[table]; !ok || !classes[class] {
			t.Errorf("%s holds no class of the inventory", table)
		}
	}
}

// The inventory says which test proves each line: that test must exist.
func TestProofsOfTheInventoryExist(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "func "); ok {
				name, _, _ = strings.Cut(name, "(")
				tests[name] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	classes := map[erasure.Class]bool{}
	for _, i := range erasure.Inventory() {
		if !tests[i.Proof] {
			t.Errorf("%s: there is no test %s", i.Class, i.Proof)
		}
		if classes[i.Class] || i.Holds == "" || i.Gone == "" || len(i.Roles) == 0 {
			t.Errorf("%s is listed twice, or something is missing", i.Class)
		}
		classes[i.Class] = true
	}
}
