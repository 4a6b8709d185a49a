package task_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
	"github.com/lethe-ocr/lethe/shared/task"
)

// picture is a picture that comes in the request.
func picture(doc string) task.Body {
	return task.Body{Reader: strings.NewReader(doc), Size: int64(len(doc)), ContentType: "image/png"}
}

// holding returns a held task with so many pictures.
func (w *world) holding(o task.Order, pictures int) task.Ref {
	w.Helper()
	t, err := w.Hold(w.Context(), o, picture(content))
	if err != nil {
		w.Fatalf("hold: %v", err)
	}
	for range pictures - 1 {
		if _, err := w.AddPicture(w.Context(), t.Ref, task.Picture{}, picture(content)); err != nil {
			w.Fatalf("add picture: %v", err)
		}
	}
	return t.Ref
}

func (w *world) start(ref task.Ref, o task.Order) *task.Task {
	w.Helper()
	t, err := w.Start(w.Context(), ref, o)
	if err != nil {
		w.Fatalf("start: %v", err)
	}
	return t
}

// checkOpen asserts how many open tasks are counted of the application.
func (w *world) checkOpen(want int) {
	w.Helper()
	if got := w.open(); got != want {
		w.Errorf("%d open tasks are counted, want %d", got, want)
	}
}

// dies has a process die right after it has stored a blob.
func (w *world) dies(call func(*task.Service)) {
	dead := false
	w.faulty.Before(func(storagetest.Op, string) error {
		if dead {
			return struck()
		}
		return nil
	})
	w.faulty.After(func(op storagetest.Op, _ string) error {
		if dead = dead || op == storagetest.PutBlob; dead {
			return struck()
		}
		return nil
	})
	call(w.process("mortal"))
	w.faulty.Heal()
}

// pictures are the names of the pictures that the store holds of a task.
func (w *world) pictures(ref task.Ref) []string {
	w.Helper()
	var leaves []string
	for _, name := range w.blobsOf(ref) {
		if c, _, leaf, err := task.ParseName(name); err == nil && c == storage.Uploads {
			leaves = append(leaves, leaf)
		}
	}
	return leaves
}

func TestPicturesAreThePagesOfOneDocumentInTheOrderOfSubmission(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.engine.setPages(2)
		ref := w.holding(task.Order{Application: app}, 3)
		if got := w.state(ref, task.Submitted); !got.Held || got.FileCount() != 3 || got.Uploaded.IsZero() {
			t.Errorf("held task: held %t, %d files, uploaded %v", got.Held, got.FileCount(), got.Uploaded)
		}
		if got := w.pictures(ref); !slices.Equal(got, []string{"1", "2", "3"}) {
			t.Errorf("stored pictures are %v", got)
		}
		w.start(ref, task.Order{Settings: task.Settings{Formats: []render.Format{render.TXT, render.PDF}}})
		w.mustProcess(ref, task.Done)
		got := w.state(ref, task.Completed)
		if got.Pages.Total != 6 || got.Pages.Done != 6 || got.FileCount() != 3 {
			t.Errorf("pages are %+v of %d files, want 6 of 3", got.Pages, got.FileCount())
		}
		if text := w.text(ref); strings.Count(text, word) != 6 {
			t.Errorf("the text is %q", text)
		}
		if reads := w.engine.reads(); reads[1] != 3 || reads[2] != 3 || len(reads) != 2 {
			t.Errorf("pages read, by their number in a picture: %v", reads)
		}
		if parts := w.engine.parts; !slices.Equal(parts, []int{2, 2, 2}) {
			t.Errorf("the PDF was written of files with %v pages", parts)
		}
		if left := w.pictures(ref); len(left) > 0 {
			t.Errorf("pictures are left after processing: %v", left)
		}
		if len(got.Input.Digest) != 64 || got.Input.Digest != got.Input.Received || got.Input.Digest == sum(content) {
			t.Errorf("the digest of three pictures is %q, received %q", got.Input.Digest, got.Input.Received)
		}
	})
}

func TestOnePictureHasTheDigestOfADocument(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		w.start(ref, task.Order{})
		w.mustProcess(ref, task.Done)
		if got := w.state(ref, task.Completed); got.Input.Digest != sum(content) {
			t.Errorf("the digest is %q", got.Input.Digest)
		}
	})
}

func TestTwoPicturesAtOnceAreBothKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				if _, err := w.AddPicture(w.Context(), ref, task.Picture{}, picture(content)); err != nil {
					t.Errorf("add picture: %v", err)
				}
			})
		}
		wait.Wait()
		if got := w.get(ref); got.FileCount() != 9 || len(w.pictures(ref)) != 9 {
			t.Errorf("%d pictures in the record, %v in the store", got.FileCount(), w.pictures(ref))
		}
	})
}

func TestPictureAfterTheStartIsRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		w.start(ref, task.Order{})
		if _, err := w.AddPicture(w.Context(), ref, task.Picture{}, picture(content)); !errors.Is(err, fault.WrongState) {
			t.Errorf("a late picture: %v", err)
		}
		if _, err := w.Start(w.Context(), ref, task.Order{}); !errors.Is(err, fault.WrongState) {
			t.Errorf("a second start: %v", err)
		}
		if got := w.pictures(ref); len(got) != 1 {
			t.Errorf("pictures are %v", got)
		}
	})
}

func TestPictureUnderWayWhenTheListClosesIsRefusedAndErased(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		r, send := io.Pipe()
		result := make(chan error, 1)
		go func() {
			_, err := w.AddPicture(w.Context(), ref, task.Picture{}, task.Body{Reader: r, Size: -1, ContentType: "image/png"})
			result <- err
		}()
		synctest.Wait()
		if got := w.start(ref, task.Order{}); got.FileCount() != 1 || len(got.Pictures) != 1 {
			t.Errorf("the closed list is %+v", got.Pictures)
		}
		_, _ = io.WriteString(send, content)
		_ = send.Close()
		if err := <-result; !errors.Is(err, fault.WrongState) {
			t.Errorf("the picture under way: %v", err)
		}
		if got := w.pictures(ref); !slices.Equal(got, []string{"1"}) {
			t.Errorf("pictures are %v", got)
		}
		w.mustProcess(ref, task.Done)
		w.state(ref, task.Completed)
	})
}

func TestPicturesStayWithinTheirLimits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		add := func(doc string, p task.Picture) error {
			_, err := w.AddPicture(w.Context(), ref, p, picture(doc))
			return err
		}
		if err := add("", task.Picture{}); !errors.Is(err, fault.DocumentEmpty) {
			t.Errorf("an empty picture: %v", err)
		}
		if err := add(content, task.Picture{Caps: task.Caps{BytesPerDay: 1}}); !errors.Is(err, fault.BytesExceeded) {
			t.Errorf("a picture beyond the bytes of the day: %v", err)
		}
		if err := add(content, task.Picture{Caps: task.Caps{BytesStored: int64(len(content)) + 1}}); !errors.Is(err, fault.StoredExceeded) {
			t.Errorf("a picture beyond what may be stored: %v", err)
		}
		w.Limits.Document.Bytes = 2 * int64(len(content))
		large := task.Body{Reader: bytes.NewReader(make([]byte, len(content)+1)), Size: -1, ContentType: "image/png"}
		if _, err := w.AddPicture(w.Context(), ref, task.Picture{}, large); !errors.Is(err, fault.DocumentTooLarge) {
			t.Errorf("too many bytes together: %v", err)
		}
		if err := add(content, task.Picture{}); err != nil {
			t.Errorf("a picture that just fits: %v", err)
		}
		if err := add("x", task.Picture{}); !errors.Is(err, fault.DocumentTooLarge) {
			t.Errorf("a byte too many: %v", err)
		}
		w.Limits.Document.Bytes = task.DefaultLimits().Document.Bytes
		for range task.MaxPictures - 2 {
			if err := add(content, task.Picture{Password: strings.Repeat("p", 127)}); err != nil {
				t.Fatalf("add picture: %v", err)
			}
		}
		if err := add(content, task.Picture{}); !errors.Is(err, fault.DocumentTooLarge) {
			t.Errorf("a picture too many: %v", err)
		}
		rec, _ := w.record(ref)
		if len(rec.Value) > storage.MaxValue-16<<10 {
			t.Errorf("the record has %d bytes", len(rec.Value))
		}
		if got := len(w.pictures(ref)); got != task.MaxPictures {
			t.Errorf("%d pictures are stored: what was refused must be gone", got)
		}
	})
}

func TestHeldTaskIsNeitherStartedNorErasedBeforeItsTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 2)
		name := strings.TrimSuffix(ref.UploadName(), "1")
		for _, leaf := range []string{"1", "2"} { // events of the platform
			if got, err := w.Landed(w.Context(), name+leaf); err != nil || got.State != task.Submitted {
				t.Errorf("landed: %v, %v", got, err)
			}
		}
		if err := w.GiveUp(w.Context(), ref.Job()); err != nil {
			t.Errorf("give up: %v", err)
		}
		if n, err := w.Rescan(w.Context()); n != 0 || err != nil {
			t.Errorf("rescan queued %d: %v", n, err)
		}
		if _, err := w.RenewUpload(w.Context(), ref); !errors.Is(err, fault.WrongState) {
			t.Errorf("renew: %v", err)
		}
		if err := w.Admit(w.Context(), ref.UploadName()); !errors.Is(err, fault.WrongState) {
			t.Errorf("admit: %v", err)
		}
		for range 46 {
			pass(time.Hour)
			w.sweep()
			w.fullPass()
		}
		if got := w.state(ref, task.Submitted); !got.Held || w.queue.len() > 0 || len(w.pictures(ref)) != 2 {
			t.Errorf("after 46 hours: held %t, queued %d, pictures %v", got.Held, w.queue.len(), w.pictures(ref))
		}
		plan, err := w.Plan(w.Context())
		if err != nil || slices.ContainsFunc(plan, func(d retention.Decision) bool { return d.Subject.Key == ref.String() }) {
			t.Errorf("plan: %+v, %v", plan, err)
		}
		pass(2 * time.Hour)
		w.sweep()
		w.checkNothingLeft(ref)
		if got, err := w.look(ref); err != nil || got.Reason != retention.AfterUpload {
			t.Errorf("the reason is %v, %v", got, err)
		}
	})
}

func TestBlobWithoutANumberIsAStray(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 2)
		put := func(leaf string) string {
			name := strings.TrimSuffix(ref.UploadName(), "1") + leaf
			if _, err := w.blobs.Put(w.Context(), name, "image/png", strings.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			return name
		}
		if _, err := w.Landed(w.Context(), put("3")); !errors.Is(err, fault.ThingNotFound) {
			t.Errorf("landed: %v", err)
		}
		put("4")
		put("02")
		if done := w.fullPass(); done.Strays != 2 {
			t.Errorf("the full pass erased %d strays, want 2", done.Strays)
		}
		if got := w.pictures(ref); !slices.Equal(got, []string{"1", "2"}) {
			t.Errorf("pictures are %v", got)
		}
	})
}

// A process dies between a picture's bytes and its entry: the number runs out, and what was stored goes.
func TestPictureWhoseUploadDiedRunsOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		w.dies(func(s *task.Service) { _, _ = s.AddPicture(w.Context(), ref, task.Picture{}, picture(content)) })
		if got := w.pictures(ref); len(got) != 2 {
			t.Fatalf("pictures are %v", got)
		}
		pass(21 * time.Minute)
		w.sweep()
		if got := w.get(ref); len(got.Pictures) != 1 || !slices.Equal(w.pictures(ref), []string{"1"}) {
			t.Errorf("pictures are %+v in the record, %v in the store", got.Pictures, w.pictures(ref))
		}
		if got, err := w.AddPicture(w.Context(), ref, task.Picture{}, picture(content)); err != nil || got.Pictures[1].Number != 3 {
			t.Errorf("the next picture: %+v, %v", got, err)
		}
	})
}

func TestRefusedFirstPictureLeavesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, err := w.Hold(w.Context(), task.Order{Application: app}, task.Body{Reader: io.MultiReader(strings.NewReader("x"), failing{errGone}), Size: -1, ContentType: "image/png"})
		if !errors.Is(err, errGone) {
			t.Errorf("hold: %v", err)
		}
		if names := w.names(); len(names) > 0 {
			t.Errorf("copies are left: %v", names)
		}
		for _, rec := range w.records(storage.Tasks) {
			if got := decoded(t, rec); got.State != task.Deleted || got.Reason != retention.NeverUploaded {
				t.Errorf("a task is %s", got.State)
			}
		}
		w.checkOpen(0)
	})
}

func TestEveryPictureHasItsOwnPassword(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := task.Order{Application: app, Password: password + "1", KeepUpload: true}
		ref := w.holding(o, 1)
		if _, err := w.AddPicture(w.Context(), ref, task.Picture{Password: password + "2"}, picture(content)); err != nil {
			t.Fatal(err)
		}
		w.start(ref, task.Order{})
		w.mustProcess(ref, task.Done)
		want := []string{password + "1", password + "2"}
		if !slices.Equal(w.engine.passwords, want) {
			t.Errorf("the engine got %v", w.engine.passwords)
		}
		w.start(ref, task.Order{}) // the passwords are kept with what they open
		w.mustProcess(ref, task.Done)
		if !slices.Equal(w.engine.passwords, append(want, want...)) {
			t.Errorf("the engine got %v", w.engine.passwords)
		}
		rec, _ := w.record(ref)
		if bytes.Contains(rec.Value, []byte(password)) {
			t.Errorf("the record holds a password: %s", rec.Value)
		}
	})
}

func TestFirstPictureDatesEverything(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ref := w.holding(task.Order{Application: app}, 1)
		before, _ := w.get(ref).Deadline(w.Policy)
		pass(5 * time.Hour)
		if _, err := w.AddPicture(w.Context(), ref, task.Picture{}, picture(content)); err != nil {
			t.Fatal(err)
		}
		if due, _ := w.get(ref).Deadline(w.Policy); !due.Equal(before) {
			t.Errorf("a later picture moved the deadline from %v to %v", before, due)
		}
		pass(30 * time.Hour)
		w.start(ref, task.Order{})
		if due, _ := w.get(ref).Deadline(w.Policy); !due.Equal(before) {
			t.Errorf("the start moved the deadline from %v to %v", before, due)
		}
	})
}
