package stamptest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// LivesAndIsForgotten takes a document through its life. copies counts the blobs of a task.
func LivesAndIsForgotten(t *testing.T, c Client, copies func(id string) int) {
	t.Helper()
	began := time.Now()
	id := c.Submit(t, Picture(t, 1))
	c.AwaitState(t, id, "Completed")
	t.Logf("submitted and completed in %s", time.Since(began))
	var text string
	if status := c.Try(t, http.MethodGet, "/v1/tasks/"+id+"/results/txt", &text); status != http.StatusOK || !strings.Contains(text, Canary) {
		t.Errorf("result: %d with %d bytes", status, len(text))
	}
	if copies(id) == 0 {
		t.Error("no copy is counted, so the next check says nothing")
	}
	c.Erase(t, id)
	if status := c.Try(t, http.MethodGet, "/v1/tasks/"+id, nil); status != http.StatusGone {
		t.Errorf("after delete: %d, want 410", status)
	}
	if n := copies(id); n != 0 {
		t.Errorf("%d copies left", n)
	}
}

// LeavesNothing looks for what a client says and sends in everything that the stamp stores: it stands nowhere once it is erased.
// held lists every place that holds one of the words.
func LeavesNothing(t *testing.T, c Client, held func(words ...string) []string) {
	t.Helper()
	const tag, password = Canary + "-subject", Canary + "-password"
	made := c.Create(t, `{"formats":["txt","pdf","json"],"password":"`+password+`","subject":"`+tag+`"}`)
	c.Send(t, made, Picture(t, 1))
	c.AwaitState(t, made.ID, "Completed")
	words := []string{Canary, Secret, base64.StdEncoding.EncodeToString([]byte(Canary))}
	if len(held(words...)) == 0 {
		t.Fatal("nothing of the living task is found: the search proves nothing")
	}
	// A refused upload, a problem document and a task that fails carry the word too.
	bad := c.Submit(t, []byte(Canary))
	c.AwaitState(t, bad, "ProcessingFailed")
	if status := c.Try(t, http.MethodGet, "/v1/tasks/"+Canary, nil); status != http.StatusNotFound {
		t.Errorf("an id that is none: %d", status)
	}
	if status, err := c.Request(t.Context(), http.MethodPost, "/v1/erasures", `{"subject":"`+tag+`"}`, nil); err != nil || status >= 300 {
		t.Errorf("erase the subject: %d, %v", status, err)
	}
	for _, id := range []string{made.ID, bad} {
		c.Erase(t, id)
	}
	if found := held(words...); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
}

// served is a stamp's ledger as a client reads it.
type served struct{ Client }

// ReadFile implements ledger.Source.
func (f served) ReadFile(ctx context.Context, path string) ([]byte, error) {
	var text string
	status, err := f.Request(ctx, http.MethodGet, "/v1/ledger/"+path, "", &text)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d", path, status)
	}
	return []byte(text), err
}

// ProvesErasure erases a document. A timer gives the receipt its place; from then on it proves itself, and an audit of the ledger
// of the stamp, which it returns, finds it.
func ProvesErasure(t *testing.T, c Client, public string) *ledger.Audit {
	t.Helper()
	id := c.Submit(t, Picture(t, 1))
	c.AwaitState(t, id, "Completed")
	c.Erase(t, id)
	Await(t, "the receipt is logged", func() bool {
		var receipt string
		if c.Try(t, http.MethodGet, "/v1/tasks/"+id+"/receipt", &receipt) != http.StatusOK {
			return false
		}
		v, err := ledger.Verify([]byte(receipt), []string{public})
		if err != nil || v.Opening.Task != id {
			t.Fatalf("the receipt says %+v, %v", v, err)
		}
		return v.Logged
	})
	audit, err := ledger.Check(t.Context(), served{c}, ledger.Examination{Keys: []string{public}, Now: time.Now()})
	if err != nil || audit.Erased == 0 || audit.Documents < audit.Erased || len(audit.Breaches) > 0 {
		t.Fatalf("the audit says %+v, %v", audit, err)
	}
	return audit
}

// Peaks are the peaks of memory of processes, since they began or Reset was called.
type Peaks map[string]int // process ids by what they are called

// Reset forgets the peaks so far and returns what the processes hold now, in bytes. The test is skipped where that cannot be done.
func (p Peaks) Reset(t *testing.T) map[string]int {
	t.Helper()
	before := map[string]int{}
	for name, pid := range p {
		// Forget the peaks so far, see proc(5).
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200); err != nil {
			t.Skipf("peaks of memory cannot be reset here: %v", err)
		}
		before[name] = StatusField(t, pid, "VmRSS") << 10
	}
	return before
}

// Compare fails the test for each process that grew by more than the bound, in bytes.
func (p Peaks) Compare(t *testing.T, before map[string]int, bound int) {
	t.Helper()
	for name, pid := range p {
		grown := StatusField(t, pid, "VmHWM")<<10 - before[name]
		t.Logf("%s: %d MiB before, %+d MiB at the peak", name, before[name]>>20, grown>>20)
		if grown > bound {
			t.Errorf("%s grew by %d MiB, want at most %d", name, grown>>20, bound>>20)
		}
	}
}

// StatusField reads one number of /proc/<pid>/status; memory is in KiB there.
func StatusField(t *testing.T, pid int, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return 0
}
