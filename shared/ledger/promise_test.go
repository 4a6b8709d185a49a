package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// promise is what the client of a document was promised.
func (d document) promise() ledger.Promise {
	return ledger.Promise{
		Task: d.Task, Application: "archive", Subject: d.Subject(), Created: d.uploaded.Add(-time.Minute), Uploaded: d.uploaded, Digest: d.Digest,
		Submission: 24 * time.Hour, Unprocessed: 48 * time.Hour, Processed: 24 * time.Hour, Formats: []string{"txt", "pdf"}, Languages: []string{"eng"},
	}
}

func TestPromiseIsJudgedByTheLog(t *testing.T) {
	d := contradictory()
	late := d
	late.gone = d.ended.Add(25 * time.Hour)
	creation, document, short := d.promise(), d.promise(), d.promise()
	creation.Uploaded, creation.Digest = time.Time{}, ""
	short.Retain = 10 * time.Minute
	visit := func(after time.Duration) ledger.Entry {
		return ledger.Entry{Kind: ledger.Doctor, Subject: "-", At: noon.Add(after), Fields: []ledger.Field{{Name: ledger.FieldBreach, Value: "0"}}}
	}
	moved := d
	moved.uploaded = d.uploaded.Add(time.Hour)
	slow := d
	slow.gone = d.ended.Add(3 * time.Hour)
	never := d.receipt()
	never.Fields[1], never.Fields[2] = ledger.Time(ledger.FieldUploaded, time.Time{}), ledger.Time(ledger.FieldEnded, time.Time{})
	tardy := never
	tardy.At = noon.Add(26 * time.Hour)
	lately := d
	lately.uploaded, lately.ended, lately.gone = noon.Add(26*time.Hour), noon.Add(26*time.Hour), noon.Add(27*time.Hour)
	for name, c := range map[string]struct {
		entries []ledger.Entry
		promise ledger.Promise
		verdict string
	}{
		"creation, and the document came":                 {d.entries(), creation, ledger.Kept},
		"creation, and no document came":                  {[]ledger.Entry{never}, creation, ledger.Kept},
		"creation, and the log is young":                  {[]ledger.Entry{visit(20 * time.Hour)}, creation, ledger.NotYet},
		"creation, and the document came late":            {lately.entries(), creation, ledger.Broken},
		"creation, and that was said too late":            {[]ledger.Entry{tardy}, creation, ledger.Broken},
		"creation, and the document is in a receipt only": {[]ledger.Entry{d.receipt()}, creation, ledger.Broken},
		"creation that was never logged":                  {[]ledger.Entry{visit(26 * time.Hour)}, creation, ledger.Broken},
		"document, erased in time":                        {d.entries(), document, ledger.Kept},
		"document, and the log is older":                  {[]ledger.Entry{visit(-time.Hour)}, document, ledger.NotYet},
		"document that was never logged":                  {[]ledger.Entry{visit(2 * time.Hour)}, document, ledger.Broken},
		"document, logged as come later":                  {moved.entries(), document, ledger.Broken},
		"document that still may live":                    {append(d.entries()[:2:2], visit(20*time.Hour)), document, ledger.NotYet},
		"document without a receipt":                      {append(d.entries()[:2:2], visit(26*time.Hour)), document, ledger.Broken},
		"document, erased too late":                       {late.entries(), document, ledger.Broken},
		"document, erased later than it was set":          {slow.entries(), short, ledger.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			key := signer(t, "lethe.test")
			log, err := forgedLog(t.Context(), key, c.entries)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			signed, err := w.process(key, nil).Promise(t.Context(), c.promise)
			if err != nil {
				t.Fatal(err)
			}
			a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Promises: [][]byte{signed}, Now: noon.Add(100 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Promises) != 1 || a.Promises[0].Verdict != c.verdict || a.Promises[0].Why == "" {
				t.Errorf("the verdict is %+v, want %s", a.Promises, c.verdict)
			}
			named := strings.Contains(strings.Join(a.Breaches, "\n"), "broken-promise: task task:")
			if named != (c.verdict == ledger.Broken) {
				t.Errorf("breaches are %q", a.Breaches)
			}
		})
	}
}

// One life in the log does for one document: whoever promises it to two is found out by both promises together.
func TestOneLifeDoesForOnePromise(t *testing.T) {
	d := contradictory()
	creation, document, other, another := d.promise(), d.promise(), d.promise(), d.promise()
	creation.Uploaded, creation.Digest = time.Time{}, ""
	other.Task = "another"
	another.Digest = strings.Repeat("1", 64)
	key := signer(t, "lethe.test")
	log, err := forgedLog(t.Context(), key, d.entries())
	if err != nil {
		t.Fatal(err)
	}
	signing := newWorld(t)
	for name, c := range map[string]struct {
		promises []ledger.Promise
		broken   int
	}{
		"of one task":                {[]ledger.Promise{creation, document, document}, 0},
		"in the other order":         {[]ledger.Promise{document, creation}, 0},
		"of two tasks":               {[]ledger.Promise{document, other}, 1},
		"of two documents":           {[]ledger.Promise{creation, document, another}, 1},
		"of a task and of another's": {[]ledger.Promise{creation, other}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			x := ledger.Examination{Keys: []string{key.Public()}, Now: noon.Add(10 * time.Hour)}
			for _, p := range c.promises {
				signed, err := signing.process(key, nil).Promise(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				x.Promises = append(x.Promises, signed)
			}
			a, err := ledger.Check(t.Context(), log, x)
			if err != nil || len(a.Breaches) != c.broken {
				t.Errorf("%v; %+v", err, a)
			}
		})
	}
}

// An operator who writes nothing into the log any more keeps no promise waiting for ever.
func TestLogThatFallsSilentIsABreach(t *testing.T) {
	d := contradictory()
	creation, document := d.promise(), d.promise()
	creation.Uploaded, creation.Digest = time.Time{}, ""
	key := signer(t, "lethe.test")
	log, err := forgedLog(t.Context(), key, []ledger.Entry{{Kind: ledger.Doctor, Subject: "-", At: noon.Add(-time.Hour), Fields: []ledger.Field{{Name: ledger.FieldBreach, Value: "0"}}}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for _, c := range []struct {
		promise ledger.Promise
		after   time.Duration
		silent  bool
	}{{creation, 24 * time.Hour, false}, {creation, 27 * time.Hour, true}, {document, 48 * time.Hour, false}, {document, 51 * time.Hour, true}} {
		signed, err := w.process(key, nil).Promise(t.Context(), c.promise)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ledger.Check(t.Context(), log, ledger.Examination{Keys: []string{key.Public()}, Promises: [][]byte{signed}, Now: noon.Add(c.after)})
		if err != nil {
			t.Fatal(err)
		}
		if named := strings.HasPrefix(strings.Join(a.Breaches, ""), "silent-log: "); named != c.silent || a.Promises[0].Verdict != ledger.NotYet {
			t.Errorf("after %v: %+v, breaches %q", c.after, a.Promises, a.Breaches)
		}
	}
}

func TestPromiseIsTheSameHoweverOftenAndVerifiesAlone(t *testing.T) {
	w := newWorld(t)
	p := w.document(1).promise()
	first, err := w.Promise(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	w.sequence(t)
	w.now = w.now.Add(time.Hour)
	again, err := w.process(w.Signer, nil).Promise(t.Context(), p)
	if err != nil || string(again) != string(first) {
		t.Errorf("promised again: %v\n%s\nand before\n%s", err, again, first)
	}
	got, err := ledger.VerifyPromise(first, []string{w.Signer.Public()})
	p.Region = "westeurope"
	if err != nil || got.Text() != p.Text() {
		t.Errorf("read as %+v, %v", got, err)
	}
	for i := range first {
		bad := append([]byte(nil), first...)
		bad[i] ^= 1
		if got, err := ledger.VerifyPromise(bad, []string{w.Signer.Public()}); err == nil && got.Text() != p.Text() {
			t.Errorf("byte %d changed: verified as %+v", i, got)
		}
	}
	if _, err := w.process(nil, nil).Promise(t.Context(), p); err == nil {
		t.Error("promised without a key")
	}
}

func FuzzVerifyPromise(f *testing.F) {
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil || private == "" {
		f.Fatal(err)
	}
	p := contradictory().promise()
	f.Add([]byte(p.Text() + "\n— lethe.test abc\n"))
	f.Fuzz(func(t *testing.T, signed []byte) {
		if _, err := ledger.VerifyPromise(signed, []string{public}); err == nil {
			t.Error("a promise that nobody signed is verified")
		}
	})
}
