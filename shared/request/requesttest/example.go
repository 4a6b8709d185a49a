// Package requesttest has an example of every setting, for tests that API, client and command line take all of them.
package requesttest

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/request"
)

// Example returns a setting's value as a text, made from its description: no default, and one that services take.
func Example(t testing.TB, f request.Setting) string {
	t.Helper()
	var tags reflect.StructTag
	for field := range reflect.TypeFor[request.Settings]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name == f.Name {
			tags = field.Tag
		}
	}
	switch f.Place(&request.Settings{}).(type) {
	case *[]string:
		var values []string
		if err := json.Unmarshal([]byte(tags.Get("example")), &values); err != nil || len(values) == 0 {
			t.Fatalf("%s is a list without an example", f.Name)
		}
		return strings.Join(values, ",")
	case *string:
		return cmp.Or(tags.Get("example"), "example")
	case *request.Seconds:
		return "60"
	case *request.Bytes:
		return "4"
	case *request.Percent:
		return "87.5"
	case **bool:
		return "true"
	default:
		t.Fatalf("%s has a kind that nothing reads", f.Name)
		return ""
	}
}

// Only returns settings of which one is given.
func Only(t testing.TB, f request.Setting) (s request.Settings) {
	t.Helper()
	if err := f.Parse(&s, Example(t, f)); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return s
}
