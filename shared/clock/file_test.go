package clock_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/clock"
)

func update(t *testing.T, f clock.File, change func(*clock.Anchor)) {
	t.Helper()
	if err := f.Update(func(a clock.Anchor) (clock.Anchor, error) {
		change(&a)
		return a, nil
	}); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, f clock.File) clock.Anchor {
	t.Helper()
	a, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheFileGivesBackWhatWasStoredLast(t *testing.T) {
	dir := t.TempDir()
	f := clock.InFolder(dir)
	if a := load(t, f); !a.Service.IsZero() {
		t.Errorf("an empty folder holds %+v", a)
	}
	want := clock.Anchor{
		Service: truth.Add(1), Boot: 1<<62 + 1, BootID: "01234567-89ab-cdef-0123-456789abcdef", Wall: truth.Add(123456789), Offset: -1 << 62,
		Horizon: truth.Add(-987654321), Behind: true,
	}
	update(t, f, func(a *clock.Anchor) { *a = want })
	if diff := cmp.Diff(want, load(t, f)); diff != "" {
		t.Error(diff)
	}
	refused := errors.New("refused")
	if err := f.Update(func(clock.Anchor) (clock.Anchor, error) { return clock.Anchor{}, refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
	if diff := cmp.Diff(want, load(t, f)); diff != "" {
		t.Errorf("after an update that was refused: %s", diff)
	}
	if stat, err := os.Stat(filepath.Join(dir, "clock")); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", stat, err)
	}
}

// Whatever part of a block a dying machine wrote, the update before is still there, and nothing is read that was never
// stored. The file keeps its size and place: later updates need no space.
func TestATornWriteLosesOneUpdateAtMost(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "clock")
	f := clock.InFolder(dir)
	update(t, f, func(a *clock.Anchor) { a.Service, a.BootID = truth, "boot" })
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	update(t, f, func(a *clock.Anchor) { a.Service = truth.Add(time.Hour) })
	after, err := os.ReadFile(path)
	if err != nil || len(after) != len(before) {
		t.Fatalf("the file grew from %d to %d bytes: %v", len(before), len(after), err)
	}
	for n := 0; n <= len(after); n += 7 {
		if err := os.WriteFile(path, append(after[:n:n], before[n:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := load(t, f).Service; !got.Equal(truth) && !got.Equal(truth.Add(time.Hour)) {
			t.Errorf("%d bytes written: %s", n, got)
		}
	}
	for _, lost := range [][]byte{nil, make([]byte, 1024), []byte("rubbish")} {
		if err := os.WriteFile(path, lost, 0o600); err != nil {
			t.Fatal(err)
		}
		if a := load(t, f); !a.Service.IsZero() {
			t.Errorf("out of %d lost bytes came %+v", len(lost), a)
		}
		update(t, f, func(a *clock.Anchor) { a.Service = truth })
		if got := load(t, f).Service; !got.Equal(truth) {
			t.Errorf("a lost file was not made anew: %s", got)
		}
	}
}

func TestProcessesUpdateTheFileOneAfterTheOther(t *testing.T) {
	f := clock.InFolder(t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				update(t, f, func(a *clock.Anchor) { a.Service, a.Boot = truth, a.Boot+1 })
			}
		})
	}
	all.Wait()
	if got := load(t, f).Boot; got != 200 {
		t.Errorf("of 200 updates %d are there", got)
	}
}

func TestTheSystemsClocksGoOn(t *testing.T) {
	read := clock.System()
	a, b := read(), read()
	if a.BootID == "" || a.BootID != b.BootID || a.Boot <= 0 || b.Boot < a.Boot || b.Wall.Before(a.Wall) {
		t.Errorf("%+v, then %+v", a, b)
	}
	c := clock.Open(t.Context(), clock.InFolder(t.TempDir()), read, slog.New(slog.DiscardHandler))
	if err := c.Agrees(); err != nil {
		t.Error(err)
	}
}

func TestAnAnchorOfANewerProgramIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "clock")
	text := []byte(`{"v":2,"count":7,"anchor":{"service":"2031-01-01T00:00:00Z"}}`)
	newer := make([]byte, 1024)
	copy(newer, fmt.Appendf(nil, "%08x %s", crc32.ChecksumIEEE(text), text))
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	f := clock.InFolder(dir)
	if a, err := f.Load(); err == nil || !a.Service.IsZero() {
		t.Errorf("it is read as %+v, %v", a, err)
	}
	if err := f.Update(func(a clock.Anchor) (clock.Anchor, error) { return a, nil }); err == nil {
		t.Error("it can be replaced")
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, newer) {
		t.Errorf("the file was changed, %v", err)
	}
}
