//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// readiness is what /readyz says of a row, empty while the row is well.
func (s *server) readiness(row string) string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/readyz", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var said struct {
		Checks []struct {
			Name, Detail string
			OK           bool
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range said.Checks {
		if c.Name == row {
			if c.OK {
				return ""
			}
			return c.Detail
		}
	}
	s.t.Fatalf("/readyz has no row %q: %+v", row, said)
	return ""
}

// inline sends a document in the request's own body and returns status and answer.
func (s *server) inline(content []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/tasks", bytes.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(s.app, s.secret)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func TestOnAFullDiskDocumentsAreErasedAndNoneIsTakenIn(t *testing.T) {
	dir, here := storagetest.SmallDisk(t, 48<<20)
	if !here {
		return
	}
	s := &server{t: t, data: dir, log: &journal{}}
	s.run([]string{"TMPDIR=" + dir, "LETHE_FREE_FLOOR_MIB=4"}, "serve", "--ephemeral")
	page := photo(t, "Gardens and rain.")
	deleted := s.send(page, client.Settings{})
	left := s.send(page, client.Settings{})
	waiting, err := s.Create(t.Context(), client.Settings{}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []*client.Task{deleted, left} {
		if ended := s.follow(task.ID, patience); ended.State != "Completed" {
			t.Fatalf("the task ended as %+v", ended)
		}
	}
	if said := s.readiness("space"); said != "" {
		t.Fatalf("/readyz says %q", said)
	}
	free := storagetest.Fill(t, dir)

	if receipt, err := s.Delete(t.Context(), deleted.ID); err != nil {
		t.Errorf("delete on a full disk: %+v, %v", receipt, err)
	}
	if status, answer := s.inline(page); status != http.StatusInsufficientStorage || !strings.Contains(answer, "storage_full") {
		t.Errorf("a document on a full disk: %d, %s", status, answer)
	}
	err = s.uploadOnce(waiting, page)
	if err == nil || !strings.Contains(err.Error(), "507") {
		t.Errorf("a PUT on a full disk: %v", err)
	}
	s.eventually("space", "free some")
	s.advance(47 * time.Hour)
	if found := s.left(); len(found) > 0 {
		t.Errorf("47 hours later there is %v", found)
	}

	free()
	s.eventually("space", "")
	s.follow(s.send(page, client.Settings{}).ID, patience)
	if whole, err := filepath.Glob(filepath.Join(dir, "lethe-*", "reserve")); err != nil || len(whole) != 1 {
		t.Errorf("the reserve: %v, %v", whole, err)
	} else if stat, err := os.Stat(whole[0]); err != nil || stat.Size() != 1<<20 {
		t.Errorf("the reserve is not whole: %v, %v", stat, err)
	}
}

// eventually waits until a row of /readyz says something.
func (s *server) eventually(row, want string) {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		said := s.readiness(row)
		if said == want || want != "" && strings.Contains(said, want) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("/readyz says %q of %s, want %q", said, row, want)
		}
	}
}

// uploadOnce sends a document to its link and does not try again.
func (s *server) uploadOnce(task *client.Task, content []byte) error {
	req, err := http.NewRequestWithContext(s.t.Context(), task.Upload.Method, task.Upload.URL, bytes.NewReader(content))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return errors.New(resp.Status)
	}
	return nil
}

// A database that cannot be read keeps nothing alive: documents go by the time of their files.
func TestServerWithADamagedDatabaseErasesByTheTimeOfFiles(t *testing.T) {
	data := t.TempDir()
	s := startAt(t, data)
	page := photo(t, "Gardens and rain.")
	old, young := s.send(page, client.Settings{}), s.send(page, client.Settings{})
	for _, task := range []*client.Task{old, young} {
		s.follow(task.ID, patience)
	}
	s.stop()
	result := func(task *client.Task) string {
		files, err := filepath.Glob(filepath.Join(data, "blobs", "results", "*", s.app, task.ID, "*"))
		if err != nil || len(files) > 1 {
			t.Fatalf("%v, %v", files, err)
		}
		return strings.Join(files, "")
	}
	long := time.Now().Add(-(23*time.Hour + 40*time.Minute))
	if err := os.Chtimes(result(old), long, long); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "lethe.db"), bytes.Repeat([]byte("damage"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}

	s = &server{t: t, data: data, log: &journal{}, app: s.app, secret: s.secret}
	s.run(nil, "serve", "--data", data, "--listen", "127.0.0.1:0")
	if said := s.readiness("database"); !strings.Contains(said, "damaged") || !strings.Contains(said, "move it away") {
		t.Errorf("/readyz says %q", said)
	}
	if status, answer := s.inline(page); status != http.StatusServiceUnavailable {
		t.Errorf("a document beside a damaged database: %d, %s", status, answer)
	}
	for end := time.Now().Add(time.Minute); result(old) != ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("what is past its alarm is not erased")
		}
	}
	if result(young) == "" {
		t.Error("what is not past its alarm was erased")
	}
}
