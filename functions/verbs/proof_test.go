package verbs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

func TestAuditReadsTheServersLedgerAndACopyOfIt(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word})
	stdout, _ := w.want(verbs.ExitOK, "submit", "--no-wait", filepath.Join(dir, "scan.pdf"))
	w.want(verbs.ExitOK, "delete", strings.TrimSpace(stdout))
	if _, err := w.Ledger.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "checkpoint")
	stdout, _ = w.want(verbs.ExitOK, "audit", "--key", w.Key, "--save", kept)
	if !strings.Contains(stdout, "1: 1 with a receipt, 0 without") {
		t.Errorf("audit: %s", stdout)
	}
	if stdout, _ = w.want(verbs.ExitOK, "audit", "--key", w.Key, "--since", kept); !strings.Contains(stdout, "your checkpoint of 4 entries") {
		t.Errorf("audit since a checkpoint: %s", stdout)
	}

	copied := t.TempDir()
	for range 2 {
		w.want(verbs.ExitOK, "ledger", "save", copied)
	}
	w.want(verbs.ExitOK, "audit", copied, "--key", w.Key)
}

// What the server promised lies beside the results, and the ledger shows whether it was kept.
func TestPromisesAreKeptBesideTheResultsAndAudited(t *testing.T) {
	w := newWorld(t)
	dir, out := files(t, map[string]string{"scan.pdf": word}), t.TempDir()
	stdout, _ := w.want(verbs.ExitOK, "submit", "--no-wait", "-o", out, filepath.Join(dir, "scan.pdf"))
	id := strings.TrimSpace(stdout)
	created, accepted := filepath.Join(out, "scan.pdf.created.promise"), filepath.Join(out, "scan.pdf.accepted.promise")
	if stdout, _ = w.want(verbs.ExitOK, "verify", created, "--key", w.Key); !strings.Contains(stdout, id) {
		t.Errorf("the promise of the creation: %s", stdout)
	}
	if stdout, _ = w.want(verbs.ExitOK, "verify", accepted, "--key", w.Key); !strings.Contains(stdout, "everything gone") {
		t.Errorf("the promise of the document: %s", stdout)
	}
	w.want(verbs.ExitEvidence, "verify", accepted, "--key", w.Key, "--file", created)
	if _, err := w.Ledger.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stdout, _ = w.want(verbs.ExitOK, "audit", "--key", w.Key, "--promises", accepted); !strings.Contains(stdout, "not yet") {
		t.Errorf("before the erasure: %s", stdout)
	}
	w.want(verbs.ExitOK, "delete", id)
	if _, err := w.Ledger.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stdout, _ = w.want(verbs.ExitOK, "audit", "--key", w.Key, "--promises", filepath.Join(out, "*.promise")); strings.Count(stdout, " kept: ") != 2 {
		t.Errorf("after it: %s", stdout)
	}
	// As a shell expands a pattern that nobody quoted.
	if stdout, _ = w.want(verbs.ExitOK, "audit", "--key", w.Key, "--promises", accepted, created); strings.Count(stdout, " kept: ") != 2 {
		t.Errorf("two files: %s", stdout)
	}
	w.want(verbs.ExitFile, "audit", "--key", w.Key, "--promises", filepath.Join(out, "*.nothing"))
	w.want(verbs.ExitUsage, "audit", out, dir, "--key", w.Key)
}

func TestKeygenWritesAKeyThatOthersCannotReadAndReplacesNone(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "stamp.key")
	public, _ := w.want(verbs.ExitOK, "keygen", "lethe.example.org", file)
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ledger.ParseSigner(string(private))
	if err != nil || signer.Public() != strings.TrimSpace(public) {
		t.Errorf("the public key printed is %q: %v", public, err)
	}
	if stat, err := os.Stat(file); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v", err)
	}
	w.want(verbs.ExitUsage, "keygen", "lethe.example.org", file)
}

func TestKeygenWritesNoFileWhereBothKeysGoToStandardOutput(t *testing.T) {
	w := newWorld(t)
	t.Chdir(t.TempDir())
	both, _ := w.want(verbs.ExitOK, "keygen", "lethe.example.org", "-")
	private, public, _ := strings.Cut(strings.TrimSpace(both), "\n")
	signer, err := ledger.ParseSigner(private)
	if err != nil || signer.Public() != public {
		t.Errorf("the public key printed is %q: %v", public, err)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("it wrote %v: %v", left, err)
	}
}

func TestInventoryIsPrintedWhole(t *testing.T) {
	w := newWorld(t)
	stdout, _ := w.want(verbs.ExitOK, "inventory")
	for _, i := range erasure.Inventory() {
		if !strings.Contains(stdout, string(i.Class)+"\n") || !strings.Contains(stdout, i.Gone) {
			t.Errorf("%s is missing", i.Class)
		}
	}
}
