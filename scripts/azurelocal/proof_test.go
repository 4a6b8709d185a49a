package main

import (
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// The host's timer gives a receipt its place; from then on it proves itself, and an audit of the ledger finds the document.
func TestTimerPutsTheReceiptIntoTheLedger(t *testing.T) {
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	s := startStamp(t, map[string]string{"LETHE_SIGNING_KEY": private}, nil)
	if audit := stamptest.ProvesErasure(t, s.Client, public); audit.Documents != 1 || audit.Erased != 1 {
		t.Errorf("the audit finds %d documents, %d of them erased, want one", audit.Documents, audit.Erased)
	}
}
