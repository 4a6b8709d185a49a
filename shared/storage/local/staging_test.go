package local_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// staged checks what the store says of half-written and open files.
func staged(t *testing.T, b *local.Blobs, prefix string, written, open int) {
	t.Helper()
	if w, o, err := b.Staged(t.Context(), prefix); w != written || o != open || err != nil {
		t.Errorf("%s: %d half-written, %d open, %v; want %d and %d", prefix, w, o, err, written, open)
	}
}

func TestHalfWrittenBlobIsKnownByItsNameAndCanBeTakenAway(t *testing.T) {
	for _, name := range []string{"uploads/2026030112/app/task/1", "uploads/" + strings.Repeat(strings.Repeat("x", 90)+"/", 4) + "1"} {
		b := open(t, t.TempDir(), true).Blobs
		prefix := name[:strings.LastIndex(name, "/")+1]
		source, sink := io.Pipe()
		failed := make(chan error, 1)
		go func() {
			_, err := b.Put(t.Context(), name, "text/plain", source)
			failed <- err
		}()
		if _, err := io.WriteString(sink, "half a docu"); err != nil {
			t.Fatal(err)
		}
		staged(t, b, prefix, 1, 1)
		staged(t, b, "uploads/2026030112/app/other/", 0, 0)
		staged(t, b, "results/2026030112/app/task/", 0, 0)
		if n, err := b.Discard(t.Context(), prefix, time.Now().Add(-time.Hour)); n > 0 || err != nil {
			t.Errorf("a young file was taken for an old one: %d, %v", n, err)
		}
		if n, err := b.Discard(t.Context(), prefix, time.Now().Add(time.Hour)); n != 1 || err != nil {
			t.Errorf("discarded %d, %v", n, err)
		}
		staged(t, b, prefix, 0, 1) // without a name, and still open
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err == nil {
			t.Error("what was taken away became a blob")
		}
		staged(t, b, prefix, 0, 0)
	}
}

func TestOpenFileIsSeenAfterItsBlobIsGone(t *testing.T) {
	b := open(t, t.TempDir(), true).Blobs
	const name, prefix = "results/2026030112/app/task/txt", "results/2026030112/app/task/"
	if _, err := b.Put(t.Context(), name, "text/plain", strings.NewReader("text")); err != nil {
		t.Fatal(err)
	}
	f, _, err := b.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	staged(t, b, prefix, 0, 1)
	if err := b.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	staged(t, b, prefix, 0, 1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	staged(t, b, prefix, 0, 0)
}
