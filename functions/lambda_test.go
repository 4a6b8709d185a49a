//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// sandbox is the program as a function of Lambda, under a platform that makes it stand still once it asks for the next event.
type sandbox struct {
	t       *testing.T
	cmd     *exec.Cmd
	events  chan string
	answers chan []byte
	next    chan struct{}
	during  func() // called when an answer has begun to come
}

// ServeHTTP is the platform's runtime API.
func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/next") {
		s.next <- struct{}{}
		select {
		case e := <-s.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
			_, _ = io.WriteString(w, e)
		case <-r.Context().Done():
		}
		return
	}
	first := make([]byte, 1)
	_, _ = io.ReadFull(r.Body, first)
	if s.during != nil {
		s.during()
	}
	rest, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	s.answers <- append(first, rest...)
}

// startSandbox starts one function and waits until it asks for its first event.
func startSandbox(t *testing.T, handler string, env []string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, events: make(chan string), answers: make(chan []byte, 1), next: make(chan struct{}, 1)}
	platform := httptest.NewServer(s)
	s.cmd = exec.Command(program(t), handler)
	s.cmd.Env = append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(platform.URL, "http://"), "_HANDLER="+handler)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the function has its own
	s.cmd.Stdout, s.cmd.Stderr = log, log
	said := func() string {
		text, _ := os.ReadFile(log.Name()) // what there is of it
		return string(text)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // its status is that of what was killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-ended
		platform.CloseClientConnections()
		platform.Close()
		if t.Failed() {
			t.Logf("%s:\n%s", handler, said())
		}
	})
	select {
	case <-s.next:
	case <-ended:
		t.Fatalf("%s ended:\n%s", handler, said())
	}
	return s
}

// invoke hands an event over and returns the answer once the process stands still.
func (s *sandbox) invoke(event any) []byte {
	s.t.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		s.t.Fatal(err)
	}
	s.signal(syscall.SIGCONT)
	s.events <- string(text)
	answer := <-s.answers
	<-s.next
	s.signal(syscall.SIGSTOP)
	return answer
}

// tree is the process and those that it started.
func (s *sandbox) tree() []int {
	return append((&server{t: s.t, cmd: s.cmd}).workers(), s.cmd.Process.Pid)
}

func (s *sandbox) signal(sig syscall.Signal) {
	for _, pid := range s.tree() {
		_ = syscall.Kill(pid, sig) // a worker may just have ended
	}
}

// found searches everything that the sandbox holds for words, in each form that they can have.
func (s *sandbox) found(words ...string) (found []remnant) {
	s.t.Helper()
	for _, pid := range s.tree() {
		found = append(found, remnants(s.t, pid, forms(words)...)...)
	}
	return found
}

// forms are words as they are, as UTF-16, and within Base64 at each of three offsets.
func forms(words []string) (all []string) {
	for _, w := range words {
		all = append(all, w, string(bytes.Join(bytes.Split([]byte(w), nil), []byte{0})))
		for shift := range 3 {
			whole := []byte(strings.Repeat("\x00", shift) + w)
			coded := base64.StdEncoding.EncodeToString(whole[:len(whole)/3*3])
			all = append(all, coded[(shift*8+5)/6:])
		}
	}
	return all
}

// A frozen function keeps what it holds for minutes or hours, so that it holds nothing: neither of a document in a request's own
// body, nor of one that was read, nor of a result that was fetched.
func TestFunctionOfLambdaStandsStillWithoutAnythingOfADocument(t *testing.T) {
	const (
		password = "planted-password-in-a-header"
		subject  = "planted-subject-of-a-document"
		marker   = "planted-bytes-behind-a-picture"
		word     = "counterrevolutionary"
		second   = "uncharacteristically"
	)
	env, store := localStamp(t)
	api, ocr := startSandbox(t, "api", env), startSandbox(t, "ocr", env)
	clean := func(s *sandbox, when string) {
		t.Helper()
		for _, r := range s.found(password, subject, marker, word, second) {
			t.Errorf("%s: %q at %s: %q", when, r.word, r.place, r.around)
		}
	}
	request := func(method, path, query string, body []byte) []byte {
		headers := map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(lambdaApp+":secret"))}
		if body != nil {
			headers["content-type"], headers["document-password"], headers["document-subject"] = "image/jpeg", password, subject
		}
		return api.invoke(map[string]any{
			"version": "2.0", "rawPath": path, "rawQueryString": query,
			"headers":        headers,
			"requestContext": map[string]any{"http": map[string]string{"method": method, "sourceIp": "192.0.2.1"}},
			"body":           base64.StdEncoding.EncodeToString(body), "isBase64Encoded": true,
		})
	}
	made := request("POST", "/v1/tasks", "formats=txt,json", append(photo(t, word+" "+second), marker...))
	_, location, ok := bytes.Cut(made, []byte(`"Location":"/v1/tasks/`))
	if !ok {
		t.Fatalf("answered %q", made)
	}
	id := string(location[:36])
	clean(api, "after a document in a request's own body")

	uploads, err := store.Blobs.List(t.Context(), "uploads/", "", 10)
	if err != nil || len(uploads) != 1 {
		t.Fatal(uploads, err)
	}
	event, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventName": "ObjectCreated:Put", "s3": map[string]any{"bucket": map[string]string{"name": lambdaBucket}, "object": map[string]string{"key": uploads[0].Name}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	answer := ocr.invoke(map[string]any{"Records": []any{map[string]string{"messageId": "m", "body": string(event)}}})
	if string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("answered %s", answer)
	}
	clean(ocr, "after the document was read")

	// The search itself finds the word while the answer is on its way.
	seen := 0
	api.during = func() { seen = len(api.found(word)) }
	text := request("GET", "/v1/tasks/"+id+"/results/txt", "stream=true", nil)
	api.during = nil
	if !bytes.Contains(text, []byte(word)) || seen == 0 {
		t.Errorf("the word was found %d times while this was sent: %q", seen, text)
	}
	clean(api, "after the result was fetched")
	if gone := request("DELETE", "/v1/tasks/"+id, "", nil); !bytes.Contains(gone, []byte(`"erased"`)) {
		t.Errorf("answered %q", gone)
	}
	clean(api, "after the erasure")

	// A picture that the function URL still hands over, and that is too large, is refused with what to use instead.
	for _, path := range []string{"/processImage", "/abbyy/v2/submitImage"} {
		refused := request("POST", path, "", append([]byte(marker), make([]byte, 4_400_000)...))
		for _, want := range []string{"at most 4400000 bytes", "Azure", "lethe serve"} {
			if !bytes.Contains(refused, []byte(want)) {
				t.Errorf("%s: there is no %q in %.1000q", path, want, refused)
			}
		}
		clean(api, "after a picture that is too large")
	}
}

const (
	lambdaApp    = "01981de2-7b00-7000-8000-000000000001"
	lambdaBucket = "stamp"
)

// localStamp starts emulators of what a stamp consists of, and returns the environment of its functions.
func localStamp(t *testing.T) (env []string, store *aws.Store) {
	t.Helper()
	var set emulator.Set
	t.Cleanup(set.Close)
	s3, dynamodb, sqs := emulator.Endpoint(t, set.S3), emulator.Endpoint(t, set.DynamoDB), emulator.Endpoint(t, set.SQS)
	key, _, err := ledger.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	env = []string{
		"AWS_ACCESS_KEY_ID=" + emulator.AccessKey, "AWS_SECRET_ACCESS_KEY=" + emulator.SecretKey, "AWS_REGION=" + emulator.Region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1769", "LETHE_REGION=" + emulator.Region, "LETHE_SANDBOX=best-effort",
		"LETHE_AWS_BUCKET=" + lambdaBucket, "LETHE_AWS_TABLES=stamp-", "LETHE_AWS_QUEUE=" + emulator.QueueURL(sqs, "stamp-requeue"),
		"LETHE_AWS_ENDPOINTS=s3=" + s3 + ",dynamodb=" + dynamodb + ",sqs=" + sqs, "LETHE_SIGNING_KEY=" + key,
		"LETHE_BOOTSTRAP_APP=" + lambdaApp, "LETHE_BOOTSTRAP_HASH=2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
		"LETHE_CACHE=" + os.Getenv("LETHE_CACHE"), "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
	}
	credentials, err := aws.RoleCredentials(func(name string) string {
		i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if i < 0 {
			return ""
		}
		return strings.TrimPrefix(env[i], name+"=")
	})
	if err == nil {
		store, err = aws.Open(aws.Config{
			Region: emulator.Region, Bucket: lambdaBucket, Tables: "stamp-", Credentials: credentials,
			S3Endpoint: s3, DynamoDBEndpoint: dynamodb, SQSEndpoint: sqs, Now: time.Now,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return env, store
}
