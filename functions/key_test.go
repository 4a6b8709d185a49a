//go:build linux && cgo

package main_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// No document waits there: the first sweep finds that.
func TestServerDropsThePreviousKeyOnceNothingNeedsIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startAt(t, dir)
	s.stop()
	previous := filepath.Join(dir, "key.previous")
	if err := os.WriteFile(previous, bytes.Repeat([]byte{1}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(nil, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(previous); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the previous key is still there")
		}
	}
}
