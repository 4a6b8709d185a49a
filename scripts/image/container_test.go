//go:build linux

package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/lethe-ocr/lethe/scripts/process"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// engine runs containers of the image as a container engine does, by crun: nothing of the machine but its network, a root that is
// read-only, nobody's rights.
type engine struct {
	dir    string // of states and bundles
	root   string // of the image
	config v1.Config
	data   string // what the volume is
}

// startEngine unpacks the image of the staged package. It skips the test where no container can run.
func startEngine(t *testing.T) *engine {
	t.Helper()
	stage := os.Getenv("LETHE_STAGE")
	switch {
	case stage == "":
		t.Skip("no package: LETHE_STAGE names no staged folder")
	case os.Getuid() != 0:
		t.Skip("only root can give files to other users, and run containers without further ado")
	}
	if _, err := exec.LookPath("crun"); err != nil {
		t.Skip("crun is not installed: run scripts/setup.sh test")
	}
	if out, err := exec.Command("unshare", "--mount", "--pid", "--ipc", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces: %v %s", err, out)
	}
	from := small(t)
	from.Package, from.Authorities = filepath.Dir(stage), "/usr/share/ca-certificates/mozilla"
	img, err := build(from)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "lethe-image-") // its name is short, and everybody may enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	e := &engine{dir: dir, root: filepath.Join(dir, "root"), config: file.Config, data: filepath.Join(dir, "data")}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(e.data, 0o700), os.Chown(e.data, user, user)); err != nil {
		t.Fatal(err)
	}
	unpack(t, img, e.root)
	return e
}

// unpack lays the image's root out with its owners and rights.
func unpack(t *testing.T, img v1.Image, root string) {
	t.Helper()
	content := mutate.Extract(img)
	defer content.Close()
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, h.Name) //nolint:gosec // names are those of the image that was just built
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var text []byte
			if text, err = io.ReadAll(r); err == nil {
				err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600))
			}
		}
		if err = errors.Join(err, os.Chown(path, h.Uid, h.Gid), os.Chmod(path, h.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}

// bundle writes what crun runs: the image's own configuration, with another command and more variables if they are given.
func (e *engine) bundle(t *testing.T, name string, command []string, env ...string) string {
	t.Helper()
	if command == nil {
		command = e.config.Cmd
	}
	uid, gid, ok := strings.Cut(e.config.User, ":")
	if !ok {
		t.Fatalf("the user is %q", e.config.User)
	}
	mount := func(at, kind, source string, options ...string) map[string]any {
		return map[string]any{"destination": at, "type": kind, "source": source, "options": append(options, "nosuid")}
	}
	mounts := []any{
		mount("/proc", "proc", "proc", "noexec"), mount("/dev", "tmpfs", "tmpfs", "mode=755", "size=64k"),
		mount("/tmp", "tmpfs", "tmpfs", "noexec", "nodev", "mode=1777", "size=64m"),
	}
	for volume := range e.config.Volumes {
		mounts = append(mounts, mount(volume, "bind", e.data, "bind", "noexec", "nodev", "rw"))
	}
	spec, err := json.Marshal(map[string]any{
		"ociVersion": "1.0.2",
		"process": map[string]any{
			"user": map[string]any{"uid": must(strconv.Atoi(uid)), "gid": must(strconv.Atoi(gid))},
			"args": slices.Concat(e.config.Entrypoint, command), "env": slices.Concat(e.config.Env, env), "cwd": e.config.WorkingDir,
			"capabilities": map[string]any{}, "noNewPrivileges": true,
		},
		"root":   map[string]any{"path": e.root, "readonly": true},
		"mounts": mounts,
		"linux": map[string]any{
			"namespaces":    []any{map[string]string{"type": "pid"}, map[string]string{"type": "mount"}, map[string]string{"type": "ipc"}},
			"maskedPaths":   []string{"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"},
			"readonlyPaths": []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(e.dir, name)
	put(t, filepath.Join(dir, "config.json"), spec)
	return dir
}

// crun is a call of crun. That of Debian 12 refuses a machine with both versions of cgroups: there it is shown the second alone.
func (e *engine) crun(args ...string) *exec.Cmd {
	args = append([]string{"crun", "--cgroup-manager=disabled", "--root=" + filepath.Join(e.dir, "states")}, args...)
	if _, err := os.Stat("/sys/fs/cgroup/unified"); err == nil {
		args = append([]string{"unshare", "--mount", "sh", "-c", `mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"`, "-"}, args...)
	}
	return exec.Command(args[0], args[1:]...)
}

// start runs a container until the test ends.
func (e *engine) start(t *testing.T, name string, command []string, env ...string) (*process.Process, *process.Buffer) {
	t.Helper()
	said := &process.Buffer{}
	p, err := process.Start(context.WithoutCancel(t.Context()), e.crun("run", "--bundle", e.bundle(t, name, command, env...), name), said)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = e.crun("delete", "--force", name).Run() // it may have ended
		p.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.Tail())
		}
	})
	return p, said
}

// inside runs the program in a container that runs.
func (e *engine) inside(name string, args ...string) ([]byte, error) {
	var said, wrong strings.Builder
	cmd := e.crun(append([]string{"exec", "--no-new-privs", "--user=" + e.config.User, name}, args...)...)
	cmd.Stdout, cmd.Stderr = &said, &wrong
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%w: %s%s", err, said.String(), wrong.String())
	}
	return []byte(said.String()), err
}

func TestContainer(t *testing.T) {
	e := startEngine(t)
	t.Run("reads a document to its receipt with a read-only root and nobody's rights", e.readsADocument)
	t.Run("is a function of AWS Lambda", e.isAFunctionOfLambda)
}

func (e *engine) readsADocument(t *testing.T) {
	port, err := loopback.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	server, said := e.start(t, "server", nil, "LETHE_LISTEN="+address, "LETHE_FREE_FLOOR_MIB=1", "LETHE_FREE_FLOOR_PERCENT=0", "LETHE_WORKERS=1")
	if err := server.Await(t.Context(), 10*time.Minute, func(ctx context.Context) bool {
		status, err := stamptest.Client{Base: "http://" + address}.Request(ctx, http.MethodGet, "/readyz", "", nil)
		return err == nil && status == http.StatusOK
	}); err != nil {
		t.Fatal(err)
	}
	healthy := e.config.Healthcheck.Test[1:] // after CMD
	for _, check := range [][]string{healthy, append(slices.Clone(healthy), "--ready")} {
		if _, err := e.inside("server", check...); err != nil {
			t.Errorf("%q: %v", check, err)
		}
	}

	out, err := e.inside("server", e.config.Entrypoint[0], "app", "create", "--name", "scanner", "--scopes", "submit,read,delete", "--json")
	var app struct{ ID, Secret string }
	if err := errors.Join(err, json.Unmarshal(out, &app)); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{URL: "http://" + address, Application: app.ID, Secret: app.Secret})
	if err != nil {
		t.Fatal(err)
	}
	page := stamptest.Picture(t, 1)
	task, err := c.Create(t.Context(), client.Settings{Languages: []string{"eng"}, Formats: []string{"txt"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Upload(t.Context(), task, func() (io.ReadCloser, int64, error) {
		return io.NopCloser(strings.NewReader(string(page))), int64(len(page)), nil
	}); err != nil {
		t.Fatal(err)
	}
	if task, err = c.Follow(t.Context(), task.ID, func(*client.Task) {}); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if _, err := c.Fetch(t.Context(), task.ID, "txt", &text); err != nil || !strings.Contains(text.String(), stamptest.Canary) {
		t.Errorf("read %q, %v", text.String(), err)
	}
	if _, err := c.Erase(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	keys, err := c.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := c.Receipt(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ledger.Verify(receipt, keys); err != nil || v.Opening.Task != task.ID {
		t.Errorf("the receipt says %+v, %v", v, err)
	}

	// The log of a container is kept by whoever runs it.
	if text := string(said.Bytes()); strings.Contains(text, "lethe_") || !strings.Contains(text, "app create --data /var/lib/lethe") {
		t.Errorf("the first start says:\n%s", text)
	}
	// Whatever the server wrote is nobody's.
	if err := filepath.WalkDir(e.data, func(path string, _ os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) { // the server goes on
			return nil
		}
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && ownerOf(info) != user {
			t.Errorf("%s belongs to %d", path, ownerOf(info))
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}); err != nil {
		t.Error(err)
	}

	if out, err := e.crun("kill", "server", "TERM").CombinedOutput(); err != nil { // the image's signal
		t.Fatalf("%v: %s", err, out)
	}
	<-server.Ended()
	if _, err := e.inside("server", healthy...); err == nil {
		t.Error("a server that ended is healthy")
	}
}

// The same image is a function of AWS Lambda: its command says which. What reaches it here is one event, and it has no stamp.
func (e *engine) isAFunctionOfLambda(t *testing.T) {
	answers := make(chan string, 1)
	events := make(chan string, 1)
	events <- `{"version":"2.0","rawPath":"/healthz","requestContext":{"http":{"method":"GET","sourceIp":"192.0.2.1"}}}`
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/next") {
			text, _ := io.ReadAll(r.Body) // what there is of it
			w.WriteHeader(http.StatusAccepted)
			answers <- string(text)
			return
		}
		select {
		case event := <-events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(5*time.Minute).UnixMilli()))
			_, _ = io.WriteString(w, event) // who asks may have gone
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		platform.CloseClientConnections()
		platform.Close()
	})
	const sandbox = "993:990" // the platform's own user, whatever the image says
	e.config.User, e.config.Volumes = sandbox, nil
	function, said := e.start(t, "function", []string{"lambda", "api"},
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(platform.URL, "http://"), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
	select {
	case answer := <-answers:
		if !strings.Contains(answer, `"statusCode":`) {
			t.Errorf("answered %s", answer)
		}
		t.Logf("answered %.500s", answer)
	case <-function.Ended():
		t.Errorf("the function ended:\n%s", said.Tail())
	}
}

// ownerOf returns the user to whom a file belongs.
func ownerOf(info os.FileInfo) int {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int(s.Uid)
}
