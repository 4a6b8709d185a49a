package verbs_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
)

// word is what documents say, and what is read of them.
const word = "recognised"

// world is a server that the verbs in this process talk to.
type world struct {
	*apitest.Server
	t *testing.T
}

// newWorld runs until the test ends. The environment names it and an application with every scope.
func newWorld(t *testing.T) *world {
	w := &world{apitest.Start(t), t}
	w.Guard.AcceptTokens(people{})
	for name, value := range w.Environment() {
		t.Setenv(name, value)
	}
	return w
}

// login makes the environment that of an application with the scopes.
func (w *world) login(scopes ...access.Scope) {
	w.t.Helper()
	app, secret := w.Create(access.Application{Name: "test", Scopes: scopes})
	w.t.Setenv("LETHE_APP", app)
	w.t.Setenv("LETHE_SECRET", secret)
}

// run calls a verb. The messages end with the error's, as the program prints it.
func (w *world) run(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	root := &cobra.Command{Use: "lethe", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(verbs.Client("test")...)
	root.AddCommand(verbs.Proof("test")...)
	verbs.Strict(root)
	var out, messages bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&messages)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil {
		messages.WriteString(verbs.Describe(cmd, err))
	}
	return verbs.ExitCode(err), out.String(), messages.String()
}

// want calls a verb that must end with the code, and returns what it printed.
func (w *world) want(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	got, stdout, stderr := w.run(w.t.Context(), "", args...)
	if got != code {
		w.t.Fatalf("%v: exit code %d, want %d\n%s\n%s", args[0], got, code, stdout, stderr)
	}
	return stdout, stderr
}

// files writes documents to a fresh folder.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
