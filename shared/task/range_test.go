package task_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func TestPartOfAResultIsOfTheVersionThatWasChosenFrom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		whole := w.text(ref)
		open := func(change func(name string)) (string, error) {
			t.Helper()
			stream, err := w.OpenResultRange(t.Context(), ref, render.TXT, func(b storage.Blob) (int64, int64, error) {
				change(b.Name)
				return 1, b.Size - 2, nil
			})
			if err != nil {
				return "", err
			}
			got, err := io.ReadAll(stream)
			return string(got), errors.Join(err, stream.Close())
		}
		if got, err := open(func(string) {}); err != nil || got != whole[1:len(whole)-1] {
			t.Errorf("%q of %q, %v", got, whole, err)
		}
		got, err := open(func(name string) {
			if _, err := w.blobs.Put(t.Context(), name, "text/plain", strings.NewReader("another text")); err != nil {
				t.Fatal(err)
			}
		})
		if !errors.Is(err, fault.ETagMismatch) {
			t.Errorf("after a change: %q, %v", got, err)
		}
	})
}

func TestPartOfAResultEndsWithItsTask(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.completed(order())
		refused := errors.New("nothing is wanted")
		none := func(storage.Blob) (int64, int64, error) { return 0, 0, refused }
		if _, err := w.OpenResultRange(t.Context(), ref, render.TXT, none); !errors.Is(err, refused) {
			t.Errorf("refused: %v", err)
		}
		if _, err := w.Delete(t.Context(), ref); err != nil { // which would wait for a transfer that was left open
			t.Fatal(err)
		}
		if _, err := w.OpenResultRange(t.Context(), ref, render.TXT, none); !errors.Is(err, fault.TaskErased) {
			t.Errorf("erased: %v", err)
		}
	})
}
