package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
)

// operatorVerbs are command lines of every verb that works on a data folder, but the doctor's, which needs the program itself.
func operatorVerbs() []string {
	return []string{
		"app create", "app list", "app rotate ID", "app revoke ID", "app export", "app import",
		"sweep", "sweep --dry-run", "clock", "clock accept", "ledger begin archive.test",
		"state save - --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
	}
}

// call executes a command line in this process.
func call(t *testing.T, line ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, problems bytes.Buffer
	err := run(t.Context(), line, environment{strings.NewReader(""), &out, &problems})
	return out.String(), problems.String(), verbs.ExitCode(err)
}

func TestNoVerbBesideTheServerMakesADataFolder(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, verb := range append(operatorVerbs(), "doctor") {
		for _, data := range []string{filepath.Join(dir, "none"), empty} {
			_, problem, code := call(t, append(strings.Fields(verb), "--data", data)...)
			if code != verbs.ExitSetting {
				t.Errorf("%s: code %d, want %d", verb, code, verbs.ExitSetting)
			}
			for _, part := range []string{data, "--data", "LETHE_DATA", "lethe serve", "--init"} {
				if !strings.Contains(problem, part) {
					t.Errorf("%s: the message lacks %s: %s", verb, part, problem)
				}
			}
		}
	}
	for _, folder := range []string{dir, empty} {
		entries, err := os.ReadDir(folder)
		if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != "empty" }) {
			t.Errorf("something was made: %v, %v", entries, err)
		}
	}
}

func TestNobodyTakesAFolderOfOtherFiles(t *testing.T) {
	dir := t.TempDir()
	scan := filepath.Join(dir, "staging", "scan.pdf")
	if err := errors.Join(os.Mkdir(filepath.Dir(scan), 0o700), os.WriteFile(scan, []byte("%PDF"), 0o600)); err != nil {
		t.Fatal(err)
	}
	set := config.Default()
	set.Data = dir
	_, served := newMachine(t.Context(), set, "http://127.0.0.1:1", slog.New(slog.DiscardHandler))
	_, begun, code := call(t, "app", "create", "--init", "--data", dir)
	if verbs.ExitCode(served) != verbs.ExitSetting || code != verbs.ExitSetting {
		t.Errorf("codes %d and %d, want %d: %v; %s", verbs.ExitCode(served), code, verbs.ExitSetting, served, begun)
	}
	for _, said := range []string{fmt.Sprint(served), begun} {
		for _, part := range []string{dir, "--data", "LETHE_DATA", "name an empty folder"} {
			if !strings.Contains(said, part) {
				t.Errorf("the message lacks %s: %s", part, said)
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder was touched: %v, %v", entries, err)
	}
	if content, err := os.ReadFile(scan); err != nil || string(content) != "%PDF" {
		t.Errorf("a file was touched: %q, %v", content, err)
	}
}

func TestAFolderThatCannotBeWrittenToIsASettingToChange(t *testing.T) {
	for _, cause := range []error{fs.ErrPermission, syscall.EROFS, syscall.ENOTDIR} {
		err := folderError("place", &fs.PathError{Op: "open", Path: "lock", Err: cause})
		if verbs.ExitCode(err) != verbs.ExitSetting || !strings.Contains(err.Error(), "LETHE_DATA") || !strings.Contains(err.Error(), "place") {
			t.Errorf("%v: %v", cause, err)
		}
	}
	if other := errors.New("other"); verbs.ExitCode(folderError("place", other)) != verbs.ExitFailure || folderError("place", nil) != nil {
		t.Error("another error is taken for one of the folder")
	}
}

func TestEveryOperatorVerbSaysOnWhichFolderItWorks(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if secret, said, code := call(t, "app", "create", "--init", "--data", data); code != 0 || !strings.Contains(said, data) || !strings.Contains(secret, "lethe_") {
		t.Fatalf("init: code %d, %s", code, said)
	}
	t.Chdir(filepath.Dir(data))
	for _, verb := range operatorVerbs() {
		if _, said, _ := call(t, append(strings.Fields(verb), "--data", "data")...); !strings.Contains(said, "data folder: "+data+"\n") {
			t.Errorf("%s says: %s", verb, said)
		}
	}
}

func TestVerbsTakeTheSettingsThatTheServerLeft(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if _, said, code := call(t, "app", "create", "--init", "--data", data); code != 0 {
		t.Fatal(said)
	}
	if _, said, _ := call(t, "clock", "--data", data); !strings.Contains(said, "those of this shell apply") {
		t.Errorf("without a server's settings: %s", said)
	}
	server := config.Default()
	server.Data, server.RetainProcessed, server.Listen, server.Review = data, server.RetainProcessed/4, "127.0.0.1:1", !server.Review
	if err := writeSettings(server, "https://ocr.test", &[]string{}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LETHE_RETAIN_PROCESSED", "1m") // shorter than the margin: no server would start with it
	var said bytes.Buffer
	set, err := findFolder(&said, data, false)
	if err != nil || set.Policy() != server.Policy() || set.Review != server.Review || set.Listen == server.Listen {
		t.Errorf("policy %+v, review %t, address %s, %v", set.Policy(), set.Review, set.Listen, err)
	}
	if !strings.Contains(said.String(), "not used here: LETHE_RETAIN_PROCESSED;") {
		t.Errorf("of the shell's setting is said: %s", said.String())
	}
	if err := os.WriteFile(filepath.Join(data, settingsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := findFolder(&said, data, false); err == nil || !strings.Contains(err.Error(), "start the server") {
		t.Errorf("settings that cannot be read: %v", err)
	}
}
