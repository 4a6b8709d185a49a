//go:build linux && cgo

package main_test

import (
	"bytes"
	"cmp"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// Every exit code of the table, each from the program itself. What is one code's own ends with no other.
func TestProgramEndsWithEveryExitCodeOfTheTable(t *testing.T) {
	s := start(t)
	d := newDesk(t, "scan.pdf", "other.pdf")
	d.put("half.pdf", twoPages("half.pdf"))
	d.put("notes.txt", []byte("These are notes.\n"))
	d.put("wrong-secret", []byte("guess\n"))
	const unknown = "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55"
	rows := []struct {
		code    int
		line    string // after lethe
		env     string // one variable
		message string // that standard error has in it
	}{
		{verbs.ExitOK, "read scan.pdf", "", ""},
		{verbs.ExitOK, "submit scan.pdf", "", ""},
		{verbs.ExitOK, "version", "", ""},
		{verbs.ExitFailure, "read -o /proc/none scan.pdf", "", "make output folder"},
		{verbs.ExitUsage, "read --nonsense scan.pdf", "", `see "lethe read --help"`},
		{verbs.ExitUsage, "read --lang Deutsch+eng scan.pdf", "", `--lang: languages have Tesseract's codes, and "Deutsch" is deu`},
		{verbs.ExitUsage, "submit --lang german scan.pdf", "", `"german" is deu`},
		{verbs.ExitUsage, "list --limit few", "", "--limit few: it must be a whole number"},
		{verbs.ExitUsage, "serve --ephemeral --listen 127.0.0.1:0", "", "--listen (LETHE_LISTEN) does not go with --ephemeral"},
		{verbs.ExitUnreachable, "list --url http://127.0.0.1:1", "", "LETHE_URL"},
		{verbs.ExitRefused, "list --secret-file wrong-secret", "", "LETHE_SECRET"},
		{verbs.ExitGone, "status " + unknown, "", "404"},
		{verbs.ExitGone, "erase --subject nobody", "", "no task"},
		{verbs.ExitDocument, "read notes.txt", "", "document_type_unsupported"},
		{verbs.ExitDocument, "submit notes.txt", "", "document_type_unsupported"},
		{verbs.ExitSome, "read scan.pdf notes.txt", "", "1 of 2 documents failed"},
		{verbs.ExitSome, "submit -o sent scan.pdf notes.txt", "", "1 of 2 documents failed"},
		{verbs.ExitPages, "read half.pdf", "", "1 of 2 pages"},
		{verbs.ExitPages, "submit half.pdf", "", "1 of 2 pages"},
		{verbs.ExitPages, "submit -o partly half.pdf scan.pdf", "", "1 of 2 documents"},
		{verbs.ExitPages, "submit -o partly half.pdf scan.pdf", "", "2 done earlier"},
		{verbs.ExitFile, "read none.pdf", "", "none.pdf: no such file"},
		{verbs.ExitFile, "submit none.pdf", "", "none.pdf: no such file"},
		{verbs.ExitFile, "submit --password-file none scan.pdf", "", "--password-file none"},
		{verbs.ExitFile, "list", "LETHE_CA_FILE=none.pem", "--ca-file (LETHE_CA_FILE)"},
		{verbs.ExitFile, "serve --tls-cert none.pem --tls-key none.key --listen 127.0.0.1:0", "", "--tls-cert (LETHE_TLS_CERT)"},
		{verbs.ExitSetting, "list", "LETHE_URL=", "set LETHE_URL or give --url"},
		{verbs.ExitSetting, "list", "LETHE_SECRET=", "LETHE_SECRET"},
		{verbs.ExitSetting, "read scan.pdf", "LETHE_MAX_MIB=many", "LETHE_MAX_MIB: must be a whole number"},
		{verbs.ExitSetting, "serve", "LETHE_MAX_MBI=20", "LETHE_MAX_MBI: no such setting"},
		{verbs.ExitSetting, "serve", "LETHE_LISTEN=nowhere", "--listen (LETHE_LISTEN)"},
		{verbs.ExitSetting, "serve --listen 127.0.0.1:0", "LETHE_DATA=notes.txt", "LETHE_DATA"},
		{verbs.ExitSetting, "app list", "LETHE_DATA=notes.txt", "LETHE_DATA"},
		{verbs.ExitSetting, "serve --data . --listen 127.0.0.1:0", "", "LETHE_DATA"},
		{verbs.ExitSetting, "serve --tls-cert cert.pem", "", "LETHE_TLS_CERT (--tls-cert)"},
		{verbs.ExitNoCommand, "sumbit scan.pdf", "", "did you mean submit?"},
		{verbs.ExitNoCommand, "scan.pdf", "", "lethe read scan.pdf"},
		{verbs.ExitNoCommand, "app rotates", "", "did you mean rotate?"},
		{verbs.ExitNoArguments, "", "", "name one of the commands"},
		{verbs.ExitNoArguments, "app", "", "name one of the commands"},
		{verbs.ExitNoArguments, "read", "", "FILE|DIR|-"},
		{verbs.ExitNoArguments, "status", "", "needs ID"},
	}
	driven := map[int]bool{
		verbs.ExitBusy:        true,                                                                                  // with the tests of submit
		verbs.ExitInterrupted: true,                                                                                  // below
		verbs.ExitAltered:     true, verbs.ExitNotLogged: true, verbs.ExitUnknownKey: true, verbs.ExitEvidence: true, // with the tests of evidence
	}
	for _, row := range rows {
		driven[row.code] = true
		t.Run(cmp.Or(row.line, "nothing")+" "+row.env, func(t *testing.T) {
			cmd := d.lethe(strings.Fields(row.line)...)
			cmd.Env = append(cmd.Env, "LETHE_URL="+s.url, "LETHE_APP="+s.app, "LETHE_SECRET="+s.secret)
			if row.env != "" {
				cmd.Env = append(cmd.Env, row.env)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if code := d.code(cmd.Run()); code != row.code || !strings.Contains(stderr.String(), row.message) {
				t.Errorf("exit code %d, want %d; standard error lacks %q: %q", code, row.code, row.message, stderr.String())
			}
			if strings.Contains(stderr.String(), s.secret) {
				t.Error("the secret is told")
			}
		})
	}
	silent, asked := silentServer(t)
	cmd := d.lethe("list")
	cmd.Env = append(cmd.Env, "LETHE_URL="+silent, "LETHE_APP=a", "LETHE_SECRET=b")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := d.code(cmd.Wait()); code != verbs.ExitInterrupted {
		t.Errorf("interrupted: exit code %d", code)
	}
	for _, e := range verbs.Exits() {
		if !driven[e.Code] {
			t.Errorf("nothing ends with %d: %s", e.Code, e.Meaning)
		}
	}
}

// lethe is the program, to be run on the desk with no setting but those of its environment.
func (d *desk) lethe(args ...string) *exec.Cmd {
	d.t.Helper()
	cmd := d.command()
	cmd.Args = append(cmd.Args[:1], args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "LETHE_") && !strings.HasPrefix(v, "LETHE_CACHE=") && !strings.HasPrefix(v, "LETHE_TESSDATA=")
	})
	return cmd
}

// silentServer takes connections and answers none. It says when the first has come.
func silentServer(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	came := make(chan struct{})
	go func() {
		if c, err := ln.Accept(); err == nil {
			close(came)
			_, _ = c.Read(make([]byte, 1)) // until the client is gone
			_ = c.Close()
		}
	}()
	return "http://" + ln.Addr().String(), came
}
