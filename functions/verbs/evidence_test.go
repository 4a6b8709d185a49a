package verbs_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	err := w.Ledger.Append(t.Context(), ledger.Entry{Kind: ledger.Doctor, Subject: "doctor", At: time.Now(), Fields: []ledger.Field{
		{Name: ledger.FieldOK, Value: "7"}, {Name: ledger.FieldBreach, Value: "1"}, {Name: ledger.FieldUnknown, Value: "0"}, {Name: ledger.FieldBreaches, Value: "swap"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Ledger.Append(t.Context(), ledger.Entry{Kind: ledger.Canary, Subject: "canary", At: time.Now(), Fields: []ledger.Field{
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
	if stdout, _ = w.want(verbs.ExitOK, args...); !strings.Contains(stdout, "The period is not over") {
		t.Errorf("of a day that is not over the export says %s", stdout)
	}

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
		Over             bool
		Acts, Programs   map[string]int
		Access           int     `json:"access_entries"`
		Longest          float64 `json:"longest_after_upload_seconds"`
	}
	err = json.Unmarshal([]byte(read("period.json")), &p)
	if err != nil || p.Accepted != 1 || p.Erased != 1 || p.Over || p.Access == 0 || p.Acts["result.link"]+p.Acts["result.read"] == 0 || p.Programs["test"] == 0 || p.Longest == 0 {
		t.Errorf("the period says %+v, %v", p, err)
	}
	for name, want := range map[string]string{
		"canary.csv": "done,1.5,300.0", "doctor.csv": "7,1,0,swap,", "keys.pub": w.Key, "inventory.json": `"class": "upload"`,
		"retention.json": `"processed_seconds": `, "server.json": `"ready": true`, "access-log.jsonl": "result.", "README.md": "GDPR Art. 17", "scans/report.json": "{}",
		"SHA256SUMS": "  ledger/checkpoint", "SHA256SUMS.note": "— auditor.test ",
	} {
		if !strings.Contains(read(name), want) {
			t.Errorf("%s does not hold %q: %s", name, want, read(name))
		}
	}
	for _, name := range []string{"period.json", "retention.json", "server.json", "inventory.json"} {
		if regexp.MustCompile(`: null|nanoseconds`).MatchString(strings.ReplaceAll(read(name), "_seconds\": null", "")) {
			t.Errorf("%s holds a null: %s", name, read(name))
		}
	}
	w.want(verbs.ExitUsage, args...) // the folder is there
	early := filepath.Join(dir, "early")
	if _, said := w.want(verbs.ExitUsage, "evidence", early, "--to", "2020-01-01"); !strings.Contains(said, "--to: the period would end before the ledger begins, at 20") {
		t.Errorf("of a period before the ledger the export says %s", said)
	}
	if _, err := os.Stat(early); err == nil {
		t.Error("an export that was refused left its folder")
	}
	args[1] = filepath.Join(dir, "later")
	w.want(verbs.ExitOK, append(args, "--since", filepath.Join(out, "ledger", "checkpoint"))...)
	w.want(verbs.ExitOK, "verify", args[1], "--key", w.Key) // which has no such checkpoint
}

// An export convinces without the server, and each file of it counts.
func TestExportIsVerifiedOfflineAndEachFileCounts(t *testing.T) {
	p := newProof(t)
	p.want(verbs.ExitOK, "keygen", "auditor.test", "auditor.key")
	if stdout, _ := p.want(verbs.ExitOK, "evidence", "plain"); !strings.Contains(stdout, "No key was given") {
		t.Errorf("without a key the export says %s", stdout)
	}
	p.want(verbs.ExitUnknownKey, "evidence", "signed", "--key", "stranger.pub") // and leaves nothing behind
	p.want(verbs.ExitOK, "evidence", "signed", "--key", "stamp.pub", "--sign", "auditor.key", "--to", "2030-01-01")
	t.Setenv("LETHE_URL", "http://127.0.0.1:1") // nobody answers there
	for _, c := range []struct{ line, says string }{
		{"verify plain --key stamp.pub", "it is not signed"},
		{"verify signed --key stamp.pub", "give the exporter's public key"},
		{"verify signed --key stamp.pub --key auditor.key.pub", "signed the list of files"},
		{"verify signed --key stamp.pub", "The period was not over"},
		{"audit signed/ledger --key stamp.pub --access-log signed/access-log.jsonl", "act result."},
	} {
		if stdout, _ := p.want(verbs.ExitOK, strings.Fields(c.line)...); !strings.Contains(stdout, c.says) {
			t.Errorf("%s does not say %q: %s", c.line, c.says, stdout)
		}
	}
	for _, c := range []struct {
		code   int
		says   string
		change func(string)
	}{
		{verbs.ExitEvidence, "server.json of the export is missing", func(dir string) { p.must(os.Remove(dir + "/server.json")) }},
		{verbs.ExitEvidence, "SHA256SUMS is missing", func(dir string) { p.must(os.Remove(dir + "/SHA256SUMS")) }},
		{verbs.ExitAltered, "doctor.csv was altered", func(dir string) { p.write(dir+"/doctor.csv", "") }},
		{verbs.ExitAltered, "more.txt is not listed", func(dir string) { p.write(dir+"/more.txt", "") }},
		{verbs.ExitAltered, "SHA256SUMS.note: ", func(dir string) {
			p.replace(dir+"/SHA256SUMS.note", dir+"/SHA256SUMS.note", `canary.csv`, "canary.csw")
		}},
		{verbs.ExitAltered, "period.json: accepted is not what", func(dir string) {
			p.reseal(dir, "period.json", `"accepted": 2,\n  "erased"`, "\"accepted\": 3,\n  \"erased\"")
		}},
		{verbs.ExitAltered, "canary.csv is not what the ledger says", func(dir string) { p.reseal(dir, "canary.csv", `\z`, "made up") }},
		{verbs.ExitAltered, "access log is not what its commitment says", func(dir string) { p.reseal(dir, "access-log.jsonl", `who `, "who else") }},
	} {
		t.Run(c.says, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "export")
			p.must(os.CopyFS(dir, os.DirFS("signed")))
			c.change(dir)
			if _, stderr := p.want(c.code, "verify", dir, "--key", "stamp.pub", "--key", "auditor.key.pub"); !strings.Contains(stderr, c.says) {
				t.Errorf("got %s, want %s", stderr, c.says)
			}
		})
	}
}

// reseal changes a file of an export and its digest, as whoever has no key can.
func (p *proof) reseal(dir, name, pattern, by string) {
	p.t.Helper()
	file := filepath.Join(dir, name)
	before := fmt.Sprintf("%x", sha256.Sum256([]byte(p.read(file))))
	p.replace(file, file, pattern, by)
	sums := filepath.Join(dir, "SHA256SUMS")
	p.replace(sums, sums, before, fmt.Sprintf("%x", sha256.Sum256([]byte(p.read(file)))))
	p.must(os.Remove(filepath.Join(dir, "SHA256SUMS.note")))
}

func (p *proof) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}
