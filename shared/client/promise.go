package client

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeepPromises saves what the server promised, signed, beside where the results of a document go: the promise of the creation as
// base.created.promise, that of the document as base.accepted.promise. A promise that is there already is not written again; one
// about another task is never written over: the task's id then stands in the name of the new one. It reports whether the promise
// of the document is kept, after which there is nothing more to keep.
func (t *Task) KeepPromises(base string) (whole bool, err error) {
	for _, p := range []struct{ kind, text string }{{"created", t.Promise}, {"accepted", t.Acceptance}} {
		if p.text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
			return false, fmt.Errorf("make output folder: %w", err)
		}
		suffix := "." + p.kind + ".promise"
		kept, err := keepPromise(base+suffix, []byte(p.text))
		if err == nil && !kept {
			kept, err = keepPromise(base+"."+filepath.Base(t.ID)+suffix, []byte(p.text))
		}
		if err != nil {
			return false, fmt.Errorf("keep promise: %w", err)
		}
		if !kept {
			return false, errors.New("keep promise: another one about the same task is there, which the server must not have signed")
		}
	}
	return t.Acceptance != "", nil
}

// keepPromise writes a file whole or not at all, unless it is there. It reports whether it holds that promise then, by whichever
// key of the server it is signed.
func keepPromise(path string, text []byte) (bool, error) {
	there, err := os.ReadFile(path) //nolint:gosec // the caller names the folder
	if !errors.Is(err, fs.ErrNotExist) {
		said, _, _ := bytes.Cut(there, []byte("\n\n"))
		says, _, _ := bytes.Cut(text, []byte("\n\n"))
		return bytes.Equal(said, says), err
	}
	part := filepath.Join(filepath.Dir(path), ".lethe-"+filepath.Base(path)+".part")
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a run that was killed here
		return false, err
	}
	tmp, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the caller names the folder
	if err != nil {
		return false, err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return false, errors.Join(err, os.Remove(part))
	}
	return true, nil
}
