package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// served is the stamp's ledger as a client reads it.
type served struct {
	t *testing.T
	s *stamp
}

// ReadFile implements ledger.Source.
func (f served) ReadFile(ctx context.Context, path string) ([]byte, error) {
	var text string
	status, err := f.s.request(ctx, http.MethodGet, "/v1/ledger/"+path, "", &text)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET %s: %d", path, status)
	}
	return []byte(text), err
}

// The host's timer gives a receipt its place; from then on it proves itself, and an audit of the ledger finds the document.
func TestTimerPutsTheReceiptIntoTheLedger(t *testing.T) {
	private, public, err := ledger.GenerateKey("lethe.test")
	if err != nil {
		t.Fatal(err)
	}
	s := startStamp(t, map[string]string{"LETHE_SIGNING_KEY": private}, nil)
	id := s.submit(t, picture(t, 1))
	s.awaitState(t, time.Minute, id, "Completed")
	await(t, time.Minute, "the task is erased", func() bool {
		return s.try(t, http.MethodDelete, "/v1/tasks/"+id, nil) == http.StatusOK
	})
	await(t, time.Minute, "the receipt is logged", func() bool {
		var receipt string
		if s.try(t, http.MethodGet, "/v1/tasks/"+id+"/receipt", &receipt) != http.StatusOK {
			return false
		}
		v, err := ledger.Verify([]byte(receipt), []string{public})
		if err != nil || v.Opening.Task != id {
			t.Fatalf("the receipt says %+v, %v", v, err)
		}
		return v.Logged
	})
	audit, err := ledger.Check(t.Context(), served{t, s}, ledger.Examination{Keys: []string{public}, Now: time.Now()})
	if err != nil || audit.Documents != 1 || audit.Erased != 1 || len(audit.Breaches) > 0 {
		t.Errorf("the audit says %+v, %v", audit, err)
	}
}
