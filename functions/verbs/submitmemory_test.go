package verbs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// peakFile names the variable with the file to which the program writes how much memory it had at the most, in KiB. The number that
// a parent gets of its child begins with its own.
const peakFile = "PEAK_MEMORY_FILE"

func tellMemory() {
	path := os.Getenv(peakFile)
	if path == "" {
		return
	}
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		_, peak, _ := strings.Cut(string(status), "VmHWM:")
		err = os.WriteFile(path, []byte(strings.Fields(peak)[0]), 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// folder makes a folder of so many documents.
func folder(t *testing.T, documents int) string {
	t.Helper()
	contents := map[string]string{}
	for n := range documents {
		contents[fmt.Sprintf("letter %d.pdf", n)] = fmt.Sprintf("letter %d", n)
	}
	return inbox(t, contents)
}

// submitted sends a folder and returns how much memory that took.
func submitted(t *testing.T, s *apitest.Server, in, out string) (peak int) {
	t.Helper()
	cmd, stderr := lethe(t, s, "submit", "--parallel", "8", "-o", out, in)
	file := filepath.Join(t.TempDir(), "peak")
	cmd.Env = append(cmd.Env, peakFile+"="+file)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	kib, err := os.ReadFile(file)
	if err == nil {
		peak, err = strconv.Atoi(string(kib))
	}
	if err != nil {
		t.Fatal(err)
	}
	return peak << 10
}

// wordy makes what the server says of a task so many bytes longer, half of which the client tells of.
func wordy(more int) apitest.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if !strings.Contains(r.URL.Path, "/results/") && answer.Code == http.StatusOK {
			said := strings.Repeat("x", more/2)
			body = bytes.Replace(body, []byte(`{`), fmt.Appendf(nil, `{"reason":%q,"notes":[{"code":"c","detail":%q}],`, said, said), 1)
			if !json.Valid(body) {
				panic("what is said makes no sense")
			}
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body) // the client may be gone
	}
}

// What is known of a document goes when it has ended. Here that is much; the long count has the documents of a large folder.
func TestSubmissionTakesTheSameMemoryHoweverManyDocumentsThereAre(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory: only Linux tells how much a process had at the most")
	}
	few, many, more, most := 20, 120, 256<<10, 10<<20
	if os.Getenv("LETHE_SOAK") != "" {
		few, many, more, most = 100, 10_000, 0, 24<<20
	}
	s := apitest.Start(t)
	if more > 0 {
		s.Break("GET /v1/tasks/", -1, wordy(more))
	}
	var peaks, again [2]int
	for i, n := range []int{few, many} {
		in, out := folder(t, n), t.TempDir()
		peaks[i] = submitted(t, s, in, out)
		again[i] = submitted(t, s, in, out)
	}
	t.Logf("%d documents: %d KiB, and %d KiB when all are done; %d documents: %d KiB and %d KiB",
		few, peaks[0]>>10, again[0]>>10, many, peaks[1]>>10, again[1]>>10)
	if peaks[1] > peaks[0]+most || again[1] > again[0]+most {
		t.Error("memory grows with the number of documents")
	}
	if got := s.Uploaded(); got != few+many {
		t.Errorf("%d uploads of %d documents", got, few+many)
	}
}

// Killed again and again, wherever it is, a submission sends no document twice and loses none.
func TestSubmissionThatIsKilledAgainAndAgainEnds(t *testing.T) {
	t.Parallel()
	documents, kills := 60, 5
	if os.Getenv("LETHE_SOAK") != "" {
		documents, kills = 900, 40
	}
	s := apitest.Start(t)
	in, out := folder(t, documents), t.TempDir()
	killed(t, s, out, documents, kills, "submit", "-o", out, in)
}

// killed kills a command again and again, at moments spread over its work, lets it end, and looks whether each document was read once.
func killed(t *testing.T, s *apitest.Server, out string, documents, kills int, args ...string) {
	t.Helper()
	for k := range kills {
		cmd, _ := lethe(t, s, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.Await((k + 1) * documents / (kills + 1))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
	}
	cmd, stderr := lethe(t, s, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	for path, n := range s.Uploads() {
		if n != 1 {
			t.Errorf("%s was stored %d times", path, n)
		}
	}
	if states := s.States(); states[task.Completed] != documents || len(states) != 1 || s.Uploaded() != documents {
		t.Errorf("%d documents: %d uploads, tasks %v", documents, s.Uploaded(), states)
	}
	for n := range documents {
		name := fmt.Sprintf("letter %d.pdf.txt", n)
		if result, err := os.ReadFile(filepath.Join(out, name)); err != nil || strings.TrimSpace(string(result)) != fmt.Sprintf("letter %d", n) {
			t.Errorf("%s: %q, %v", name, result, err)
		}
	}
}
