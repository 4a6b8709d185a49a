package api_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/task"
)

// promised are the fields of a task that hold promises.
type promised struct {
	ID         string `json:"id"`
	Promise    string `json:"promise"`
	Acceptance string `json:"acceptance"`
}

// What is created is promised, signed; a replay repeats the promise byte for byte, and the first status that shows the document
// promises that.
func TestCreationAndDocumentArePromised(t *testing.T) {
	s := newService(t)
	c := s.client(t, access.Submit, access.Read)
	body := `{"formats":["txt"],"languages":["eng"],"retain_seconds":3600}`

	first := read[promised](t, s.call(t, c, "POST", "/v1/tasks", body, "Idempotency-Key", "once"), 201)
	created, err := ledger.VerifyPromise([]byte(first.Promise), []string{s.Key})
	if err != nil {
		t.Fatal(err)
	}
	if created.Task != first.ID || created.Application != c.id || !created.Uploaded.IsZero() || created.Retain.Hours() != 1 || created.Formats[0] != "txt" {
		t.Errorf("promised is %+v", created)
	}
	if again := read[promised](t, s.call(t, c, "POST", "/v1/tasks", body, "Idempotency-Key", "once"), 200); again.Promise != first.Promise || again.Acceptance != "" {
		t.Errorf("a replay promises\n%s\nand before\n%s", again.Promise, first.Promise)
	}
	if waiting := read[promised](t, s.call(t, c, "GET", "/v1/tasks/"+first.ID, ""), 200); waiting.Acceptance != "" {
		t.Error("a document is promised that did not come")
	}
	ref := task.Ref{Application: c.id, ID: first.ID}
	s.upload(t, ref)
	listed := read[struct{ Tasks []promised }](t, s.call(t, c, "GET", "/v1/tasks", ""), 200).Tasks
	shown := read[promised](t, s.call(t, c, "GET", "/v1/tasks/"+first.ID, ""), 200)
	if len(listed) != 1 || listed[0].Acceptance != shown.Acceptance || listed[0].Promise != "" {
		t.Errorf("listed as %+v", listed)
	}
	document, err := ledger.VerifyPromise([]byte(shown.Acceptance), []string{s.Key})
	if err != nil {
		t.Fatal(err)
	}
	if document.Uploaded.IsZero() || document.Digest != "" || document.Subject != created.Subject {
		t.Errorf("promised of the document is %+v", document)
	}
	if later := read[promised](t, s.call(t, c, "GET", "/v1/tasks/"+first.ID, ""), 200); later.Acceptance != shown.Acceptance {
		t.Error("the promise of the document changed")
	}
}

func TestDocumentInTheBodyIsPromisedWithItsDigest(t *testing.T) {
	s := newService(t)
	c := s.client(t, access.Submit, access.Read)
	got := read[promised](t, s.call(t, c, "POST", "/v1/tasks", "%PDF "+canary, "Content-Type", "application/pdf"), 201)
	p, err := ledger.VerifyPromise([]byte(got.Acceptance), []string{s.Key})
	if err != nil || len(p.Digest) != 64 {
		t.Errorf("promised is %+v, %v", p, err)
	}
	if changed := strings.Replace(got.Acceptance, p.Digest, strings.Repeat("0", 64), 1); changed == got.Acceptance {
		t.Error("the digest does not stand in the promise")
	} else if _, err := ledger.VerifyPromise([]byte(changed), []string{s.Key}); err == nil {
		t.Error("a promise about another document is verified")
	}
}
