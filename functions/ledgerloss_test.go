//go:build linux && cgo

package main_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

// folderLog reads the files of the ledger in a data folder.
type folderLog struct{ data, below string }

// ReadFile implements ledger.Source.
func (l folderLog) ReadFile(_ context.Context, path string) ([]byte, error) {
	found, err := filepath.Glob(filepath.Join(l.data, "blobs", "ledger", l.below, path) + ",*")
	if err != nil || len(found) != 1 {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(found[0])
}

// erased sends a document through its whole life and waits until its receipt has its place in the ledger.
func (s *server) erased(t *testing.T) (receipt []byte) {
	t.Helper()
	task := s.follow(s.send(photo(t, "A short note."), client.Settings{}).ID, patience)
	if err := s.erase(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	for {
		receipt, err := s.Receipt(t.Context(), task.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(receipt, []byte("not yet")) {
			return receipt
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the receipt got no place in the ledger")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// check is the ledger's whole check with the public keys.
func (l folderLog) check(t *testing.T, keys []string, since []byte) *ledger.Audit {
	t.Helper()
	a, err := ledger.Check(t.Context(), l, ledger.Examination{Keys: keys, Since: since, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func publicKey(t *testing.T, data string) string {
	t.Helper()
	private, err := os.ReadFile(filepath.Join(data, "signing.key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(string(private))
	if err != nil {
		t.Fatal(err)
	}
	return signer.Public()
}

// The database is lost, then the signing key: the ledger is never signed shorter than it was published, nothing is taken in
// without a key that can be trusted, and a new ledger is bound to the old one.
func TestLedgerOutlivesTheLossOfDatabaseAndKey(t *testing.T) {
	data := t.TempDir()
	s := startAt(t, data)
	s.erased(t)
	here, old := folderLog{data, ""}, publicKey(t, data)
	s.stop()
	kept, err := here.ReadFile(t.Context(), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	before := here.check(t, []string{old}, kept)

	lost, err := filepath.Glob(filepath.Join(data, "lethe.db*"))
	if err != nil || len(lost) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, file := range lost {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	s = startAt(t, data)
	s.erased(t)
	s.stop()
	if after := here.check(t, []string{old}, kept); after.Size <= before.Size || after.Since != before.Size {
		t.Errorf("after the loss of the database the ledger has %d entries, and had %d", after.Size, before.Size)
	}

	// A document that lives on over the end of the ledger, and what its client was promised.
	s = startAt(t, data)
	alive := s.send(photo(t, "Lives on."), client.Settings{})
	shown := s.follow(alive.ID, patience)
	app, secret := s.app, s.secret
	s.stop()
	promises := [][]byte{[]byte(alive.Promise), []byte(shown.Acceptance)}

	if err := os.Remove(filepath.Join(data, "signing.key")); err != nil {
		t.Fatal(err)
	}
	s = startAt(t, data)
	if says := s.readiness("ledger"); !strings.Contains(says, "not its signing key") {
		t.Errorf("without the key: %q", says)
	}
	if status, says := s.inline(photo(t, "Taken in?")); status != http.StatusServiceUnavailable {
		t.Errorf("a document that no receipt can be given for is answered %d %s", status, says)
	}
	s.stop()
	if _, err := os.Stat(filepath.Join(data, "signing.key")); err == nil {
		t.Error("a key was made where a ledger is")
	}

	out, err := exec.Command(program(t), "ledger", "begin", "second.example.org", "--data", data).CombinedOutput()
	if err != nil {
		t.Fatalf("begin: %v\n%s", err, out)
	}
	fresh := publicKey(t, data)
	if !bytes.Contains(out, []byte(fresh)) {
		t.Errorf("the new public key is not told:\n%s", out)
	}
	last, err := folderLog{data, "retired/1"}.ReadFile(t.Context(), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	s = startAt(t, data)
	owner, err := client.New(client.Config{URL: s.url, Application: app, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Erase(t.Context(), alive.ID); err != nil {
		t.Fatal(err)
	}
	s.erased(t)
	if _, err := s.Ledger().ReadFile(t.Context(), "retired/1/checkpoint"); err != nil {
		t.Errorf("the old ledger is not served: %v", err)
	}
	if _, err := s.Ledger().ReadFile(t.Context(), "retired/2/checkpoint"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ledger that never was: %v", err)
	}
	s.stop()
	audit, retired := here.check(t, []string{fresh, old}, last), (folderLog{data, "retired/1"}).check(t, []string{old}, kept)
	if audit.Follows == nil || audit.Follows.Size != retired.Size || !audit.Follows.Vouched || len(audit.Breaches) > 0 || audit.Documents <= retired.Documents {
		t.Errorf("the new ledger: %+v", audit)
	}
	both, err := ledger.Check(t.Context(), here, ledger.Examination{Keys: []string{fresh, old}, Promises: promises, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range both.Promises {
		if j.Verdict != ledger.Kept {
			t.Errorf("a promise that the old ledger's key signed: %+v", j)
		}
	}
}

// Without a signing key no place takes anything in. One machine makes its own; see above for one that lost it.
func TestFunctionAppWithoutASigningKeyTakesNothingIn(t *testing.T) {
	c, _ := handlerOf(t, azurite.Start(t).Account(t), "", "/healthz", "LETHE_SIGNING_KEY=")
	if status := c.Call(http.MethodPost, "/v1/tasks", "{}", nil); status != http.StatusServiceUnavailable {
		t.Errorf("a task is created with %d", status)
	}
	s := &server{t: t, url: c.Base}
	if says := s.readiness("ledger"); !strings.Contains(says, "lethe keygen") {
		t.Errorf("readiness says %q", says)
	}
}
