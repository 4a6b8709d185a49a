package verbs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

func TestEvidenceOfAPeriodIsWholeAndSigned(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word, "report.json": "{}"})
	stdout, _ := w.want(verbs.ExitOK, "submit", "--no-wait", filepath.Join(dir, "scan.pdf"))
	id := strings.TrimSpace(stdout)
	w.want(verbs.ExitOK, "get", id)
	w.want(verbs.ExitOK, "delete", id)
	err := w.Ledger.Append(t.Context(), ledger.Entry{Kind: ledger.Canary, Subject: "canary", At: time.Now(), Fields: []ledger.Field{
		{Name: ledger.FieldOutcome, Value: ledger.Done}, {Name: ledger.FieldRead, Value: "1.5"}, {Name: ledger.FieldGone, Value: "300.0"},
	}})
	if err == nil {
		_, err = w.Ledger.Sequence(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "auditor.key")
	w.want(verbs.ExitOK, "keygen", "auditor.test", key)
	day := time.Now().UTC().Format(time.DateOnly)
	out := filepath.Join(dir, "evidence")
	args := []string{"evidence", out, "--from", day, "--to", day, "--key", w.Key, "--sign", key, "--scan", filepath.Join(dir, "report.json")}
	w.want(verbs.ExitOK, args...)

	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var p struct {
		Accepted, Erased int
		Access           int `json:"access_entries"`
	}
	if err := json.Unmarshal([]byte(read("period.json")), &p); err != nil || p.Accepted != 1 || p.Erased != 1 || p.Access == 0 {
		t.Errorf("the period says %+v, %v", p, err)
	}
	for name, want := range map[string]string{
		"canary.csv": "done,1.5,300.0", "access-log.jsonl": "result.", "README.md": "GDPR Art. 17", "scans/report.json": "{}",
		"SHA256SUMS": "  ledger/checkpoint", "SHA256SUMS.note": "— auditor.test ",
	} {
		if !strings.Contains(read(name), want) {
			t.Errorf("%s does not hold %q: %s", name, want, read(name))
		}
	}
	w.want(verbs.ExitUsage, args...) // the folder is there
	args[1] = filepath.Join(dir, "later")
	w.want(verbs.ExitOK, append(args, "--since", filepath.Join(out, "ledger", "checkpoint"))...)
}
