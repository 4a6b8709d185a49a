package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/scripts/awslocal/function"
	"github.com/lethe-ocr/lethe/scripts/awslocal/functionurl"
	"github.com/lethe-ocr/lethe/scripts/process"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// answer is what the function of the tests says.
type answer struct {
	PID                     int
	Handler, Region, Memory string
	Name                    string
	Left                    float64
}

// start runs the function of the tests.
func start(t *testing.T, change func(*function.Config)) (*function.Function, *process.Buffer) {
	t.Helper()
	rie, err := emulator.Tool("aws-lambda-rie")
	if err != nil {
		t.Skip(err)
	}
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(folder, "bootstrap"), "./testdata/bootstrap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the function: %v\n%s", err, out)
	}
	log := &process.Buffer{}
	cfg := function.Config{
		Emulator: rie, Package: folder, Name: "lethe-test-ocr", Handler: "ocr", Region: "eu-central-1", Memory: 2048,
		Timeout: 30 * time.Second, Concurrency: 2, Log: log,
	}
	if change != nil {
		change(&cfg)
	}
	f := function.New(cfg)
	t.Cleanup(f.Stop)
	return f, log
}

// call invokes the function with what it should do.
func call(t *testing.T, f *function.Function, event map[string]any) (answer, error) {
	t.Helper()
	in, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Call(t.Context(), in)
	var a answer
	if err == nil {
		err = json.Unmarshal(out, &a)
	}
	return a, err
}

func errorType(err error) string {
	var failed *function.Error
	if errors.As(err, &failed) {
		return failed.Type
	}
	return ""
}

func TestFunctionsOfOneInstance(t *testing.T) {
	f, log := start(t, nil)
	first, err := call(t, f, nil)
	if err != nil {
		t.Fatalf("%v: %s", err, log.Tail())
	}
	if first.Left <= 0 || first.Left > 30 {
		t.Errorf("%f seconds are left of 30", first.Left)
	}
	pid := first.PID
	first.PID, first.Left = 0, 0
	want := answer{Handler: "ocr", Region: "eu-central-1", Memory: "2048", Name: "lethe-test-ocr"}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("what the function sees (-want +got):\n%s", diff)
	}
	if again, err := call(t, f, nil); err != nil || again.PID != pid {
		t.Errorf("the second invocation ran in %d, %v; the first one in %d", again.PID, err, pid)
	}
	if got := f.Bootstraps(); !slices.Equal(got, []int{pid}) {
		t.Errorf("processes %v, want %d", got, pid)
	}
	if _, err := call(t, f, map[string]any{"do": "fail"}); errorType(err) != "errorString" {
		t.Errorf("a failed invocation: %v", err)
	}
	if again, err := call(t, f, nil); err != nil || again.PID != pid {
		t.Errorf("after a failure another process answered: %v", err)
	}
	out, err := f.Call(t.Context(), []byte(`{"do":"stream"}`))
	if want := `{"statusCode":203,"headers":{"X-Own":"1"}}` + strings.Repeat("\x00", 8) + "streamed"; err != nil || string(out) != want {
		t.Errorf("a streamed answer: %q, %v", out, err)
	}
	if f.Calls() != 5 {
		t.Errorf("%d calls, want 5", f.Calls())
	}
}

func TestSandboxStandsStillBetweenInvocations(t *testing.T) {
	f, _ := start(t, nil)
	file := filepath.Join(t.TempDir(), "lingering")
	if _, err := call(t, f, map[string]any{"do": "linger", "file": file}); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		text, _ := os.ReadFile(file) // not there before the first write
		return string(text)
	}
	before := read()
	time.Sleep(50 * time.Millisecond) // in which a process that runs writes fifty times
	if after := read(); after != before {
		t.Errorf("the function went on from %q to %q after its answer", before, after)
	}
	if _, err := call(t, f, nil); err != nil {
		t.Fatal(err)
	}
	await(t, "the sandbox runs during an invocation", func() bool {
		_, err := call(t, f, nil)
		return err == nil && read() != before
	})
}

func TestCrashAndTimeoutCostTheSandbox(t *testing.T) {
	f, _ := start(t, func(c *function.Config) { c.Timeout = 2 * time.Second })
	for _, do := range []string{"exit", "panic", "wait"} {
		before, err := call(t, f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call(t, f, map[string]any{"do": do, "file": filepath.Join(t.TempDir(), "begun"), "seconds": 3600}); errorType(err) == "" {
			t.Errorf("%s: %v", do, err)
		}
		after, err := call(t, f, nil)
		if err != nil || after.PID == before.PID {
			t.Errorf("after %s process %d answered, %v; before %d", do, after.PID, err, before.PID)
		}
	}
}

func TestOneInvocationAtATimeAnInstance(t *testing.T) {
	f, _ := start(t, nil)
	folder := t.TempDir()
	var all sync.WaitGroup
	defer all.Wait()
	for _, name := range []string{"a", "b"} {
		file := filepath.Join(folder, name)
		all.Go(func() {
			if _, err := call(t, f, map[string]any{"do": "wait", "file": file, "seconds": 3600}); errorType(err) == "" {
				t.Errorf("an invocation whose sandbox was lost: %v", err)
			}
		})
		await(t, "the invocation runs", func() bool { _, err := os.Stat(file); return err == nil })
	}
	if n := len(f.Bootstraps()); n != 2 {
		t.Errorf("%d instances, want 2", n)
	}
	if _, err := call(t, f, nil); !errors.Is(err, functionurl.ErrThrottled) {
		t.Errorf("a third invocation of two: %v", err)
	}
	if n := f.Kill(); n != 2 {
		t.Errorf("%d instances were lost, want 2", n)
	}
	all.Wait()
	if _, err := call(t, f, nil); err != nil {
		t.Errorf("after the sandboxes were lost: %v", err)
	}
}

// A client that goes does not end what it began.
func TestInvocationOutlivesItsClient(t *testing.T) {
	f, _ := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "begun")
	event, err := json.Marshal(map[string]any{"do": "wait", "file": file, "seconds": 3600})
	if err != nil {
		t.Fatal(err)
	}
	var gone sync.WaitGroup
	gone.Go(func() { _, _ = f.Call(ctx, event) }) // what it says does not matter
	await(t, "the invocation runs", func() bool { _, err := os.Stat(file); return err == nil })
	cancel()
	gone.Wait()
	if n := f.Kill(); n != 1 {
		t.Errorf("%d invocations run on, want 1", n)
	}
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("not so after 30 s: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
