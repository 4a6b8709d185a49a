package verbs_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/task"
)

// What a flag cannot be ends with the code of a wrong command line, and no request is made.
func TestValuesThatCannotBeAreRefusedBeforeAnythingIsSent(t *testing.T) {
	w := &world{t: t}
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	t.Setenv("LETHE_URL", server.URL)
	t.Setenv("LETHE_APP", "app")
	t.Setenv("LETHE_SECRET", "secret")
	dir := files(t, map[string]string{"scan.pdf": word, "in/scan.pdf": word, "plain": word})
	plain := filepath.Join(dir, "plain")
	scan, key := filepath.Join(dir, "scan.pdf"), "stamp+00000000+AAAA"
	_, public, err := ledger.GenerateKey("stamp.test")
	if err != nil {
		t.Fatal(err)
	}
	submit := func(flag, value string) []string { return []string{"submit", flag, value, scan} }
	for message, args := range map[string][]string{
		"--pages 7-3: the range 7-3 ends before it begins; write 3-7":     submit("--pages", "7-3"),
		"--pages 1,x: part 2 is neither":                                  submit("--pages", "1,x"),
		`--format txt,foo: there is no "foo": it must be txt, `:           submit("--format", "txt,foo"),
		"--profile slow: it must be accurate or fast":                     submit("--profile", "slow"),
		"--on-page-error x: it must be continue or fail":                  submit("--on-page-error", "x"),
		"--signature x: it must be rewrite, ":                             submit("--signature", "x"),
		"--parallel 65: it must be from 1 to 64":                          submit("--parallel", "65"),
		"--give-up-after -1s: it must be 1 second or more":                submit("--give-up-after", "-1s"),
		"--review-below 101: ":                                            submit("--review-below", "101"),
		"--subject is empty: give it a value, or leave it out":            submit("--subject", ""),
		"--url (LETHE_URL) is empty":                                      submit("--url", ""),
		"an argument is empty":                                            {"submit", ""},
		"--parallel 0: it must be from 1 to 64":                           {"watch", "--parallel", "0", filepath.Join(dir, "in"), filepath.Join(dir, "out")},
		"--every 10ms: it must be 1 second or more":                       {"watch", "--every", "10ms", filepath.Join(dir, "in"), filepath.Join(dir, "out")},
		"--limit 0: it must be 1 or more":                                 {"list", "--limit", "0"},
		"--state Done: it must be Submitted, ":                            {"list", "--state", "Done"},
		"--format epub: it must be txt, ":                                 {"get", unknown, "--format", "epub"},
		"--format txt,pdf: it must be txt, ":                              {"get", unknown, "--format", "txt,pdf"},
		"--hours 9: it must be from 1 to 8":                               {"case", "open", "app", unknown, "--reason", "why", "--hours", "9"},
		"--events task.completed,x: it must be task.completed, ":          {"webhook", "add", "app", "https://hooks.example.org/", "--events", "task.completed,x"},
		"--events : it must be":                                           {"webhook", "add", "app", "https://hooks.example.org/", "--events", ""},
		"--grace -1h: it must be from 0 seconds to 7 days":                {"webhook", "rotate", "app", unknown, "--grace", "-1h"},
		"--since tomorrow: it must be a day or a time":                    {"webhook", "log", "--since", "tomorrow"},
		"--since gestern: it must be a day or a time":                     {"access-log", "--since", "gestern"},
		"--from yesterday: it must be a day":                              {"usage", "--from", "yesterday"},
		"--limit 0s: it must be 1ns or more":                              {"audit", "--key", key, "--limit", "0s"},
		"--limit-after-processing -2h: ":                                  {"verify", scan, "--key", key, "--limit-after-processing", "-2h"},
		"--from 2999-01-01 is yet to come: give a day or a time that has": {"evidence", filepath.Join(dir, "ev"), "--from", "2999-01-01"},
		"--to 2026-01-01 is before --from 2026-01-02":                     {"evidence", filepath.Join(dir, "ev"), "--from", "2026-01-02", "--to", "2026-01-01"},
		"--output " + scan + ": results go to a folder":                   {"submit", "-o", scan, scan},
		"--output " + plain + " is no folder: name one":                   {"submit", "-o", plain, scan},
		"OUT " + scan + " is no folder":                                   {"watch", filepath.Join(dir, "in"), scan},
		"--done " + scan + " is no folder":                                {"watch", "--done", scan, filepath.Join(dir, "in"), filepath.Join(dir, "out")},
		"--output " + dir + " is a folder: name a file":                   {"get", unknown, "-o", dir},
		"there is no folder " + filepath.Join(dir, "none"):                {"case", "fetch", unknown, "-o", filepath.Join(dir, "none", "x.zip")},
		"--save " + dir + " is a folder":                                  {"audit", "--key", public, "--save", dir},
		"DIR " + scan + " is no folder":                                   {"ledger", "save", scan},
		"unknown shorthand flag: 'j' in -json; did you mean --json?":      {"list", "-json"},
		"--review-below 90%: expected number from 0 to 100":               submit("--review-below", "90%"),
		"unknown flag: --json; flags of a command come after its name":    {"--json", "list"},
		"--scan is empty":                                                 {"evidence", filepath.Join(dir, "ev"), "--scan", ""},
	} {
		code, stdout, stderr := w.run(t.Context(), "", args...)
		if code != verbs.ExitUsage || stdout != "" || !strings.Contains(stderr, message) {
			t.Errorf("%q: exit code %d with %q, and %q is not in %q", args, code, stdout, message, stderr)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests were made", n)
	}
}

// People need not know in which case a value is written.
func TestChoicesAreTakenInAnyCase(t *testing.T) {
	w := newWorld(t)
	w.want(verbs.ExitOK, "submit", "--no-wait", filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf"))
	if stdout, _ := w.want(verbs.ExitOK, "list", "--state", "completed"); !strings.Contains(stdout, "Completed") {
		t.Errorf("it lists %q", stdout)
	}
}

// A default of the command line that the application may not have is told by its flag, with what it may have.
func TestADefaultThatTheServerRefusesIsToldByItsFlag(t *testing.T) {
	w := newWorld(t)
	app, secret := w.Create(access.Application{Name: "pdf", Scopes: access.ApplicationScopes()[:3], Ceilings: task.Ceilings{Formats: []render.Format{render.PDF}}})
	t.Setenv("LETHE_APP", app)
	t.Setenv("LETHE_SECRET", secret)
	_, stderr := w.want(verbs.ExitUsage, "submit", filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf"))
	if !strings.Contains(stderr, "--format txt, the default: ") || !strings.Contains(stderr, "pdf") {
		t.Errorf("it says %q", stderr)
	}
}

// What this machine refuses is told as people write it, and the code stands where it does for what a server refuses.
func TestRefusalsOfThisMachineBeginWithWhatIsWrong(t *testing.T) {
	if said := verbs.Message(fault.New(fault.BadField, "a cap must be a positive number")); said != "a cap must be a positive number (bad_field)" {
		t.Errorf("it says %q", said)
	}
}

// Another credential is not taken in place of the one that was named.
func TestAnEmptyCredentialIsRefusedByItsFlag(t *testing.T) {
	w := newWorld(t)
	empty := filepath.Join(files(t, map[string]string{"empty": "\nsecret\n"}), "empty")
	for _, flag := range []string{"--secret-file", "--token-file"} {
		if _, stderr := w.want(verbs.ExitFile, "list", flag, empty); !strings.Contains(stderr, flag) || !strings.Contains(stderr, "the first line of "+empty+" is empty") {
			t.Errorf("it says %q", stderr)
		}
	}
}

func TestAnAddressOfAServerEndsBeforeTheVersionOfItsInterface(t *testing.T) {
	w := newWorld(t)
	if _, stderr := w.want(verbs.ExitSetting, "list", "--url", w.URL+"/v1/"); !strings.Contains(stderr, "LETHE_URL (--url) ends before /v1: leave that out") {
		t.Errorf("it says %q", stderr)
	}
}
