package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestHonestLayersReadLikePoppler(t *testing.T) {
	bin := os.Getenv("LETHE_BIN")
	if _, err := exec.LookPath("pdftotext"); err != nil || bin == "" {
		t.Skip("pdftotext is not installed, or LETHE_BIN is not set")
	}
	var b strings.Builder
	if err := born(t.Context(), bin, t.TempDir(), &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "the text is the same") || !strings.Contains(b.String(), " of the goal of 60 ms of processor time, ") {
		t.Error(b.String())
	}
	t.Log(b.String())
}
