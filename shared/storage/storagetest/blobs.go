package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

const octets = "application/octet-stream"

func blobRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"PutIsReadBackWhole":              putIsReadBackWhole,
		"PutReplaces":                     putReplaces,
		"CreateNeverReplaces":             createNeverReplaces,
		"OneOfSeveralCreatesSucceeds":     oneOfSeveralCreatesSucceeds,
		"FailedPutLeavesNothing":          failedPutLeavesNothing,
		"CancelledPutLeavesNothing":       cancelledPutLeavesNothing,
		"AbsentBlobIsNotFound":            absentBlobIsNotFound,
		"DeleteIsIdempotent":              deleteIsIdempotent,
		"ListIsOrderedPagedAndPrefixed":   listIsOrderedPagedAndPrefixed,
		"HostileNamesAreRefused":          hostileNamesAreRefused,
		"ReadNeverMixesVersions":          readNeverMixesVersions,
		"UnfinishedUploadIsOnlyListed":    unfinishedUploadIsOnlyListed,
		"DeleteRemovesUnfinishedUploads":  deleteRemovesUnfinishedUploads,
		"DeletedNameCanBeUsedAgain":       deletedNameCanBeUsedAgain,
		"ListSeesNothingOfOtherContainer": listSeesNothingOfOtherContainer,
	}
}

func put(t *testing.T, s Stores, name string, content []byte) storage.Blob {
	t.Helper()
	b, err := s.Blobs.Put(t.Context(), name, octets, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
	return b
}

func read(t *testing.T, s Stores, name string) []byte {
	t.Helper()
	r, _, err := s.Blobs.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return content
}

func names(t *testing.T, s Stores, prefix string) []string {
	t.Helper()
	blobs, err := s.Blobs.List(t.Context(), prefix, "", 1000)
	if err != nil {
		t.Fatalf("list %s: %v", prefix, err)
	}
	var found []string
	for _, b := range blobs {
		found = append(found, b.Name)
	}
	return found
}

// large is more than any driver writes at once.
func large() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 9<<20/16) }

func putIsReadBackWhole(t *testing.T, s Stores) {
	for name, content := range map[string][]byte{"uploads/a/empty": nil, "uploads/a/small": []byte("x"), "uploads/a/large": large()} {
		before := time.Now().Add(-time.Minute)
		b := put(t, s, name, content)
		if got := read(t, s, name); !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes came back, want %d", name, len(got), len(content))
		}
		stat, err := s.Blobs.Stat(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := s.Blobs.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		listed, err := s.Blobs.List(t.Context(), name, "", 1)
		if err != nil || len(listed) != 1 {
			t.Fatalf("list: %v, %v", listed, err)
		}
		for source, d := range map[string]storage.Blob{"Put": b, "Stat": stat, "Get": got, "List": listed[0]} {
			if d.Name != name || d.Size != int64(len(content)) || d.ETag != b.ETag || d.ETag == "" || d.Uncommitted {
				t.Errorf("%s describes %+v", source, d)
			}
			if d.ContentType != octets && (source != "List" || d.ContentType != "") {
				t.Errorf("%s says that it is %q", source, d.ContentType)
			}
			if d.Created.Before(before) || d.Created.After(time.Now().Add(time.Minute)) {
				t.Errorf("%s says created at %v", source, d.Created)
			}
		}
	}
}

func putReplaces(t *testing.T, s Stores) {
	first := put(t, s, "work/a/1", []byte("first"))
	second := put(t, s, "work/a/1", []byte("second, longer"))
	if got := string(read(t, s, "work/a/1")); got != "second, longer" {
		t.Errorf("read %q", got)
	}
	if first.ETag == second.ETag {
		t.Error("the ETag did not change with the content")
	}
	if got := names(t, s, "work/"); len(got) != 1 {
		t.Errorf("list shows %v", got)
	}
}

func createNeverReplaces(t *testing.T, s Stores) {
	for _, second := range [][]byte{[]byte("second"), large()} {
		const name = "uploads/a/1"
		if _, err := s.Blobs.Create(t.Context(), name, octets, strings.NewReader("first")); err != nil {
			t.Fatalf("create: %v", err)
		}
		for _, contentType := range []string{octets, "image/png"} {
			if _, err := s.Blobs.Create(t.Context(), name, contentType, bytes.NewReader(second)); !errors.Is(err, fault.AlreadyExists) {
				t.Errorf("create again: %v", err)
			}
		}
		if got := string(read(t, s, name)); got != "first" {
			t.Errorf("read %q", got)
		}
		if err := s.Blobs.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if left := names(t, s, "uploads/"); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// Whatever part of the body the others have sent when one is done, its blob is whole and theirs is refused.
func oneOfSeveralCreatesSucceeds(t *testing.T, s Stores) {
	const name, calls = "uploads/a/1", 3
	errs := make(chan error, calls)
	for n := range calls {
		content := bytes.Repeat([]byte{byte('a' + n)}, 5<<20)
		go func() {
			_, err := s.Blobs.Create(t.Context(), name, octets, bytes.NewReader(content))
			errs <- err
		}()
	}
	won := 0
	for range calls {
		switch err := <-errs; {
		case err == nil:
			won++
		case !errors.Is(err, fault.AlreadyExists):
			t.Errorf("create: %v", err)
		}
	}
	got := read(t, s, name)
	if won != 1 || len(got) != 5<<20 || !bytes.Equal(got, bytes.Repeat(got[:1], len(got))) {
		t.Errorf("%d calls succeeded; %d bytes came back", won, len(got))
	}
}

func failedPutLeavesNothing(t *testing.T, s Stores) {
	broken := errors.New("source broke")
	for name, content := range map[string][]byte{"uploads/a/early": []byte("abc"), "uploads/a/late": large()} {
		_, err := s.Blobs.Put(t.Context(), name, octets, io.MultiReader(bytes.NewReader(content), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("%s: the source's error is not in %v", name, err)
		}
		if _, err := s.Blobs.Stat(t.Context(), name); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s is there: %v", name, err)
		}
		for _, n := range names(t, s, "uploads/") {
			if err := s.Blobs.Delete(t.Context(), n); err != nil {
				t.Error(err)
			}
		}
		if left := names(t, s, "uploads/"); len(left) != 0 {
			t.Errorf("%v cannot be deleted", left)
		}
	}
}

func cancelledPutLeavesNothing(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Blobs.Put(ctx, "uploads/a/1", octets, strings.NewReader("abc")); err == nil {
		t.Error("a cancelled Put succeeded")
	}
	if _, err := s.Blobs.Stat(t.Context(), "uploads/a/1"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the blob is there: %v", err)
	}
}

func absentBlobIsNotFound(t *testing.T, s Stores) {
	if _, err := s.Blobs.Stat(t.Context(), "uploads/a/1"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Stat: %v", err)
	}
	if _, _, err := s.Blobs.Get(t.Context(), "uploads/a/1"); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get: %v", err)
	}
}

func deleteIsIdempotent(t *testing.T, s Stores) {
	put(t, s, "results/a/txt", []byte("abc"))
	for range 2 {
		if err := s.Blobs.Delete(t.Context(), "results/a/txt"); err != nil {
			t.Fatal(err)
		}
		if got := names(t, s, "results/"); len(got) != 0 {
			t.Errorf("list shows %v", got)
		}
	}
}

func listIsOrderedPagedAndPrefixed(t *testing.T, s Stores) {
	var want []string
	for _, app := range []string{"a", "a-1", "ab", "b"} {
		for n := range 5 {
			want = append(want, fmt.Sprintf("work/h/%s/%d", app, n))
		}
	}
	// "-" sorts before "/", so byte order differs from the order of folders.
	want = append(want[5:10:10], append(want[0:5:5], want[10:]...)...)
	for i := len(want) - 1; i >= 0; i-- {
		put(t, s, want[i], []byte("x"))
	}
	for _, limit := range []int{1, 3, 7, 100} {
		var got []string
		after := ""
		for {
			page, err := s.Blobs.List(t.Context(), "work/", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("%d blobs listed, limit %d", len(page), limit)
			}
			for _, b := range page {
				got = append(got, b.Name)
				after = b.Name
			}
			if len(page) < limit {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
	if diff := cmp.Diff(want[5:10], names(t, s, "work/h/a/")); diff != "" {
		t.Errorf("prefix of a folder (-want +got):\n%s", diff)
	}
	if got := names(t, s, "work/h/a/3"); len(got) != 1 {
		t.Errorf("prefix of a whole name lists %v", got)
	}
	if _, err := s.Blobs.List(t.Context(), "work", "", 1); err == nil {
		t.Error("a prefix without a container was accepted")
	}
}

func hostileNamesAreRefused(t *testing.T, s Stores) {
	for _, name := range []string{"", "uploads", "uploads/", "uploads/../x", "/uploads/a", "elsewhere/a", "uploads/a//b", "uploads/.hidden", "uploads/a\x00b", "uploads/ä", "uploads/" + strings.Repeat("a", 500)} {
		if _, err := s.Blobs.Put(t.Context(), name, octets, strings.NewReader("x")); err == nil {
			t.Errorf("Put accepted the name %q", name)
		}
		if _, err := s.Blobs.Stat(t.Context(), name); err == nil {
			t.Errorf("Stat accepted the name %q", name)
		}
	}
}

func readNeverMixesVersions(t *testing.T, s Stores) {
	old := large()
	put(t, s, "results/a/pdf", old)
	r, _, err := s.Blobs.Get(t.Context(), "results/a/pdf")
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 1<<20)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	put(t, s, "results/a/pdf", bytes.Repeat([]byte("z"), len(old)))
	tail, err := io.ReadAll(r)
	if closeErr := r.Close(); closeErr != nil {
		t.Log(closeErr)
	}
	if err == nil && !bytes.Equal(append(head, tail...), old) {
		t.Error("bytes of two versions came from one reader without an error")
	}
}

func unfinishedUploadIsOnlyListed(t *testing.T, s Stores) {
	if s.Stage == nil {
		t.Skip("this driver has no unfinished uploads")
	}
	const name = "uploads/h/a/staged"
	s.Stage(t, name)
	if _, err := s.Blobs.Stat(t.Context(), name); !errors.Is(err, fault.NotFound) {
		t.Errorf("Stat: %v", err)
	}
	if _, _, err := s.Blobs.Get(t.Context(), name); !errors.Is(err, fault.NotFound) {
		t.Errorf("Get: %v", err)
	}
	found, err := s.Blobs.List(t.Context(), "uploads/", "", 10)
	if err != nil || len(found) != 1 || !found[0].Uncommitted {
		t.Errorf("List shows %+v, %v", found, err)
	}
}

func deleteRemovesUnfinishedUploads(t *testing.T, s Stores) {
	if s.Stage == nil {
		t.Skip("this driver has no unfinished uploads")
	}
	s.Stage(t, "uploads/h/a/staged")
	for _, name := range names(t, s, "uploads/") {
		if err := s.Blobs.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if left := names(t, s, "uploads/"); len(left) != 0 {
		t.Errorf("list still shows %v", left)
	}
}

func deletedNameCanBeUsedAgain(t *testing.T, s Stores) {
	put(t, s, "work/h/a/1", []byte("old"))
	if err := s.Blobs.Delete(t.Context(), "work/h/a/1"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "work/h/a/1", []byte("new"))
	if got := string(read(t, s, "work/h/a/1")); got != "new" {
		t.Errorf("read %q", got)
	}
}

func listSeesNothingOfOtherContainer(t *testing.T, s Stores) {
	put(t, s, "uploads/a/1", []byte("x"))
	put(t, s, "results/a/1", []byte("x"))
	if diff := cmp.Diff([]string{"results/a/1"}, names(t, s, "results/")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
