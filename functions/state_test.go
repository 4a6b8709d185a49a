//go:build linux && cgo

package main_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/savedstate"
)

// A place is saved while it serves, its disk is lost, and it is made anew: who had access has it, what was proved stays proved, and of
// what was alive the ledger says that it is lost.
func TestAPlaceIsMadeAnewFromItsSavedState(t *testing.T) {
	const planted, tag = "Bearer instrument 77-XYZZY", "subject-77-xyzzy"
	in := t.TempDir()
	data := filepath.Join(in, "data")
	s := startAt(t, data)
	if out, code := lethe(t, nil, "app", "create", "--name", "scanner", "--abbyy-id", "scanner.one", "--data", data, "--json"); code != 0 || !bytes.Contains(out, []byte("scanner.one")) {
		t.Fatalf("%d %s", code, out)
	}
	receipt, old := s.erased(t), publicKey(t, data)
	alive := s.send(photo(t, planted), client.Settings{Subject: tag})
	shown := s.follow(alive.ID, patience)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity, state := filepath.Join(in, "key.txt"), filepath.Join(in, "monday.state")
	if err := os.WriteFile(identity, []byte(id.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program(t), "state", "save", state, "--recipient", id.Recipient().String(), "--data", data).CombinedOutput(); err != nil {
		t.Fatalf("save: %v\n%s", err, out)
	}
	nothingOfADocument(t, state, id, planted, "instrument", tag, alive.ID, s.secret)
	app, secret := s.app, s.secret
	s.stop()

	fresh := filepath.Join(in, "fresh")
	out, err := exec.Command(program(t), "state", "load", state, "--identity", identity, "--data", fresh).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("are lost: 1.")) {
		t.Fatalf("load: %v\n%s", err, out)
	}
	s = startAt(t, fresh)
	owner, err := client.New(client.Config{URL: s.url, Application: app, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = owner // with the credentials from before
	if _, err := owner.Get(t.Context(), alive.ID, 0); !gone(err) {
		t.Errorf("the task that was alive is answered with %v", err)
	}
	s.erased(t) // the place works
	keys := []string{publicKey(t, fresh), old}
	x := ledger.Examination{Keys: keys, Promises: [][]byte{[]byte(alive.Promise), []byte(shown.Acceptance)}, Now: time.Now()}
	v, audit, err := ledger.Locate(t.Context(), s.Ledger(), x, receipt)
	if err != nil || !v.Logged {
		t.Errorf("a receipt of the place before: %+v, %v", v, err)
	}
	if audit == nil || audit.Lost != 1 || len(audit.Breaches) > 0 || audit.Follows == nil || !audit.Follows.Vouched || audit.Promises[1].Verdict != ledger.Gone {
		t.Errorf("the audit says %+v", audit)
	}
	if apps, code := lethe(t, nil, "app", "list", "--data", fresh, "--json"); code != 0 || !bytes.Contains(apps, []byte("scanner.one")) {
		t.Errorf("%d, applications are %s", code, apps)
	}
}

// gone reports whether the server says that there is no such task.
func gone(err error) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Status == http.StatusNotFound
}

// nothingOfADocument opens a saved state and looks for texts in everything that it holds, as it is and as it is encoded there.
func nothingOfADocument(t *testing.T, file string, id age.Identity, texts ...string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	items, size := 0, 0
	_, err = savedstate.Read(f, []age.Identity{id}, func(i savedstate.Item) error {
		items++
		var said []byte
		switch {
		case i.Record != nil:
			said = append([]byte(string(i.Record.Table)+i.Record.Partition+i.Record.Row), i.Record.Value...)
		case i.Ledger != nil:
			said = append([]byte(i.Ledger.Name), i.Ledger.Data...)
		}
		size += len(said)
		for _, text := range texts {
			if bytes.Contains(bytes.ToLower(said), []byte(strings.ToLower(text))) {
				t.Errorf("the saved state holds %q", text)
			}
		}
		return nil
	})
	if err != nil || items < 6 || size < 1000 {
		t.Fatalf("%d items of %d bytes: %v", items, size, err)
	}
}
