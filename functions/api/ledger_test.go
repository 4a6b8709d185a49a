package api_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Erasure implements api.Erasures.
func (d *domain) Erasure(_ context.Context, ref task.Ref) (*task.Task, error) {
	t, ok := d.tasks[ref]
	if !ok {
		return nil, fault.New(fault.TaskNotFound, "no task of this application has that id")
	}
	if t.State != task.Deleted {
		return nil, fault.New(fault.WrongState, "the task is %s", t.State)
	}
	return t, nil
}

// EraseSubject implements api.Erasures.
func (d *domain) EraseSubject(context.Context, string, string) ([]*task.Task, error) { return nil, nil }

// someLog answers every question about the ledger.
type someLog struct{}

// Promise implements api.Ledger.
func (someLog) Promise(context.Context, ledger.Promise) ([]byte, error) {
	return []byte("promise"), nil
}

func (someLog) Receipt(context.Context, ledger.Opening, ledger.Entry) ([]byte, error) {
	return []byte("receipt"), nil
}

func (someLog) Checkpoint(context.Context) ([]byte, error) { return []byte("checkpoint"), nil }

func (someLog) Keys(context.Context) ([]string, error) { return []string{"key"}, nil }

func (someLog) File(context.Context, string) ([]byte, error) { return []byte("file"), nil }

// served reads the ledger as a client does.
type served struct {
	t *testing.T
	s *service
	c client
}

// ReadFile implements ledger.Source.
func (f served) ReadFile(_ context.Context, path string) ([]byte, error) {
	rec := f.s.call(f.t, f.c, "GET", "/v1/ledger/"+path, "")
	if rec.Code != 200 {
		f.t.Errorf("GET %s: %d %s", path, rec.Code, rec.Body)
	}
	return rec.Body.Bytes(), nil
}

func TestDeleteAnswersWithAReceiptThatProvesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := s.client(t, access.Submit, access.Read, access.Delete)
		ref := s.create(t, c, `{}`)
		s.upload(t, ref)
		if p := problem(t, s.call(t, c, "GET", "/v1/tasks/"+ref.ID+"/receipt", "")); p.Status != 409 {
			t.Errorf("receipt of a living task: %+v", p)
		}
		got := read[struct{ Receipt string }](t, s.call(t, c, "DELETE", "/v1/tasks/"+ref.ID, ""), 200)
		v, err := ledger.Verify([]byte(got.Receipt), []string{s.Key})
		if err != nil || v.Logged || v.Opening.Task != ref.ID {
			t.Errorf("receipt of the delete: %+v, %v", v, err)
		}
		if _, err := s.Ledger.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		rec := s.call(t, c, "GET", "/v1/tasks/"+ref.ID+"/receipt", "")
		if v, err = ledger.Verify(rec.Body.Bytes(), []string{s.Key}); err != nil || !v.Logged {
			t.Errorf("receipt later: %+v, %v", v, err)
		}
		if keys := s.call(t, c, "GET", "/v1/ledger/keys", "").Body.String(); keys != s.Key+"\n" {
			t.Errorf("keys served: %q", keys)
		}
		audit, err := ledger.Check(t.Context(), served{t, s, c}, ledger.Examination{Keys: []string{s.Key}, Since: nil, Now: time.Now()})
		if err != nil || audit.Documents != 1 || audit.Erased != 1 {
			t.Errorf("audit over the interface: %+v, %v", audit, err)
		}
	})
}

func TestErasureBySubjectTakesExactlyTheSubjectsTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		c := s.client(t, access.Submit, access.Read, access.Delete)
		other := s.client(t, access.Submit, access.Read, access.Delete)
		tagged := s.create(t, c, `{"subject":"`+canary+`"}`)
		inline := read[shown](t, s.call(t, c, "POST", "/v1/tasks", "%PDF", "Content-Type", "application/pdf", "Document-Subject", canary), 201)
		plain := s.create(t, c, `{}`)
		foreign := s.create(t, other, `{"subject":"`+canary+`"}`)
		got := read[struct{ Tasks []shown }](t, s.call(t, c, "POST", "/v1/erasures", `{"subject":"`+canary+`"}`), 200)
		if len(got.Tasks) != 2 {
			t.Errorf("erased %+v", got.Tasks)
		}
		for id, want := range map[string]int{tagged.ID: 410, inline.ID: 410, plain.ID: 200} {
			if rec := s.call(t, c, "GET", "/v1/tasks/"+id, ""); rec.Code != want {
				t.Errorf("task %s: %d, want %d", id, rec.Code, want)
			}
		}
		if rec := s.call(t, other, "GET", "/v1/tasks/"+foreign.ID, ""); rec.Code != 200 {
			t.Errorf("the other application's task: %d", rec.Code)
		}
		if p := problem(t, s.call(t, c, "POST", "/v1/tasks?subject="+canary, "%PDF", "Content-Type", "application/pdf")); p.Status != 422 || !strings.Contains(p.Detail, "Document-Subject") {
			t.Errorf("subject in the address: %+v", p)
		}
	})
}
