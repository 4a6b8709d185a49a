// Package scripttest runs the scripts of a cloud in tests, against a stand-in for the cloud's command line (see package standin),
// and lets each of their calls fail.
package scripttest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Build builds the stand-in in ./testdata/standin and returns a folder in which it has the name of the cloud's command line and
// those of all that it stands for. Whoever calls it removes the folder.
func Build(name string) (string, error) {
	dir, err := os.MkdirTemp("", "standin")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "./testdata/standin").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the stand-in: %w\n%s", err, out)
	}
	for _, other := range []string{"curl", "lethe-standin", "sleep", "go"} {
		if err := os.Symlink(name, filepath.Join(dir, other)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// World is a checkout of the scripts of one cloud beside the model of an account.
type World struct {
	T      *testing.T
	Root   string            // of the checkout
	Bin    string            // folder of the stand-in
	Folder string            // of the scripts, such as scripts/azure
	Env    map[string]string // of every script
}

// New is a checkout with the scripts of the folder that the test runs in. The rest of the tree is the caller's to add.
func New(t *testing.T, bin string) *World {
	t.Helper()
	for _, tool := range []string{"bash", "jq", "unzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w := &World{T: t, Root: t.TempDir(), Bin: bin, Folder: "scripts/" + filepath.Base(here), Env: map[string]string{"YES": "1"}}
	w.Env["SECRET_FILE"] = w.Path("secret")
	w.Must(os.Mkdir(w.Path("scripts"), 0o700), os.Symlink(here, w.Path(w.Folder)), os.Symlink(filepath.Join(here, "../stamp"), w.Path("scripts/stamp")),
		os.Mkdir(w.Path("dist"), 0o700))
	return w
}

// Path is a path in the checkout.
func (w *World) Path(name string) string { return filepath.Join(w.Root, name) }

// Must ends the test at an error.
func (w *World) Must(errs ...error) {
	w.T.Helper()
	if err := errors.Join(errs...); err != nil {
		w.T.Fatal(err)
	}
}

// Pack makes a package whose program, under the given name in it, says that it is of this version.
func (w *World) Pack(version, path, program string, more map[string]string) {
	w.T.Helper()
	f, err := os.Create(w.Path(path))
	w.Must(err)
	z := zip.NewWriter(f)
	files := map[string]string{program: "#!/bin/sh\nSTANDIN_VERSION=" + version + " exec lethe-standin \"$@\"\n"}
	maps.Copy(files, more)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entry, err := z.Create(name)
		w.Must(err)
		_, err = entry.Write([]byte(files[name]))
		w.Must(err)
	}
	w.Must(z.Close(), f.Close())
}

// CopyTo makes other, a new world, the same as w in its packages, its home, its secret, its model and these folders.
func (w *World) CopyTo(other *World, folders ...string) {
	w.T.Helper()
	for _, name := range append([]string{"dist", "home"}, folders...) {
		if _, err := os.Stat(w.Path(name)); err == nil {
			w.Must(os.RemoveAll(other.Path(name)), os.CopyFS(other.Path(name), os.DirFS(w.Path(name))))
		}
	}
	for _, name := range []string{"world.json", "secret"} {
		if content, err := os.ReadFile(w.Path(name)); err == nil {
			w.Must(os.WriteFile(other.Path(name), content, 0o600))
		}
	}
	secret := other.Env["SECRET_FILE"]
	other.Env = maps.Clone(w.Env)
	other.Env["SECRET_FILE"] = secret
}

// Result is how a script ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs a script with more variables, given as NAME=VALUE.
func (w *World) Run(script string, more ...string) Result {
	w.T.Helper()
	cmd := exec.CommandContext(w.T.Context(), "bash", w.Path(w.Folder+"/"+script+".sh"))
	cmd.Env = append(cmd.Env, "PATH="+w.Bin+":/usr/bin:/bin", "HOME="+w.Path("home"), "TMPDIR="+w.T.TempDir(), "STANDIN_WORLD="+w.Path("world.json"))
	for name, value := range w.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, more...)
	// A group of its own, which the stand-in can kill.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.T.Fatal(err)
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Done runs a script that must succeed.
func (w *World) Done(script string, more ...string) Result {
	w.T.Helper()
	r := w.Run(script, more...)
	if r.Code != 0 {
		w.T.Fatalf("%s ended with %d:\n%s\n%s", script, r.Code, r.Stdout, r.Stderr)
	}
	return r
}

// Stopped checks how a script speaks that could not end its work.
func (r Result) Stopped(t *testing.T, texts ...string) {
	t.Helper()
	if r.Code == 0 {
		t.Errorf("it ended as if all were well:\n%s", r.Stdout)
	}
	for _, want := range append([]string{"Stopped at: ", "To go on: "}, texts...) {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("the message lacks %q:\n%s", want, r.Stderr)
		}
	}
	for _, claim := range []string{"is ready", "is removed", "is replaced"} {
		if strings.Contains(r.Stdout, claim) {
			t.Errorf("it claims to be done:\n%s", r.Stdout)
		}
	}
}

// Call is a line of the stand-in's log.
type Call struct {
	Number  int
	Changes bool
	Name    string
	Args    []string
	Answer  json.RawMessage
}

// Calls are all calls of the stand-in.
func (w *World) Calls() []Call {
	w.T.Helper()
	f, err := os.Open(w.Path("world.json.log"))
	w.Must(err)
	var all []Call
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c Call
		w.Must(json.Unmarshal(lines.Bytes(), &c))
		all = append(all, c)
	}
	w.Must(lines.Err(), f.Close())
	return all
}

// Everything is what the model holds and what was ever an argument.
func (w *World) Everything() string {
	w.T.Helper()
	model, err := os.ReadFile(w.Path("world.json"))
	w.Must(err)
	log, err := os.ReadFile(w.Path("world.json.log"))
	w.Must(err)
	return string(model) + string(log)
}
