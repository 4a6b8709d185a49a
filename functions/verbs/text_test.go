package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	refused := func(status int) error { return &client.Problem{Status: status} }
	documented := Exits()
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"done", nil, ExitOK},
		{"anything", errors.New("no room"), ExitFailure},
		{"command line", Usage(errors.New("no")), ExitUsage},
		{"what is asked for", refused(422), ExitUsage},
		{"setting", Setting(errors.New("no")), ExitSetting},
		{"file", Usage(File(errors.New("none"))), ExitFile},
		{"no such command", &coded{ExitNoCommand, errors.New("no")}, ExitNoCommand},
		{"no arguments", &coded{ExitNoArguments, errors.New("no")}, ExitNoArguments},
		{"unknown here", fault.New(fault.ThingNotFound, "no"), ExitGone},
		{"invalid here", fault.New(fault.BadField, "no"), ExitUsage},
		{"failed here", fault.New(fault.StorageUnavailable, "no"), ExitFailure},
		{"no answer", fmt.Errorf("%w: refused", client.ErrUnreachable), ExitUnreachable},
		{"no credentials", refused(401), ExitRefused},
		{"no scope", refused(403), ExitRefused},
		{"unknown", refused(404), ExitGone},
		{"erased", refused(410), ExitGone},
		{"busy", refused(503), ExitFailure},
		{"document", Document(errors.New("damaged")), ExitDocument},
		{"link refused", fmt.Errorf("%w: %w", client.ErrLink, refused(403)), ExitFailure},
		{"too large for storage", fmt.Errorf("%w: %w", client.ErrLink, refused(413)), ExitDocument},
		{"pages", Pages(errors.New("1 of 2")), ExitPages},
		{"file", File(errors.New("none")), ExitFile},
		{"altered", fmt.Errorf("receipt: %w", ledger.ErrAltered), ExitAltered},
		{"not yet logged", ledger.ErrNotLogged, ExitNotLogged},
		{"unknown key", ledger.ErrUnknownKey, ExitUnknownKey},
		{"broken promise", ledger.ErrBroken, ExitEvidence},
		{"part of a log", ledger.ErrIncomplete, ExitEvidence},
		{"some", Some(errors.New("1 of 2")), ExitSome},
		{"closed", &client.Problem{Status: 503, Code: "intake_closed", Retryable: true}, ExitBusy},
		{"signal", fmt.Errorf("send: %w", context.Canceled), ExitInterrupted},
	} {
		documented = slices.DeleteFunc(documented, func(e Exit) bool { return e.Code == c.want })
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ExitCode(c.err); got != c.want {
				t.Errorf("ExitCode(%v) = %d, want %d", c.err, got, c.want)
			}
		})
	}
	if len(documented) > 0 {
		t.Errorf("nothing ends with %v", documented)
	}
}

func TestTextsOfAServerControlNoTerminal(t *testing.T) {
	t.Parallel()
	for _, err := range []error{&client.Problem{Detail: "language \x1b[31mxxx"}, Document(errors.New("damaged \x1b[2J")), errors.New("\x1b]0;title\x07")} {
		if m := Message(err); strings.ContainsFunc(m, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", m)
		}
	}
}

func FuzzPrintableControlsNoTerminal(f *testing.F) {
	f.Add("scan.pdf")
	f.Add("\x1b]0;title\x07\x1b[2Jé\u202egnp.exe\nsecond line")
	f.Add("\xff\x9b31m")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Printable(s) {
			if !unicode.IsPrint(r) {
				t.Fatalf("Printable(%q) holds %U", s, r)
			}
		}
	})
}

func FuzzJournalIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"document":"a","key":"b","task":"c","sent":true}` + "\n" + `{"document":"a","key":"b"}` + "\n"))
	f.Add([]byte(`{"document":"a"`))
	f.Add([]byte(`{"document":"a","key":"b"}` + "\n" + `{"document":"` + strings.Repeat("a", 500)))
	f.Add([]byte("\x00\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		write(t, dir, content)
		j, err := openJournal(dir)
		if err != nil {
			return
		}
		e, err := j.entry("another document")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.note(e), j.close()); err != nil {
			t.Fatal(err)
		}
		again, err := openJournal(dir)
		if err != nil {
			t.Fatalf("a journal that was read and continued cannot be read: %v", err)
		}
		defer func() { _ = again.close() }()
		if got := again.entries["another document"]; got == nil || got.Key != e.Key {
			t.Errorf("entry %+v, want key %s", got, e.Key)
		}
	})
}

func TestProgressIsALineNowAndThenWithoutATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := newTalkingBar(&out, "pages")
		for done := range 300 {
			time.Sleep(time.Second) // of the bubble
			b.To(done, 300)
		}
		b.To(300, 0)
		b.End()
		if lines := strings.Count(out.String(), "\n"); lines != 30 || !strings.HasPrefix(out.String(), "pages 9/300\n") {
			t.Errorf("%d lines:\n%s", lines, out.String())
		}
	})
}

func write(t *testing.T, dir string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, journalFile), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
