package local

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// A staging file is named after the blob that it may become: the blob's name with ~ for each slash, a comma, the time in
// seconds at which writing began, a hyphen and a random text. Neither ~ nor a comma is in any blob name.
const (
	stagedSlash = "~"
	stagedBlob  = 200 // characters of the blob's name that are kept; the name of a task's blob has fewer
)

func stagedName(blob string, began time.Time) string {
	return stagedPrefix(blob) + "," + strconv.FormatInt(began.Unix(), 10) + "-" + rand.Text()
}

// stagedPrefix is what staging files of blobs with the prefix begin with.
func stagedPrefix(blobs string) string {
	return strings.ReplaceAll(blobs[:min(len(blobs), stagedBlob)], "/", stagedSlash)
}

// stagedAt returns when writing began. A name of another form was given by nobody who still writes.
func stagedAt(file string) time.Time {
	_, tail, _ := strings.Cut(file, ",")
	seconds, _, _ := strings.Cut(tail, "-")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(at, 0)
}

// Discard implements storage.Staging.
func (b *Blobs) Discard(ctx context.Context, prefix string, before time.Time) (int, error) {
	if err := errors.Join(storage.CheckList(prefix, 1), storage.CheckContext(ctx)); err != nil {
		return 0, err
	}
	return b.discard(stagedPrefix(prefix), before)
}

func (b *Blobs) discard(prefix string, before time.Time) (int, error) {
	entries, err := b.entries(stagingDir)
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !before.IsZero() && !stagedAt(e.Name()).Before(before) {
			continue
		}
		if err := b.unlink(path.Join(stagingDir, e.Name())); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// Staged implements storage.Staging.
func (b *Blobs) Staged(ctx context.Context, prefix string) (written, open int, err error) {
	if err := errors.Join(storage.CheckList(prefix, 1), storage.CheckContext(ctx)); err != nil {
		return 0, 0, err
	}
	entries, err := b.entries(stagingDir)
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), stagedPrefix(prefix)) {
			written++
		}
	}
	open, err = held("/"+blobsDir+"/"+prefix, "/"+stagingDir+"/"+stagedPrefix(prefix))
	return written, open, err
}

// held counts the files that this process holds open and whose paths contain one of the parts. The kernel knows the path of
// a file that was removed, too. Where the system does not list open files, there is nothing to count.
func held(parts ...string) (int, error) {
	const descriptors = "/proc/self/fd"
	dir, err := os.Open(descriptors)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable(err)
	}
	names, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil {
		return 0, unavailable(err)
	}
	n := 0
	for _, name := range names {
		target, err := os.Readlink(path.Join(descriptors, name))
		if err != nil {
			continue // closed meanwhile
		}
		for _, part := range parts {
			if strings.Contains(target, part) {
				n++
				break
			}
		}
	}
	return n, nil
}
