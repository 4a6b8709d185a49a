package stack

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a file of a test.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newPackage is a folder with one function of each trigger.
func newPackage(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "host.json"), `{"version":"2.0","extensionBundle":{"id":"x"},"extensions":{"http":{"routePrefix":""}}}`)
	write(t, filepath.Join(folder, "lethe"), "program")
	for name, trigger := range map[string]string{"api": "httpTrigger", "ocr": "blobTrigger", "requeue": "queueTrigger", "retention": "timerTrigger"} {
		write(t, filepath.Join(folder, name, "function.json"), `{"bindings":[{"type":"`+trigger+`","schedule":"0 */5 * * * *"}]}`)
	}
	return folder
}

func readMap(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCopyWithoutTheExtensionHasNoBlobAndQueueFunctions(t *testing.T) {
	to := t.TempDir()
	cfg := Config{Package: newPackage(t), Storage: "Account=x;", Settings: map[string]string{"LETHE_REGION": "here"}, Schedule: "* * * * * *"}
	got, err := copyPackage(t.Context(), cfg, to)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]string{"httpTrigger": {"api"}, "timerTrigger": {"retention"}}, got); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	for _, gone := range []string{"ocr", "requeue", "bin"} {
		if _, err := os.Stat(filepath.Join(to, gone)); !os.IsNotExist(err) {
			t.Errorf("%s is in the copy", gone)
		}
	}
	want := map[string]any{"version": "2.0", "extensions": map[string]any{"http": map[string]any{"routePrefix": ""}}}
	if diff := cmp.Diff(want, readMap(t, filepath.Join(to, "host.json"))); diff != "" {
		t.Errorf("host.json (-want +got):\n%s", diff)
	}
	timer := readMap(t, filepath.Join(to, "retention/function.json"))["bindings"].([]any)[0].(map[string]any)
	if timer["schedule"] != "* * * * * *" {
		t.Errorf("schedule %q", timer["schedule"])
	}
	values := readMap(t, filepath.Join(to, "local.settings.json"))["Values"].(map[string]any)
	if key, _ := values["AzureWebEncryptionKey"].(string); len(key) != 48 {
		t.Errorf("encryption key of %d digits, want 48", len(key))
	}
	delete(values, "AzureWebEncryptionKey")
	wantValues := map[string]any{
		"FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": "Account=x;", "Documents": "Account=x;", "LETHE_REGION": "here",
	}
	if diff := cmp.Diff(wantValues, values); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestCopyTakesTheExtensionFromGit(t *testing.T) {
	repository, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(repository, "bin/sub/extension.dll"), "assembly")
	write(t, filepath.Join(repository, "binary"), "not below bin")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "x"}} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", repository}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git: %v %s", err, out)
		}
	}
	cfg := Config{Package: newPackage(t), Tools: Tools{Extension: filepath.Join(repository, ".git")}}
	got, err := copyPackage(t.Context(), cfg, to)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got["blobTrigger"], []string{"ocr"}) || !slices.Equal(got["queueTrigger"], []string{"requeue"}) {
		t.Errorf("functions %v", got)
	}
	if text, err := os.ReadFile(filepath.Join(to, "bin/sub/extension.dll")); err != nil || string(text) != "assembly" {
		t.Errorf("extension: %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(to, "binary")); !os.IsNotExist(err) {
		t.Error("more than bin/ was copied")
	}
	timer := readMap(t, filepath.Join(to, "retention/function.json"))["bindings"].([]any)[0].(map[string]any)
	if timer["schedule"] != "0 */5 * * * *" {
		t.Errorf("schedule %q, want the package's", timer["schedule"])
	}
}

func TestCopyNeedsAnExtensionInTheRepository(t *testing.T) {
	repository := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "--bare", repository).CombinedOutput(); err != nil {
		t.Fatalf("git: %v %s", err, out)
	}
	cfg := Config{Package: newPackage(t), Tools: Tools{Extension: repository}}
	if _, err := copyPackage(t.Context(), cfg, t.TempDir()); err == nil {
		t.Error("an empty repository is taken for an extension")
	}
}
