package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// Whatever an operation leaves out of its answer, no list in it is null: the zero value of every type of answer is walked.
func TestListsOfEveryAnswerAreNeverNull(t *testing.T) {
	t.Parallel()
	a := New(Config{})
	registry, seen := a.huma.OpenAPI().Components.Schemas, 0
	for _, op := range operations(a.huma.OpenAPI()) {
		for status, r := range op.Responses {
			for _, m := range r.Content {
				schema := m.Schema
				if schema == nil || schema.Ref == "" {
					continue
				}
				seen++
				answer, err := filled(nil, status, reflect.New(registry.TypeFromRef(schema.Ref)).Elem().Interface())
				raw, marshalled := json.Marshal(answer)
				if err != nil || marshalled != nil || strings.Contains(string(raw), "null") {
					t.Errorf("%s %s: %v, %v: %s", op.OperationID, status, err, marshalled, raw)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d answers were looked at", seen)
	}
}

// What is in the lists of a list is filled too, also behind pointers.
func TestListsWithinListsAreFilled(t *testing.T) {
	t.Parallel()
	type inner struct{ List []string }
	type outer struct {
		Items []inner
		Far   *inner
	}
	got, err := filled(huma.Context(nil), "", outer{Items: []inner{{}}, Far: &inner{}})
	raw, marshalled := json.Marshal(got)
	if want := `{"Items":[{"List":[]}],"Far":{"List":[]}}`; err != nil || marshalled != nil || string(raw) != want {
		t.Errorf("%s, want %s (%v, %v)", raw, want, err, marshalled)
	}
}
