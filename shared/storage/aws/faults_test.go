package aws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// wire sends requests, and lets a test lose answers and do what happens meanwhile.
type wire struct {
	// after is asked when a request has had its effect; its error hides the answer. before is asked before it is sent.
	before, after func(*http.Request) error
	body          func(io.ReadCloser) io.ReadCloser // what becomes of the body of an answer; nil for nothing
}

// Do implements the SDK's HTTP client.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	if w.before != nil {
		if err := w.before(req); err != nil {
			return nil, err
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil && w.after != nil {
		if err := w.after(req); err != nil {
			return nil, errors.Join(err, resp.Body.Close())
		}
	}
	if err == nil && w.body != nil && req.Method == http.MethodGet {
		resp.Body = w.body(resp.Body)
	}
	return resp, err
}

// errLost is one after which the SDK sends a request again.
var errLost = syscall.ECONNRESET

// wired is a store whose answers a test can lose.
func wired(t *testing.T) (*aws.Store, *wire, aws.Config) {
	t.Helper()
	cfg, w := settings(t), &wire{}
	cfg.HTTP = w
	return opened(t, cfg), w, cfg
}

// times loses the first n answers to requests that match.
func times(n int, match func(*http.Request) bool) func(*http.Request) error {
	return func(req *http.Request) error {
		if n > 0 && match(req) {
			n--
			return errLost
		}
		return nil
	}
}

func puts(req *http.Request) bool {
	return req.Method == http.MethodPut && req.URL.RawQuery == "x-id=PutObject"
}

func completes(req *http.Request) bool {
	return req.Method == http.MethodPost && strings.Contains(req.URL.RawQuery, "uploadId=")
}

func calls(operation string) func(*http.Request) bool {
	return func(req *http.Request) bool { return strings.HasSuffix(req.Header.Get("X-Amz-Target"), "."+operation) }
}

const always = 1000

func TestWriteWhoseAnswersAreLostHasSucceeded(t *testing.T) {
	for name, c := range map[string]struct {
		size, lost int
		match      func(*http.Request) bool
	}{
		"small, one answer":        {10, 1, puts},
		"small, every answer":      {10, always, puts},
		"in parts, one answer":     {6 << 20, 1, completes},
		"in parts, every answer":   {6 << 20, always, completes},
		"exactly one part":         {5 << 20, always, completes},
		"every answer to the last": {11 << 20, always, completes},
	} {
		t.Run(name, func(t *testing.T) {
			store, w, _ := wired(t)
			w.after = times(c.lost, c.match)
			content := bytes.Repeat([]byte("x"), c.size)
			made, err := store.Blobs.Create(t.Context(), "uploads/a/1", "text/plain", bytes.NewReader(content))
			if err != nil {
				t.Fatalf("create: %v", err)
			}
			w.after = nil
			if found, err := store.Blobs.Stat(t.Context(), "uploads/a/1"); err != nil || found.ETag != made.ETag || found.Size != int64(c.size) || made.Size != found.Size {
				t.Errorf("created %+v, found %+v, %v", made, found, err)
			}
			w.after = times(c.lost, c.match)
			if _, err := store.Blobs.Create(t.Context(), "uploads/a/1", "text/plain", bytes.NewReader(content)); !errors.Is(err, fault.AlreadyExists) {
				t.Errorf("the same content by somebody else: %v", err)
			}
		})
	}
}

func TestFailedUploadIsTakenBack(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	broken := errors.New("source broke")
	for name, c := range map[string]struct {
		ctx  context.Context
		then func() error
		want error
	}{
		"source breaks":    {t.Context(), func() error { return broken }, broken},
		"caller cancelled": {ctx, func() error { cancel(); return broken }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			store, w, _ := wired(t)
			_, err := store.Blobs.Put(c.ctx, "uploads/a/1", "text/plain", io.MultiReader(bytes.NewReader(make([]byte, 6<<20)), failing(c.then)))
			if !errors.Is(err, c.want) {
				t.Errorf("put: %v", err)
			}
			if left, err := store.Blobs.List(t.Context(), "uploads/", "", 10); err != nil || len(left) != 0 {
				t.Errorf("%+v is left, %v", left, err)
			}
			// Where nothing can be taken back it is listed, and goes with the name.
			w.before = func(req *http.Request) error {
				if req.Method == http.MethodDelete {
					return errors.New("no")
				}
				return nil
			}
			_, _ = store.Blobs.Put(t.Context(), "uploads/a/1", "text/plain", io.MultiReader(bytes.NewReader(make([]byte, 6<<20)), failing(c.then)))
			w.before = nil
			if left, err := store.Blobs.List(t.Context(), "uploads/", "", 10); err != nil || len(left) != 1 || !left[0].Uncommitted || left[0].Created.IsZero() {
				t.Errorf("listed: %+v, %v", left, err)
			}
			if err := store.Blobs.Delete(t.Context(), "uploads/a/1"); err != nil {
				t.Fatal(err)
			}
			if left, err := store.Blobs.List(t.Context(), "uploads/", "", 10); err != nil || len(left) != 0 {
				t.Errorf("%+v is left, %v", left, err)
			}
		})
	}
}

type failing func() error

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f() }

// One name, several uploads in parts that never ended beside a blob that is there: all of them go with it.
func TestDeleteAbortsEveryUploadOfTheNameAndNoOther(t *testing.T) {
	store, _, cfg := wired(t)
	for _, name := range []string{"uploads/a/1", "uploads/a/1", "uploads/a/1", "uploads/a/10", "uploads/a/0"} {
		stage(t, store, cfg.Bucket, name)
	}
	if _, err := store.Blobs.Put(t.Context(), "uploads/a/1", "text/plain", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	found, err := store.Blobs.List(t.Context(), "uploads/", "", 10)
	if err != nil || len(found) != 3 || !found[0].Uncommitted || found[1].Uncommitted || !found[2].Uncommitted {
		t.Fatalf("listed: %+v, %v", found, err)
	}
	if err := store.Blobs.Delete(t.Context(), "uploads/a/1"); err != nil {
		t.Fatal(err)
	}
	left, err := store.S3().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &cfg.Bucket})
	if err != nil || len(left.Uploads) != 2 || *left.Uploads[0].Key != "uploads/a/0" || *left.Uploads[1].Key != "uploads/a/10" {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// A blob that goes while it is written in parts is not told as one that is not there.
func TestUploadThatSomebodyAbortsIsUnavailable(t *testing.T) {
	store, w, _ := wired(t)
	w.before = func(req *http.Request) error {
		if completes(req) {
			w.before = nil
			return store.Blobs.Delete(t.Context(), "uploads/a/1")
		}
		return nil
	}
	if _, err := store.Blobs.Put(t.Context(), "uploads/a/1", "text/plain", bytes.NewReader(make([]byte, 6<<20))); !errors.Is(err, fault.StorageUnavailable) {
		t.Errorf("put: %v", err)
	}
}

func TestRecordWhoseAnswerWasLostIsKnownAgain(t *testing.T) {
	store, w, _ := wired(t)
	rec := storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}, Value: []byte("1")}
	for _, value := range []string{"created", "replaced"} {
		rec.Value = []byte(value)
		w.after = times(1, calls("PutItem"))
		etag, err := store.Records.Put(t.Context(), rec)
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		rec.ETag = etag
		if found, err := store.Records.Get(t.Context(), rec.Key); err != nil || found.ETag != etag || string(found.Value) != value {
			t.Errorf("%s: %+v, %v", value, found, err)
		}
	}
	w.after = times(1, calls("DeleteItem"))
	if err := store.Records.Delete(t.Context(), rec.Key, rec.ETag); err != nil {
		t.Errorf("delete: %v", err)
	}
}

// The first attempt was stored, somebody replaced the record, and the second attempt is refused: nobody may say that the
// record was not stored.
func TestRecordReplacedAfterALostAnswerIsNotToldAsRefused(t *testing.T) {
	store, w, _ := wired(t)
	rec := storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}, Value: []byte("mine")}
	w.after = func(req *http.Request) error {
		if !calls("PutItem")(req) {
			return nil
		}
		w.after = nil
		found, err := store.Records.Get(t.Context(), rec.Key)
		if err == nil {
			found.Value = []byte("theirs")
			_, err = store.Records.Put(t.Context(), found)
		}
		return errors.Join(err, errLost)
	}
	if _, err := store.Records.Put(t.Context(), rec); !errors.Is(err, fault.StorageUnavailable) || errors.Is(err, fault.AlreadyExists) {
		t.Errorf("put: %v", err)
	}
	if _, err := store.Records.Put(t.Context(), rec); !errors.Is(err, fault.AlreadyExists) {
		t.Errorf("put again: %v", err)
	}
}

// A connection breaks while a blob is read: reading goes on where it was, in the version that it began with.
func TestReadingGoesOnAfterABrokenConnection(t *testing.T) {
	store, w, _ := wired(t)
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	made, err := store.Blobs.Put(t.Context(), "results/a/txt", "text/plain", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	whole := func() (io.ReadCloser, error) {
		r, _, err := store.Blobs.Get(t.Context(), made.Name)
		return r, err
	}
	part := func() (io.ReadCloser, error) {
		return store.Blobs.GetRange(t.Context(), made.Name, made.ETag, 1, made.Size-2)
	}
	for name, c := range map[string]struct {
		open   func() (io.ReadCloser, error)
		every  int64 // bytes after which the connection breaks
		change func() error
		want   []byte
		err    error
	}{
		"whole":                 {open: whole, every: 400_000, want: content},
		"range":                 {open: part, every: 400_000, want: content[1 : len(content)-1]},
		"that breaks too often": {open: whole, every: 200_000, err: fault.StorageUnavailable},
		"that changes meanwhile": {open: whole, every: 400_000, err: fault.ETagMismatch, change: func() error {
			_, err := store.Blobs.Put(t.Context(), made.Name, "text/plain", strings.NewReader("another version"))
			return err
		}},
		"that goes meanwhile": {open: whole, every: 400_000, err: fault.ETagMismatch, change: func() error { return store.Blobs.Delete(t.Context(), made.Name) }},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := store.Blobs.Put(t.Context(), made.Name, "text/plain", bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			w.body = func(r io.ReadCloser) io.ReadCloser { return storage.Head(r, c.every) }
			defer func() { w.body = nil }()
			r, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				if err := c.change(); err != nil {
					t.Fatal(err)
				}
			}
			got, err := io.ReadAll(r)
			if !errors.Is(err, c.err) || err == nil && !bytes.Equal(got, c.want) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if !bytes.HasPrefix(content, got) && c.want == nil {
				t.Error("bytes of another version came")
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What has no record is erased. An answer of 404 that is not the service's own, as a gateway on the way gives it, does not say that
// something is missing.
func TestStrangersAnswerDoesNotSayThatSomethingIsMissing(t *testing.T) {
	cfg := aws.Config{
		Region: "eu-central-1", Bucket: "b", Tables: "t-", S3Endpoint: "http://127.0.0.1:1", DynamoDBEndpoint: "http://127.0.0.1:1", SQSEndpoint: "http://127.0.0.1:1",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), Now: time.Now,
	}
	for _, body := range []string{"", "{}", "<html>not found</html>", `{"message":"no Route matched"}`} {
		cfg.HTTP = answers(func(*http.Request) *http.Response {
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		})
		store, err := aws.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		key := storage.Key{Table: storage.Tasks, Partition: "p", Row: "r"}
		_, record := store.Records.Get(t.Context(), key)
		_, _, blob := store.Blobs.Get(t.Context(), "uploads/a")
		_, list := store.Blobs.List(t.Context(), "uploads/", "", 1)
		for call, err := range map[string]error{"record": record, "blob": blob, "list": list, "delete record": store.Records.Delete(t.Context(), key, ""), "delete blob": store.Blobs.Delete(t.Context(), "uploads/a")} {
			if !errors.Is(err, fault.StorageUnavailable) {
				t.Errorf("%s, told %q: %v", call, body, err)
			}
		}
	}
}
