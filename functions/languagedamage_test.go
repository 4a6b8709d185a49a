//go:build linux && cgo

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// Language data that is damaged while the server runs closes intake, and /readyz says of which language. Documents that were taken in
// wait for it without using up an attempt, and are read once it is there again.
func TestLanguageDataDamagedWhileRunningClosesIntakeUntilItIsMended(t *testing.T) {
	installed, err := traineddata.Find(os.Getenv("LETHE_TESSDATA"))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(installed.Path, "eng.traineddata"))
	if err != nil {
		t.Fatal(err)
	}
	holed := slices.Clone(whole) // its table stays as it is
	clear(holed[1024 : len(holed)-1024])
	for name, damage := range map[string][]byte{"cut off": whole[:100], "holed": holed} {
		t.Run(name, func(t *testing.T) {
			folder := languageFolder(t, "deu", "osd")
			file := filepath.Join(folder, "eng.traineddata")
			put := func(content []byte) {
				if err := os.WriteFile(file, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(whole)
			s := startAt(t, filepath.Join(t.TempDir(), "data"), "LETHE_TESSDATA="+folder, "LETHE_WORKERS=1", "LETHE_WORKER_PAGES=1")
			page := photo(t, "Gardens and rain.")
			if task := s.follow(s.send(page, client.Settings{}).ID, patience); task.State != "Completed" {
				t.Fatalf("before: %+v", task)
			}
			put(damage)
			waiting := s.send(page, client.Settings{})
			s.eventually("engine", "the language data of eng cannot be used: install it anew")
			if status, said := s.inline(page); status != http.StatusServiceUnavailable || !strings.Contains(said, "intake_closed") {
				t.Errorf("a document is answered %d: %s", status, said)
			}
			put(whole)
			s.eventually("engine", "")
			if task := s.follow(waiting.ID, patience); task.State != "Completed" {
				t.Errorf("the document that waited ended as %s: %+v", task.State, task.Failure)
			}
			s.stop()
			log := s.log.String()
			for line := range strings.Lines(log) {
				if strings.Contains(line, `"task.requeued"`) && !strings.Contains(line, `"attempt":0,`) {
					t.Errorf("an attempt was used up: %s", line)
				}
			}
			if !strings.Contains(log, `"task.requeued"`) {
				t.Error("no document had to wait")
			}
		})
	}
}

// A server whose setting of language data is wrong takes nothing in, says which setting that is, and erases what it has.
func TestServerWithoutLanguageDataErasesAllTheSame(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := startAt(t, data)
	sent := s.send(photo(t, "Gardens and rain."), client.Settings{})
	if task := s.follow(sent.ID, patience); task.State != "Completed" {
		t.Fatalf("before: %+v", task)
	}
	s.stop()
	s.run([]string{"LETHE_TESSDATA=" + filepath.Join(data, "none")}, "serve", "--data", data, "--listen", "127.0.0.1:0")
	s.eventually("engine", "no worker process starts: no language data can be used: install it anew")
	if err := s.erase(t.Context(), sent.ID); err != nil {
		t.Error(err)
	}
	s.stop()
	if log := s.log.String(); !strings.Contains(log, `"error":"LETHE_TESSDATA: the folder of language data`) {
		t.Errorf("the log does not name the setting:\n%s", log)
	}
}
