//go:build linux && cgo

package main_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// documentPassword is found nowhere by chance.
const documentPassword = "Fjord-4711-Kestrel"

// encrypted needs the password to be opened.
func encrypted(t *testing.T, plain []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("qpdf"); err != nil {
		t.Skip("qpdf is not installed, so there is no encrypted PDF")
	}
	in, out := filepath.Join(t.TempDir(), "in.pdf"), filepath.Join(t.TempDir(), "out.pdf")
	if err := os.WriteFile(in, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("qpdf", "--encrypt", documentPassword, documentPassword, "256", "--", in, out).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v\n%s", err, msg)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("document.pdf")
	if err == nil {
		_, err = w.Write(pdftest.Text(ocrtest.Letter(1)))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Bad documents end in seconds with a code and a sentence that names the limit or the cause, and leave nothing behind.
func TestBadDocumentsAreExplainedInSeconds(t *testing.T) {
	s := start(t)
	plain := pdftest.Text(ocrtest.Letter(1))
	for _, c := range []struct {
		name     string
		content  []byte
		settings client.Settings
		code     string
		says     string
	}{
		{"pixel bomb", hostileDocument(t, "PNG: 500 megapixels in 60 kB"), client.Settings{}, "page_too_many_pixels", "100000000"},
		{"10,000 pages", pdftest.Pages(10_000, "", ""), client.Settings{}, "document_too_many_pages", "2000"},
		{"truncated PDF", plain[:len(plain)/3], client.Settings{}, "document_damaged", ""},
		{"truncated PNG", scan(t, 1)[:2000], client.Settings{}, "page_damaged", ""},
		{"empty file", nil, client.Settings{}, "document_empty", "no bytes"},
		{"ZIP called PDF", archive(t), client.Settings{}, "document_type_unsupported", ""},
		{"no document", []byte("just a note"), client.Settings{}, "document_type_unsupported", ""},
		{"password missing", encrypted(t, plain), client.Settings{}, "document_password_missing", "password"},
		{"password wrong", encrypted(t, plain), client.Settings{Password: "guess"}, "document_password_wrong", "password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			task := s.follow(s.send(c.content, c.settings).ID, 30*time.Second)
			if task.State != "ProcessingFailed" || task.Failure == nil {
				t.Fatalf("task ended as %+v", task)
			}
			if task.Failure.Code != c.code || !strings.Contains(task.Failure.Detail, c.says) || task.Failure.Detail == "" {
				t.Errorf("failure is %+v, want code %s and %q in the sentence", task.Failure, c.code, c.says)
			}
			t.Logf("%v: %s", time.Since(began).Round(time.Millisecond), task.Failure.Detail)
			if _, err := s.Delete(t.Context(), task.ID); err != nil {
				t.Error(err)
			}
			if found := s.left(); len(found) > 0 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
	ok := s.follow(s.send(encrypted(t, plain), client.Settings{Password: documentPassword, Formats: []string{"txt", "pdf"}}).ID, patience)
	if ok.State != "Completed" {
		t.Errorf("with its password the document ended as %+v", ok)
	}
	var result bytes.Buffer
	if _, err := s.Fetch(t.Context(), ok.ID, "pdf", &result); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.pdf")
	if err := os.WriteFile(copied, result.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("qpdf", "--requires-password", copied).Run(); err != nil {
		t.Errorf("the searchable PDF of a document with a password needs none: %v", err)
	}
	if msg, err := exec.Command("qpdf", "--password="+documentPassword, "--check", copied).CombinedOutput(); err != nil {
		t.Errorf("it does not open with the password: %v\n%s", err, msg)
	}
	// The password goes when processing ends; the database's journal is emptied within seconds of it.
	deadline := time.After(10 * time.Second)
	for kept := true; kept; {
		kept = slices.ContainsFunc(s.left(documentPassword), func(f string) bool { return strings.Contains(f, documentPassword) })
		select {
		case <-deadline:
			t.Fatal("the password is still stored")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// The server's memory does not grow with a document, and no worker exceeds its limit.
func TestMemoryStaysBoundedWhileALongScanIsRead(t *testing.T) {
	pages := count(15, 300)
	rise := min(150, 3*int64(pages)) << 20 // the pixels of the pages would be more
	s := start(t)
	s.follow(s.send(photo(t, "Warm up."), client.Settings{Formats: []string{"txt", "pdf"}}).ID, patience)
	document := scannedPDF(t, pages)
	idle := resident(s.cmd.Process.Pid)
	task := s.send(document, client.Settings{Formats: []string{"txt", "json", "pdf"}})
	var most, worker int64
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		most = max(most, resident(s.cmd.Process.Pid))
		for _, pid := range s.workers() {
			worker = max(worker, resident(pid))
		}
		seen, err := s.Get(t.Context(), task.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if seen.Over() {
			if seen.State != "Completed" || seen.Pages.Done != pages {
				t.Fatalf("task ended as %+v", seen)
			}
			break
		}
		<-tick.C
	}
	t.Logf("%d pages, %d MB: the server rose by %d MB over %d MB idle; the largest worker had %d MB",
		pages, len(document)>>20, (most-idle)>>20, idle>>20, worker>>20)
	if most-idle > rise {
		t.Errorf("the server rose by %d MB, want at most %d", (most-idle)>>20, rise>>20)
	}
	if worker > 1536<<20 {
		t.Errorf("a worker had %d MB, its limit is 1536", worker>>20)
	}
}

// scannedPDF is a PDF of pages that are JPEG pictures. A few different ones repeat: what counts is their number.
func scannedPDF(t *testing.T, pages int) []byte {
	t.Helper()
	var pictures [][]byte
	for n := range 5 {
		pictures = append(pictures, photo(t, ocrtest.Letter(n)))
	}
	pdf, err := pdftest.Scans(pages, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}
