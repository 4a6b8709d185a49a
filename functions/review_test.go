//go:build linux && cgo

package main_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/draw"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// reviewer makes a person with the scope and nothing else.
func (s *server) reviewer(url string) *client.Client {
	s.t.Helper()
	out, err := exec.Command(program(s.t), "app", "create", "--data", s.data, "--json", "--scopes", "reviewer").Output()
	if err != nil {
		s.t.Fatalf("make reviewer: %v", err)
	}
	var app struct{ ID, Secret string }
	if err := json.Unmarshal(out, &app); err != nil {
		s.t.Fatal(err)
	}
	c, err := client.New(client.Config{URL: url, Application: app.ID, Secret: app.Secret})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// large is a page that takes more memory to read than a worker has there.
func large(t *testing.T) []byte {
	t.Helper()
	small, err := ocrtest.Draw(ocrtest.Letter(1), ocrtest.Scanned(), 1)
	if err != nil {
		t.Fatal(err)
	}
	scaled := image.NewGray(image.Rect(0, 0, 5*small.Bounds().Dx(), 5*small.Bounds().Dy()))
	draw.NearestNeighbor.Scale(scaled, scaled.Bounds(), small, small.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, scaled); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A document that uses the engine up stays until its clock. One person alone sees nothing of it; two see a copy without
// text, and the document itself; a delete ends that at once.
func TestTwoReviewersLookAtADocumentThatMadeTheEngineFail(t *testing.T) {
	s := startAt(t, t.TempDir(), "LETHE_WORKER_MEMORY_MIB=296", "LETHE_REVIEW=true", "LETHE_OIDC_REQUIRED=false")
	document := large(t)
	task, err := s.trySend(t.Context(), document, client.Settings{Formats: []string{"txt"}})
	if err != nil {
		t.Fatal(err)
	}
	done := s.follow(task.ID, patience)
	if done.State != "ProcessingFailed" || done.Failure == nil || done.Failure.Code != string(fault.PageMemory) {
		t.Fatalf("the task ended as %+v", done)
	}
	first, second := s.reviewer(s.url), s.reviewer(s.url)
	opened, err := first.OpenCase(t.Context(), s.app, task.ID, "memory limit exceeded", 1)
	if err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	if _, err := first.FetchCase(t.Context(), opened.ID, "derivative", &seen); err == nil || seen.Len() > 0 {
		t.Errorf("one person sees %d bytes, %v", seen.Len(), err)
	}
	if _, err := first.ApproveCase(t.Context(), opened.ID); err == nil {
		t.Error("the same person approves")
	}
	if _, err := second.ApproveCase(t.Context(), opened.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := first.FetchCase(t.Context(), opened.ID, "derivative", &seen); err != nil {
		t.Fatal(err)
	}
	original, err := png.DecodeConfig(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	checkDerivative(t, seen.Bytes(), derivative.Page{Width: original.Width, Height: original.Height, Depth: derivative.Depth{Bits: 8, Samples: 1}})
	var given bytes.Buffer
	if _, err := second.FetchCase(t.Context(), opened.ID, "original", &given); err != nil || !bytes.Equal(given.Bytes(), document) {
		t.Errorf("the original: %d bytes, %v", given.Len(), err)
	}
	if _, err := s.Delete(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	var p *client.Problem
	if _, err := second.FetchCase(t.Context(), opened.ID, "original", &given); !errors.As(err, &p) || p.Status != 410 {
		t.Errorf("after the delete: %v", err)
	}
	if found := s.left(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	// The owner of the task reads who looked, and why.
	log, _, err := s.AccessLog(t.Context(), time.Time{}, "")
	if err != nil {
		t.Fatal(err)
	}
	acts := ""
	for _, e := range log {
		acts += e.Text
	}
	for _, want := range []string{"case.opened", "case.approved", "case.read", "case.original", "memory limit exceeded"} {
		if !bytes.Contains([]byte(acts), []byte(want)) {
			t.Errorf("the access log does not hold %q: %s", want, acts)
		}
	}
}

// checkDerivative checks that a derivative of a PNG tells its form and shows a page of its size.
func checkDerivative(t *testing.T, content []byte, want derivative.Page) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	listing, err := archive.Open(derivative.PlanFile)
	if err != nil {
		t.Fatal(err)
	}
	var plan derivative.Plan
	if err := json.NewDecoder(listing).Decode(&plan); err != nil || plan.Type != ocr.PNG || len(plan.Pages) != 1 {
		t.Fatalf("%+v, %v", plan, err)
	}
	want.Ink = plan.Pages[0].Ink
	if diff := cmp.Diff(want, plan.Pages[0]); diff != "" {
		t.Error(diff)
	}
	page, err := archive.Open(derivative.PageFile(1))
	if err != nil {
		t.Fatal(err)
	}
	if config, err := png.DecodeConfig(page); err != nil || config.Width != want.Width || config.Height != want.Height {
		t.Errorf("the derivative is %d by %d, %v", config.Width, config.Height, err)
	}
}
