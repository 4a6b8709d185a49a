package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/savedstate"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// savedFolder is a data folder with an application, and the file with its state, that the identity in a file opens.
func savedFolder(t *testing.T) (folder, state, identity string) {
	t.Helper()
	dir := t.TempDir()
	folder, state, identity = filepath.Join(dir, "data"), filepath.Join(dir, "monday.state"), filepath.Join(dir, "key.txt")
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(identity, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := [][]string{
		{"app", "create", "--init", "--abbyy-id", "scanner.one", "--name", "scanner", "--data", folder},
		{"state", "save", state, "--recipient", id.Recipient().String(), "--data", folder},
	}
	for i, line := range lines {
		if i == 1 {
			beginLedger(t, folder)
		}
		if out, problems, code := call(t, line...); code != 0 {
			t.Fatalf("%q ends with %d: %s%s", line, code, out, problems)
		}
	}
	return folder, state, identity
}

// beginLedger gives what waits in a folder its place in the ledger, as a server does.
func beginLedger(t *testing.T, folder string) {
	t.Helper()
	set, err := config.Load(func(s *config.Settings) { s.Data = folder })
	if err != nil {
		t.Fatal(err)
	}
	if set.SigningKey, err = machineKey(set, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	now := folderClock(t.Context(), folder)
	store, err := local.Open(t.Context(), local.Config{Dir: folder, Now: now.Now})
	if err != nil {
		t.Fatal(err)
	}
	log, err := newLedger(set, store.Blobs, store.Records, clocksOf(now), newLog(environment{nil, io.Discard, io.Discard}))
	if err == nil {
		_, err = log.Sequence(t.Context())
	}
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAStateIsLoadedWhereNoFolderIsAndNeverOverOne(t *testing.T) {
	folder, state, identity := savedFolder(t)
	fresh := filepath.Join(filepath.Dir(folder), "new")
	load := func(into string) (string, int) {
		out, problems, code := call(t, "state", "load", state, "--identity", identity, "--data", into)
		return out + problems, code
	}
	before, _, _ := call(t, "app", "list", "--json", "--data", folder)
	if said, code := load(folder); code != verbs.ExitUsage || !strings.Contains(said, "never over one") {
		t.Errorf("over a folder: %d %s", code, said)
	}
	if said, code := load(fresh); code != 0 || !strings.Contains(said, "sha256:") || strings.Contains(said, "{") { // events of the log are for servers
		t.Fatalf("into a new folder: %d %s", code, said)
	}
	if said, code := load(fresh); code != verbs.ExitUsage {
		t.Errorf("once more: %d %s", code, said)
	}
	if after, _, _ := call(t, "app", "list", "--json", "--data", fresh); after != before || !strings.Contains(after, "scanner") {
		t.Errorf("the applications were\n%s\nand are\n%s", before, after)
	}
	first, second := contentOf(t, filepath.Join(folder, "key")), contentOf(t, filepath.Join(fresh, "key"))
	if !bytes.Equal(first, second) {
		t.Error("the folder has another key")
	}
	if bytes.Contains(opened(t, state, identity), []byte("PRIVATE+KEY")) {
		t.Error("the key that signs the ledger was saved")
	}
}

func contentOf(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// opened is what a saved state holds.
func opened(t *testing.T, state, identity string) []byte {
	t.Helper()
	by, err := identitiesOf(identity, "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(contentOf(t, state)), by...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatOpensNoStateMakesNoFolder(t *testing.T) {
	folder, state, identity := savedFolder(t)
	_, _, other := savedFolder(t)
	in := t.TempDir()
	fresh := filepath.Join(in, "new")
	cut, phrase := filepath.Join(filepath.Dir(folder), "cut"), filepath.Join(filepath.Dir(folder), "phrase")
	text := contentOf(t, state)
	if err := errors.Join(os.WriteFile(cut, text[:len(text)-1], 0o600), os.WriteFile(phrase, []byte("open sesame\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		line []string
		code int
	}{
		"another key":         {[]string{state, "--identity", other}, verbs.ExitFile},
		"a passphrase":        {[]string{state, "--passphrase-file", phrase}, verbs.ExitFile},
		"a cut file":          {[]string{cut, "--identity", identity}, verbs.ExitFile},
		"no file":             {[]string{cut + ".", "--identity", identity}, verbs.ExitFile},
		"no key":              {[]string{state}, verbs.ExitUsage},
		"a key and a phrase":  {[]string{state, "--identity", identity, "--passphrase-file", phrase}, verbs.ExitUsage},
		"a file without keys": {[]string{state, "--identity", state}, verbs.ExitFile},
		"a name with a space": {[]string{state, "--identity", identity, "--name", "a b"}, verbs.ExitUsage},
	} {
		out, problems, code := call(t, append([]string{"state", "load", "--data", fresh}, c.line...)...)
		if code != c.code || out != "" {
			t.Errorf("%s ends with %d, not %d: %s%s", name, code, c.code, out, problems)
		}
	}
	t.Setenv("LETHE_REGION", "elsewhere")
	if _, problems, code := call(t, "state", "load", "--data", fresh, state, "--identity", identity); code != verbs.ExitSetting || !strings.Contains(problems, "elsewhere") {
		t.Errorf("in another region: %d %s", code, problems)
	}
	if left, err := os.ReadDir(in); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAStateIsNeverWrittenOverAFile(t *testing.T) {
	folder, state, _ := savedFolder(t)
	before := contentOf(t, state)
	_, problems, code := call(t, "state", "save", state, "--passphrase-file", state, "--data", folder)
	if code == 0 || !bytes.Equal(before, contentOf(t, state)) {
		t.Errorf("%d %s", code, problems)
	}
}

// A passphrase opens what it closed. The work that it takes to guess one is left out here.
func TestAPassphraseIsOneLineOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "phrase")
	for text, good := range map[string]bool{"open sesame\n": true, "open sesame": true, "open sesame\r\n": true, "": false, "\n": false, "open\nsesame\n": false} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		to, err := recipientsOf(nil, file)
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil {
			continue
		}
		if cheap, ok := to[0].(*age.ScryptRecipient); ok {
			cheap.SetWorkFactor(1)
		}
		by, err := identitiesOf("", file)
		if err != nil {
			t.Fatal(err)
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, to...)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := age.Decrypt(&sealed, by...); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// countdown is a context that ends when it was asked for the nth time, as a disk may fail at any step.
type countdown struct {
	context.Context
	end  context.CancelFunc
	left atomic.Int64
}

// Err implements context.Context.
func (e *countdown) Err() error {
	if e.left.Add(-1) < 0 {
		e.end()
	}
	return e.Context.Err()
}

// Done implements context.Context.
func (e *countdown) Done() <-chan struct{} {
	_ = e.Err()
	return e.Context.Done()
}

func TestALoadThatFailsAtAnyStepLeavesNoFolder(t *testing.T) {
	_, state, identity := savedFolder(t)
	by, err := identitiesOf(identity, "")
	if err != nil {
		t.Fatal(err)
	}
	found, err := savedstate.Check(bytes.NewReader(contentOf(t, state)), by)
	if err != nil {
		t.Fatal(err)
	}
	set, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	for step, failed := int64(0), 0; ; step += 1 + step/3 {
		in := t.TempDir()
		set.Data = filepath.Join(in, "data")
		into := newFolder{loading: &loading{}, set: set, found: found}
		now := clock.Open(t.Context(), &remembered{found.Clock}, clock.System(), slog.New(slog.DiscardHandler))
		inner, end := context.WithCancel(t.Context())
		ctx := &countdown{Context: inner, end: end}
		ctx.left.Store(step)
		err := local.Make(ctx, local.Config{Dir: set.Data, Now: now.Now}, found.Key, func(store *local.Store) error {
			return into.fill(ctx, store, now, func() error {
				return savedstate.Load(ctx, bytes.NewReader(contentOf(t, state)), by, store.Records, store.Blobs)
			})
		})
		end()
		if err == nil {
			if failed < 5 {
				t.Errorf("only %d steps failed", failed)
			}
			return
		}
		failed++
		if left, err := os.ReadDir(in); err != nil || len(left) > 0 {
			t.Fatalf("step %d failed and left %v, %v", step, left, err)
		}
	}
}

// What age a document has must not depend on whether the place was made anew meanwhile.
func TestTimeGoesOnFromTheSavedOne(t *testing.T) {
	dir := t.TempDir()
	ahead := clock.Anchor{Service: time.Now().Add(48 * time.Hour).UTC(), Wall: time.Now().UTC(), BootID: "another", Offset: -48 * time.Hour}
	if err := clock.InFolder(dir).Update(func(clock.Anchor) (clock.Anchor, error) { return ahead, nil }); err != nil {
		t.Fatal(err)
	}
	anchor, err := clock.InFolder(dir).Load()
	if err != nil {
		t.Fatal(err)
	}
	now := clock.Open(t.Context(), &remembered{anchor}, clock.System(), newLog(environment{nil, io.Discard, io.Discard}))
	if behind := ahead.Service.Sub(now.Now()); behind > 0 || now.Offset() != ahead.Offset {
		t.Errorf("the clock is %s behind the saved one, with an offset of %s", behind, now.Offset())
	}
}
