package verbs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

//go:generate go test -count=1 -run ^TestAuditorIsToldWhatIsProvenAndWhatNot$ . -update

var update = flag.Bool("update", false, "rewrite the golden file")

// proof is a folder with what an auditor is given: the receipt of an erased document, as it was before and after it was logged, the
// key, a copy of the log and one from before the erasure, and keys and checkpoints that do not belong to it.
type proof struct {
	*world
	dir string
	id  string
}

func newProof(t *testing.T) *proof {
	w := newWorld(t)
	dir := files(t, map[string]string{"scan.pdf": word, "other.pdf": "%PDF-1.7", "stamp.pub": w.Key + "\n"})
	t.Chdir(dir)
	p := &proof{w, dir, ""}
	w.want(verbs.ExitOK, "submit", "-o", "kept", "scan.pdf")
	stdout, _ := w.want(verbs.ExitOK, "list", "--json")
	p.id = regexp.MustCompile(`"id":"([^"]*)"`).FindStringSubmatch(stdout)[1]
	p.sequence()
	w.want(verbs.ExitOK, "ledger", "save", "young")
	w.want(verbs.ExitFailure, "receipt", p.id)
	w.want(verbs.ExitOK, "delete", p.id)
	p.save("early.receipt", "receipt", p.id)
	p.sequence()
	p.save("scan.receipt", "receipt", p.id)
	w.want(verbs.ExitOK, "ledger", "save", "log")
	w.want(verbs.ExitOK, "submit", "-o", "later", "scan.pdf")
	p.sequence()
	w.want(verbs.ExitOK, "audit", "--key", "stamp.pub", "--save", "later.checkpoint")
	_, same, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	p.write("stranger.pub", same+"\n")
	return p
}

func (p *proof) sequence() {
	p.t.Helper()
	if _, err := p.Ledger.Sequence(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proof) save(name string, args ...string) {
	p.t.Helper()
	text, _ := p.want(verbs.ExitOK, args...)
	p.write(name, text)
}

func (p *proof) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *proof) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// replace writes a file with one thing in it replaced.
func (p *proof) replace(from, to, pattern, by string) {
	p.t.Helper()
	text := p.read(from)
	changed := regexp.MustCompile("(?m)"+pattern).ReplaceAllString(text, by)
	if changed == text {
		p.t.Fatalf("%s holds no %s", from, pattern)
	}
	p.write(to, changed)
}

// What an auditor reads, word for word: what is proven, by which key, what is not, what was not checked and what waits.
func TestAuditorIsToldWhatIsProvenAndWhatNot(t *testing.T) {
	name, err := filepath.Abs("testdata/evidence.golden")
	if err != nil {
		t.Fatal(err)
	}
	p := newProof(t)
	golden := p.read(name)
	var got strings.Builder
	for _, c := range []struct {
		code int
		line string
	}{
		{verbs.ExitOK, "verify scan.receipt --key stamp.pub --file scan.pdf --limit 2h"},
		{verbs.ExitNotLogged, "verify early.receipt --key stamp.pub"},
		{verbs.ExitOK, "verify early.receipt --key stamp.pub --log log --limit-after-processing 2h"},
		{verbs.ExitOK, "verify kept/scan.pdf.accepted.promise --key stamp.pub"},
		{verbs.ExitOK, "audit log --key stamp.pub --limit 2h --promises kept/scan.pdf.created.promise"},
		{verbs.ExitOK, "audit young --key stamp.pub --limit 1ns --promises kept/scan.pdf.accepted.promise"},
		{verbs.ExitOK, "audit --key stamp.pub --since log/checkpoint"},
	} {
		stdout, stderr := p.want(c.code, strings.Fields(c.line)...)
		fmt.Fprintf(&got, "$ lethe %s\n%s%s\n\n", c.line, stdout, stderr)
	}
	text := anonymous(got.String())
	if *update {
		p.write(name, text)
	} else if text != golden {
		t.Errorf("testdata/evidence.golden does not hold\n%s", text)
	}
}

// anonymous replaces what differs from run to run, and the classes of copies, which are those of the inventory: another class there
// shall not need another file here.
func anonymous(text string) string {
	for _, r := range []struct{ pattern, by string }{
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "ID"},
		{`sha256:[0-9a-f]{64}`, "sha256:DIGEST"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "TIME"},
		{`(classes of copies +)[a-z-]+(, [a-z-]+)*`, "${1}CLASSES"},
		{`(less than a second|\d+ (second|minute)s?( \d+ seconds?)?) after`, "MOMENT after"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.by)
	}
	return text
}

// Each way to fail has its own words and its own exit code, and JSON names it.
func TestEachFailureOfEvidenceHasItsWordsAndItsCode(t *testing.T) {
	p := newProof(t)
	lines := []string{"task", "nonce", "input", "subject", "at", "reason", "uploaded", "ended", "removed", "erased", "document", "copy result", "after-processing", "after-upload", "region", "program"}
	p.replace("scan.receipt", "headless.receipt", `\Alethe-receipt`, "lethe-recipe")
	p.replace("scan.receipt", "moved.receipt", `^index \d+$`, "index 0")
	p.replace("scan.receipt", "cut.receipt", `(?s)c2sp.org.*`, "")
	p.replace("kept/scan.pdf.accepted.promise", "bad.promise", `^limit-after-upload .*$`, "limit-after-upload 480h0m0s")
	for _, part := range []string{"short", "changed", "headless"} {
		if err := os.CopyFS(part, os.DirFS("log")); err != nil {
			t.Fatal(err)
		}
	}
	bundle, err := filepath.Glob("changed/tile/entries/000.p/*")
	if err != nil || len(bundle) != 1 {
		t.Fatal(bundle, err)
	}
	p.replace(bundle[0], bundle[0], `delete-requested`, "delete-respected")
	for _, gone := range []string{strings.Replace(bundle[0], "changed", "short", 1), "headless/checkpoint"} {
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
	}
	type row struct {
		code       int
		line, says string
	}
	rows := []row{
		{verbs.ExitAltered, "verify headless.receipt --key stamp.pub", "not a receipt"},
		{verbs.ExitAltered, "verify moved.receipt --key stamp.pub", "does not contain it as entry 0"},
		{verbs.ExitAltered, "verify cut.receipt --key stamp.pub", "cut short"},
		{verbs.ExitAltered, "verify bad.promise --key stamp.pub", "the promise: the signature of lethe.test+"},
		{verbs.ExitAltered, "verify scan.receipt --key stamp.pub --file other.pdf", "another document than other.pdf"},
		{verbs.ExitUnknownKey, "verify scan.receipt --key stranger.pub", "the receipt: it names lethe.test+"},
		{verbs.ExitUnknownKey, "audit log --key stranger.pub", "the log's checkpoint: it names lethe.test+"},
		{verbs.ExitFile, "verify no.receipt --key stamp.pub", "no.receipt"},
		{verbs.ExitFile, "verify scan.receipt --key no.pub", "--key"},
		{verbs.ExitFile, "verify scan.receipt --key stamp.pub --file no.pdf", "no.pdf"},
		{verbs.ExitFile, "verify scan.receipt --key stamp.pub --log no-log", "no-log"},
		{verbs.ExitFile, "audit no-log --key stamp.pub", "no-log"},
		{verbs.ExitFile, "audit log --key stamp.pub --since no.checkpoint", "no.checkpoint"},
		{verbs.ExitUsage, "verify scan.receipt --key scan.pdf", "a public key has the form"},
		{verbs.ExitUsage, "verify scan.receipt", "--key"},
		{verbs.ExitEvidence, "verify scan.receipt --key stamp.pub --limit 1ns", "the last copy was erased"},
		{verbs.ExitEvidence, "audit log --key stamp.pub --limit 1ns", "a promise or a limit was not kept"},
		{verbs.ExitEvidence, "audit short --key stamp.pub", "the log lacks the file tile/entries/"},
		{verbs.ExitEvidence, "audit headless --key stamp.pub", "there is no checkpoint"},
		{verbs.ExitAltered, "audit changed --key stamp.pub", "the log was altered"},
		{verbs.ExitAltered, "audit log --key stamp.pub --since later.checkpoint", "the log was rolled back: it has "},
		{verbs.ExitAltered, "audit log --key stamp.pub --promises bad.promise", "bad.promise: the promise: the signature"},
	}
	for _, line := range lines {
		name := strings.ReplaceAll(line, " ", "-") + ".receipt"
		p.replace("scan.receipt", name, "^"+line+` \S*(\S)\b`, line+" altered")
		says := map[string]string{
			"task": "task, nonce and subject one is", "nonce": "task, nonce and subject one is", "subject": "task, nonce and subject one is",
			"input": "not the form", "document": "input and document one is", "at": "not the form",
		}[line]
		if says == "" {
			says = `a line from \"subject\" to`
			rows = append(rows, row{verbs.ExitAltered, "verify " + name + " --key stamp.pub --log log", `the receipt says \"` + line + ` altered`})
		}
		rows = append(rows, row{verbs.ExitAltered, "verify " + name + " --key stamp.pub", says})
	}
	outcomes := map[int]string{verbs.ExitAltered: "altered", verbs.ExitUnknownKey: "unknown_key"}
	for _, r := range rows {
		stdout, stderr := p.want(r.code, append(strings.Fields(r.line), "--json")...)
		if said := strings.ReplaceAll(stderr, `"`, `\"`); !strings.Contains(said, r.says) {
			t.Errorf("%s says %s, want %s", r.line, stderr, r.says)
		}
		var told struct {
			Outcome string
			Code    int `json:"exit_code"`
			Detail  string
		}
		if r.code == verbs.ExitFile || r.code == verbs.ExitUsage {
			if stdout != "" {
				t.Errorf("%s prints %s", r.line, stdout)
			}
		} else if err := json.Unmarshal([]byte(stdout), &told); err != nil || told.Code != r.code || told.Detail == "" || outcomes[r.code] != "" && told.Outcome != outcomes[r.code] {
			t.Errorf("%s prints %s, %v", r.line, stdout, err)
		}
	}
	if stdout, _ := p.want(verbs.ExitFile, "verify", "scan.receipt", "--key", "stamp.pub", "--file", "no.pdf"); stdout != "" {
		t.Errorf("a document that is missing, and yet it prints %s", stdout)
	}
}

// A receipt from a machine whose clock is ahead says nothing about when.
func TestReceiptFromTheFutureShowsAWrongClock(t *testing.T) {
	ahead := func() time.Time { return time.Now().Add(30 * time.Hour) }
	private, public, err := ledger.GenerateKey("ahead.test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.ParseSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	m := memory.New(ahead)
	log := ledger.New(ledger.Config{Blobs: m.Blobs(), Records: m, Signer: key, Now: ahead, Log: slog.New(slog.DiscardHandler)})
	o := ledger.Opening{Task: "task", Nonce: "nonce"}
	receipt, err := log.Receipt(t.Context(), o, ledger.Entry{Kind: ledger.Erased, Subject: o.Subject(), At: ahead(), Fields: []ledger.Field{
		{Name: ledger.FieldDocument, Value: o.Document()}, ledger.Time(ledger.FieldUploaded, ahead()),
	}})
	if err != nil {
		t.Fatal(err)
	}
	dir := files(t, map[string]string{"receipt": string(receipt)})
	w := &world{t: t}
	stdout, stderr := w.want(verbs.ExitNotLogged, "verify", filepath.Join(dir, "receipt"), "--key", public)
	if !strings.Contains(stdout, "ahead of this machine's clock") {
		t.Errorf("verify says %s%s", stdout, stderr)
	}
}
