//go:build linux && cgo

package main_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
)

// buffered is what a connection may hold on a client's own side. What the kernel of the server has not sent is dropped.
const buffered = 1 << 20

// dial returns an HTTP client whose connections take little in advance.
func dial() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if tcp, ok := c.(*net.TCPConn); ok {
				err = errors.Join(err, tcp.SetReadBuffer(32<<10))
			}
			return c, err
		},
	}}
}

// heavy returns a completed task whose searchable copy is large, and where that is fetched: by a link.
func (s *server) heavy(size int) (id, address string) {
	s.t.Helper()
	sent := s.send(heavyPDF(s.t, size), client.Settings{Formats: []string{"pdf"}})
	done := s.follow(sent.ID, patience)
	if done.State != "Completed" || len(done.Results) != 1 || done.Results[0].Bytes < int64(size) {
		s.t.Fatalf("the document ended as %s, %+v", done.State, done)
	}
	return done.ID, s.url + "/v1/tasks/" + done.ID + "/results/pdf"
}

// slowly opens a download and reads its first bytes only.
func (s *server) slowly(address string) io.ReadCloser {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(s.app, s.secret)
	resp, err := dial().Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<10); err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return resp.Body
}

// A slow reader once received the whole of a result after the delete, the receipt and its last clock.
func TestDeleteEndsASlowDownload(t *testing.T) {
	s := start(t)
	for _, way := range []string{"link", "stream"} {
		id, address := s.heavy(24 << 20)
		if way == "stream" {
			address += "?stream=true"
		}
		body := s.slowly(address)
		if got, err := s.Delete(t.Context(), id); err != nil || got.Erased.IsZero() {
			t.Errorf("%s: delete: %+v, %v", way, got, err)
		}
		if n, err := io.Copy(io.Discard, body); err == nil || n > buffered {
			t.Errorf("%s: %d bytes came after the receipt, %v", way, n, err)
		}
	}
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestClockEndsASlowDownload(t *testing.T) {
	s := start(t)
	_, address := s.heavy(24 << 20)
	body := s.slowly(address)
	s.advance(72 * time.Hour)
	if n, err := io.Copy(io.Discard, body); err == nil || n > buffered {
		t.Errorf("%d bytes came after the last clock, %v", n, err)
	}
}

// An upload that came a few bytes at a time once kept its plaintext in the staging folder for as long as the client liked.
func TestDeleteEndsATrickledUpload(t *testing.T) {
	const planted = "planted-in-an-upload"
	s := start(t)
	ways := map[string]func(body io.Reader) (*http.Request, func() string){
		"link": func(body io.Reader) (*http.Request, func() string) {
			made, err := s.Create(t.Context(), client.Settings{}, "")
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), made.Upload.Method, made.Upload.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			return req, func() string { return made.ID }
		},
		"inline": func(body io.Reader) (*http.Request, func() string) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/tasks", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/pdf")
			req.SetBasicAuth(s.app, s.secret)
			return req, func() string {
				for {
					tasks, _, err := s.List(t.Context(), "Submitted", "", 1)
					if err != nil {
						t.Fatal(err)
					}
					if len(tasks) > 0 {
						return tasks[0].ID
					}
				}
			}
		},
	}
	for way, begin := range ways {
		t.Run(way, func(t *testing.T) {
			body, client := io.Pipe()
			req, id := begin(body)
			answered := make(chan int, 1)
			go func() {
				resp, err := dial().Do(req)
				if err != nil {
					answered <- 0 // the connection was closed, which is an answer too
					return
				}
				_ = resp.Body.Close() // only the status counts
				answered <- resp.StatusCode
			}()
			if _, err := io.WriteString(client, strings.Repeat(planted, 5000)); err != nil {
				t.Fatal(err)
			}
			task := id()
			for len(s.staged()) == 0 { // the bytes are on their way
				time.Sleep(10 * time.Millisecond)
			}
			if got, err := s.Delete(t.Context(), task); err != nil || got.Erased.IsZero() {
				t.Errorf("delete: %+v, %v", got, err)
			}
			if left := s.left(planted); len(left) > 0 {
				t.Errorf("left after the receipt: %v", left)
			}
			if status := <-answered; status != 0 && status != http.StatusGone {
				t.Errorf("the upload was answered %d", status)
			}
			_ = client.Close()
		})
	}
}

// staged lists half-written files.
func (s *server) staged() []string {
	s.t.Helper()
	var found []string
	for _, pattern := range []string{"staging/*", "*/staging/*"} {
		names, err := filepath.Glob(filepath.Join(s.data, pattern))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && info.Size() > 0 {
				found = append(found, name)
			}
		}
	}
	return found
}

func TestUploadEndsWhenItsLinkDoes(t *testing.T) {
	s := start(t)
	made, err := s.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	body, source := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), made.Upload.Method, made.Upload.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		resp, err := dial().Do(req)
		if err == nil {
			_ = resp.Body.Close() // only that there is an answer counts
			if resp.StatusCode < http.StatusBadRequest {
				err = errors.New("the upload succeeded")
			}
		}
		answered <- err
	}()
	if _, err := source.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	for len(s.staged()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	s.advance(16 * time.Minute)
	if err := <-answered; err != nil && strings.Contains(err.Error(), "succeeded") {
		t.Error(err)
	}
	for len(s.staged()) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	_ = source.Close()
}

func TestRevocationEndsUploadsAndTheirLinks(t *testing.T) {
	s := startAt(t, t.TempDir())
	made, err := s.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	body, source := io.Pipe()
	defer func() { _ = source.Close() }()
	put := func(body io.Reader) int {
		req, err := http.NewRequestWithContext(t.Context(), made.Upload.Method, made.Upload.URL, body)
		if err != nil {
			t.Error(err)
			return 0
		}
		resp, err := dial().Do(req)
		if err != nil {
			return 0 // the connection was closed, which is an answer too
		}
		_ = resp.Body.Close() // only the status counts
		return resp.StatusCode
	}
	answered := make(chan int, 1)
	go func() { answered <- put(body) }()
	if _, err := source.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	for len(s.staged()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if out, err := exec.Command(program(t), "app", "revoke", s.app, "--data", s.data).CombinedOutput(); err != nil {
		t.Fatalf("revoke: %v\n%s", err, out)
	}
	if status := <-answered; status != 0 && status != http.StatusForbidden {
		t.Errorf("the upload was answered %d", status)
	}
	if status := put(strings.NewReader("a document")); status != http.StatusForbidden {
		t.Errorf("the link of a revoked application was answered %d", status)
	}
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
