package task_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestClientTextLeavesTheRecordWhenProcessingEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		field := ocr.FieldRequest{ID: "canary-id", Kind: ocr.TextField, Letters: "canary-letters", Pattern: "canary-pattern", Page: 2, Box: ocr.Box{X1: 5, Y1: 5}}
		o := task.Order{Application: app, Client: task.ClientText{Description: "canary-description", Fields: []ocr.FieldRequest{field}}}
		ref := w.queued(o)
		w.mustProcess(ref, task.Done)
		if got := w.engine.fields; len(got) != 1 || got[0].ID != field.ID || w.engine.reads()[1] != 0 || w.engine.reads()[2] != 1 {
			t.Errorf("the engine was asked for %+v on pages %v", got, w.engine.reads())
		}
		rec, _ := w.record(ref)
		for _, canary := range []string{"canary-id", "canary-letters", "canary-pattern"} {
			if bytes.Contains(rec.Value, []byte(canary)) {
				t.Errorf("the record holds %s: %s", canary, rec.Value)
			}
		}
		if got := w.get(ref); got.Client.Description != "canary-description" {
			t.Errorf("the description is %q", got.Client.Description)
		}
		if _, err := w.Delete(w.Context(), ref); err != nil {
			t.Fatal(err)
		}
		rec, _ = w.record(ref)
		if bytes.Contains(rec.Value, []byte("canary")) || strings.Contains(w.log.String(), "canary-") {
			t.Errorf("text of the client is left: %s", rec.Value)
		}
	})
}

func TestClientTextIsBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		long := task.Order{Application: app, Client: task.ClientText{Description: strings.Repeat("é", task.MaxDescription+1)}}
		if _, err := w.Create(w.Context(), long); !errors.Is(err, fault.BadField) {
			t.Errorf("a long description: %v", err)
		}
		long.Client.Description = strings.Repeat("é", task.MaxDescription)
		if _, err := w.Create(w.Context(), long); err != nil {
			t.Errorf("the longest description: %v", err)
		}
		var fields []ocr.FieldRequest
		for n := range 400 {
			fields = append(fields, ocr.FieldRequest{ID: fmt.Sprintf("field %d", n), Kind: ocr.TextField, Letters: strings.Repeat("x", 100)})
		}
		ref := w.holding(task.Order{Application: app}, 1)
		if _, err := w.Start(w.Context(), ref, task.Order{Client: task.ClientText{Fields: fields}}); !errors.Is(err, fault.BadField) {
			t.Errorf("too many fields: %v", err)
		}
		if _, err := w.Start(w.Context(), ref, task.Order{Client: task.ClientText{Fields: fields[:100]}}); err != nil {
			t.Errorf("a hundred fields: %v", err)
		}
	})
}
