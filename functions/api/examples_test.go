package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Every request and every answer has an example, and each is one that its schema allows. What the server really answers,
// TestEveryAnswerKeepsToTheDescription holds against the same schemas.
func TestEveryRequestAndAnswerHasAnExampleThatIsAllowed(t *testing.T) {
	w := newWorld()
	doc, err := openapi3.NewLoader().LoadFromData(w.call(t, client{}, "GET", "/v1/openapi.json", "").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	check := func(where string, content openapi3.Content) {
		for mediaType, m := range content {
			if len(m.Examples) == 0 {
				t.Errorf("%s has no example of %s", where, mediaType)
			}
			for name, e := range m.Examples {
				if count++; m.Schema == nil {
					continue // bytes
				}
				if err := m.Schema.Value.VisitJSON(e.Value.Value); err != nil {
					t.Errorf("%s: %s of %s: %v", where, name, mediaType, err)
				}
				unknown(t, where+" "+name, e.Value.Value, m.Schema.Value)
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody != nil {
				check(method+" "+path, op.RequestBody.Value.Content)
			}
			for status, r := range op.Responses.Map() {
				check(method+" "+path+" "+status, r.Value.Content)
			}
		}
	}
	t.Logf("%d examples", count)
}

// unknown complains of what an example has and its schema does not name.
func unknown(t *testing.T, where string, v any, s *openapi3.Schema) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if s.Items != nil {
				unknown(t, where, item, s.Items.Value)
			}
		}
	case map[string]any:
		for name, field := range v {
			switch p := s.Properties[name]; {
			case p != nil:
				unknown(t, where, field, p.Value)
			case len(s.Properties) > 0:
				t.Errorf("%s: %s is not described", where, name)
			}
		}
	}
}
