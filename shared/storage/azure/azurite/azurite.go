// Package azurite starts the emulator of Azure Storage for tests: on free loopback ports, with nothing on disk, and with an
// account of its own for each store under test.
package azurite

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Emulator is a running Azurite.
type Emulator struct {
	ports    [3]int // blob, queue, table
	key      string
	scheme   string
	accounts atomic.Int64
}

// Account is one empty account.
type Account struct {
	Name             string
	Key              string
	ConnectionString string
}

// accounts is how many the emulator knows. Each store under test takes one.
const accounts = 200

// Script returns where the emulator is: AZURITE names it, else the tools folder of the tree. It is empty if neither has it.
func Script() string {
	if path := os.Getenv("AZURITE"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, ".tools/azurite/node_modules/azurite/dist/src/azurite.js")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Start runs the emulator until the test ends. The test is skipped where it is not installed.
func Start(t *testing.T, flags ...string) *Emulator {
	t.Helper()
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		t.Fatal(err)
	}
	e := &Emulator{key: base64.StdEncoding.EncodeToString(secret), scheme: "http"}
	for _, f := range flags {
		if f == "--cert" {
			e.scheme = "https"
		}
	}
	var known []string
	for n := range accounts {
		known = append(known, name(n)+":"+e.key)
	}
	e.run(t, nil, strings.Join(known, ";"), append(flags, "--inMemoryPersistence")...)
	return e
}

// Reopen runs an emulator over the folder that another one left behind, at the time that the file says: milliseconds that it is
// ahead of this machine's. The account is the one that the other one had.
func Reopen(t *testing.T, folder, account, key, ahead string) Account {
	t.Helper()
	e := &Emulator{key: key, scheme: "http"}
	shift := filepath.Join(t.TempDir(), "shift.js")
	if err := os.WriteFile(shift, []byte(shifted), 0o600); err != nil {
		t.Fatal(err)
	}
	e.run(t, []string{"NODE_OPTIONS=--require=" + shift, "AHEAD=" + ahead}, account+":"+key, "--location", folder)
	return e.account(account)
}

// shifted is a Date for Node that is ahead of the machine's.
const shifted = `const read = require('fs').readFileSync, Real = Date;
const now = () => Real.now() + Number(read(process.env.AHEAD, 'utf8'));
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length) super(...given); else super(now()); }
  static now() { return now(); }
};
`

func (e *Emulator) run(t *testing.T, env []string, known string, flags ...string) {
	t.Helper()
	script := Script()
	if script == "" {
		t.Skip("Azurite is not installed: run scripts/setup.sh azurite, or set AZURITE to its azurite.js")
	}
	args := []string{script, "--skipApiVersionCheck", "--disableTelemetry", "--silent"}
	for i, service := range []string{"blob", "queue", "table"} {
		port, err := loopback.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e.ports[i] = port
		args = append(args, "--"+service+"Host", "127.0.0.1", "--"+service+"Port", strconv.Itoa(e.ports[i]))
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "node", append(args, flags...)...)
	cmd.Env = append(append(os.Environ(), "AZURITE_ACCOUNTS="+known), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // what it holds is the test's
		_ = cmd.Wait()
	})
	for _, port := range e.ports {
		await(t, port, &out)
	}
}

// Account returns an account that nobody has used yet.
func (e *Emulator) Account(t *testing.T) Account {
	t.Helper()
	n := int(e.accounts.Add(1)) - 1
	if n >= accounts {
		t.Fatalf("more than %d stores under test", accounts)
	}
	return e.account(name(n))
}

func (e *Emulator) account(name string) Account {
	a := Account{Name: name, Key: e.key}
	a.ConnectionString = fmt.Sprintf("DefaultEndpointsProtocol=%s;AccountName=%s;AccountKey=%s", e.scheme, a.Name, a.Key)
	for i, service := range []string{"Blob", "Queue", "Table"} {
		a.ConnectionString += fmt.Sprintf(";%sEndpoint=%s://127.0.0.1:%d/%s", service, e.scheme, e.ports[i], a.Name)
	}
	return a
}

// BlobPort returns the port of the blob service.
func (e *Emulator) BlobPort() int { return e.ports[0] }

// TablePort and QueuePort return those of the other services.
func (e *Emulator) TablePort() int { return e.ports[2] }

// QueuePort returns the port of the queue service.
func (e *Emulator) QueuePort() int { return e.ports[1] }

func name(n int) string { return fmt.Sprintf("account%03d", n) }

func await(t *testing.T, port int, out *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var d net.Dialer
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("Azurite did not start:\n%s", out)
		case <-tick.C:
		}
	}
}
