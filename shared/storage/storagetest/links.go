package storagetest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func linkRules() map[string]func(*testing.T, Stores) {
	return map[string]func(*testing.T, Stores){
		"UploadLinkCreatesOnce":           uploadLinkCreatesOnce,
		"LinkOpensOneThingInOneWay":       linkOpensOneThingInOneWay,
		"LinkWithASizeTakesThatSize":      linkWithASizeTakesThatSize,
		"LinkWithASizeRefusesAnyOther":    linkWithASizeRefusesAnyOther,
		"SizeOfALinkCannotBeTakenOff":     sizeOfALinkCannotBeTakenOff,
		"LinkThatHasEndedOpensNothing":    linkThatHasEndedOpensNothing,
		"LinkBreaksOffWithNothingVisible": linkBreaksOffWithNothingVisible,
	}
}

const linked = "uploads/2026030112/app/task/1"

// use sends a request as a link asks for, and returns the status and the body of the answer.
func (s Stores) use(t *testing.T, method string, link storage.Link, body io.Reader) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, link.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil // a store may also hang up on what it refuses
	}
	content, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, content
}

func success(status int) bool { return status >= 200 && status < 300 }

// upload returns a link for the name that ends in a quarter of an hour.
func (s Stores) upload(t *testing.T, size int64) storage.Link {
	t.Helper()
	if s.Links == nil {
		t.Skip("this driver signs no links")
	}
	link, err := s.Links.UploadLink(t.Context(), linked, size, time.Now().Add(15*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// nothing checks that a refused upload left nothing.
func (s Stores) nothing(t *testing.T, after string) {
	t.Helper()
	if left := names(t, s, "uploads/"); len(left) != 0 {
		t.Errorf("%s: %v is left", after, left)
	}
}

func uploadLinkCreatesOnce(t *testing.T, s Stores) {
	link := s.upload(t, 0)
	if status, _ := s.use(t, link.Method, link, strings.NewReader("document")); !success(status) {
		t.Fatalf("first upload: %d", status)
	}
	if status, _ := s.use(t, link.Method, link, strings.NewReader("other")); success(status) {
		t.Errorf("second upload: %d", status)
	}
	if got := string(read(t, s, linked)); got != "document" {
		t.Errorf("stored: %q", got)
	}
}

func linkOpensOneThingInOneWay(t *testing.T, s Stores) {
	up := s.upload(t, 0)
	other := up
	if other.URL = strings.Replace(up.URL, "1?", "2?", 1); other.URL == up.URL {
		t.Fatal("the link does not end with the name of its blob")
	}
	unsigned := up
	unsigned.URL, _, _ = strings.Cut(up.URL, "?")
	for name, link := range map[string]storage.Link{"another blob": other, "no signature": unsigned} {
		if status, _ := s.use(t, link.Method, link, strings.NewReader("x")); success(status) {
			t.Errorf("%s: %d", name, status)
		}
	}
	s.nothing(t, "other links")
	put(t, s, linked, []byte("document"))
	down, err := s.Links.DownloadLink(t.Context(), linked, time.Now().Add(15*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, got := s.use(t, http.MethodGet, down, nil); status != http.StatusOK || string(got) != "document" {
		t.Errorf("download: %d, %q", status, got)
	}
	for name, try := range map[string]struct {
		method string
		link   storage.Link
	}{
		"reading through an upload link":   {http.MethodGet, up},
		"deleting through an upload link":  {http.MethodDelete, up},
		"writing through a download link":  {http.MethodPut, down},
		"deleting through a download link": {http.MethodDelete, down},
	} {
		try.link.Headers = up.Headers
		if status, got := s.use(t, try.method, try.link, strings.NewReader("x")); success(status) {
			t.Errorf("%s: %d, %q", name, status, got)
		}
	}
	if got := string(read(t, s, linked)); got != "document" {
		t.Errorf("stored afterwards: %q", got)
	}
}

func linkWithASizeTakesThatSize(t *testing.T, s Stores) {
	content := large()
	link := s.upload(t, int64(len(content)))
	if status, _ := s.use(t, link.Method, link, bytes.NewReader(content)); !success(status) {
		t.Fatalf("upload of the size announced: %d", status)
	}
	if status, _ := s.use(t, link.Method, link, bytes.NewReader(content[1:])); success(status) {
		t.Errorf("second upload: %d", status)
	}
	if !bytes.Equal(read(t, s, linked), content) {
		t.Error("other bytes came back")
	}
}

// Where a store cannot be made to refuse, what lands has the size by which the domain refuses it.
func linkWithASizeRefusesAnyOther(t *testing.T, s Stores) {
	const size = 8
	for name, content := range map[string]string{"shorter": "1234567", "longer": "123456789", "empty": "", "much longer": strings.Repeat("x", 1<<20)} {
		link := s.upload(t, size)
		status, _ := s.use(t, link.Method, link, strings.NewReader(content))
		if !s.BindsSize {
			found, err := s.Blobs.Stat(t.Context(), linked)
			if !success(status) || err != nil || found.Size != int64(len(content)) {
				t.Errorf("%s: %d, %+v, %v", name, status, found, err)
			}
			if err := s.Blobs.Delete(t.Context(), linked); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if success(status) {
			t.Errorf("%s: %d", name, status)
		}
		s.nothing(t, name)
	}
	if !s.BindsSize {
		return
	}
	// Of unknown length: neither what is longer nor what is shorter gets through.
	for name, content := range map[string]string{"shorter, in chunks": "1234567", "longer, in chunks": "123456789"} {
		link := s.upload(t, size)
		if status, _ := s.use(t, link.Method, link, io.MultiReader(strings.NewReader(content))); success(status) {
			t.Errorf("%s: %d", name, status)
		}
		s.nothing(t, name)
	}
}

func sizeOfALinkCannotBeTakenOff(t *testing.T, s Stores) {
	if !s.BindsSize {
		t.Skip("this driver binds no size")
	}
	bound, free := s.upload(t, 8), s.upload(t, 0)
	free.URL, _, _ = strings.Cut(free.URL, "?")
	_, query, _ := strings.Cut(bound.URL, "?")
	for name, link := range map[string]storage.Link{
		"headers left out":   {URL: bound.URL, Method: bound.Method},
		"headers of another": {URL: free.URL + "?" + query, Method: free.Method, Headers: free.Headers},
	} {
		if status, _ := s.use(t, link.Method, link, strings.NewReader("123456789")); success(status) {
			t.Errorf("%s: %d", name, status)
		}
		s.nothing(t, name)
	}
}

func linkThatHasEndedOpensNothing(t *testing.T, s Stores) {
	s.upload(t, 0) // or skips
	past := time.Now().Add(-time.Minute)
	up, err := s.Links.UploadLink(t.Context(), linked, 0, past)
	if err != nil {
		return // a store may also refuse to sign it
	}
	if status, _ := s.use(t, up.Method, up, strings.NewReader("late")); success(status) {
		t.Errorf("upload: %d", status)
	}
	s.nothing(t, "late upload")
}

func linkBreaksOffWithNothingVisible(t *testing.T, s Stores) {
	link := s.upload(t, 0)
	req, err := http.NewRequestWithContext(t.Context(), link.Method, link.URL, io.MultiReader(strings.NewReader("half of"), brokenReader{}))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 1000
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	if resp, err := client.Do(req); err == nil {
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if success(resp.StatusCode) {
			t.Errorf("half a document: %d", resp.StatusCode)
		}
	}
	if _, err := s.Blobs.Stat(t.Context(), linked); !errors.Is(err, fault.NotFound) {
		t.Errorf("half a document is there: %v", err)
	}
}

type brokenReader struct{}

// Read implements io.Reader.
func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the client has gone") }
