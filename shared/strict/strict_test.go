package strict_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// orders is a shape like those of the interface.
func orders() *strict.Shape {
	item := &strict.Shape{Fields: map[string]*strict.Shape{"formats": {Items: nil}, "retain_seconds": nil, "key": nil}}
	return &strict.Shape{Fields: map[string]*strict.Shape{"tasks": {Items: item}, "retain_seconds": nil, "rest": nil}}
}

func TestQueryIsReadWholeOrRefused(t *testing.T) {
	known := []string{"a", "retain_seconds"}
	for raw, want := range map[string]map[string]string{
		"":                    {},
		"a=1":                 {"a": "1"},
		"a=1&retain_seconds=": nil,
		"&a=1&&":              {"a": "1"},
		"a=1%3B2":             {"a": "1;2"},
		"a=x+y%20z%2B":        {"a": "x y z+"},
		"%61=1":               {"a": "1"},
		"a=1=2":               {"a": "1=2"},
		"a":                   nil,
		"a=1&a=1":             nil,
		"a=1&%61=2":           nil,
		"A=1":                 nil,
		"b=1":                 nil,
		"a=1;retain_seconds=": nil,
		"a=%":                 nil,
		"a=%2":                nil,
		"a=%zz":               nil,
		"%zz=1":               nil,
		"=1":                  nil,
		"=":                   nil,
	} {
		got, err := strict.Query(raw, known)
		if (err != nil) != (want == nil) || err == nil && !maps.Equal(got, want) {
			t.Errorf("%q: %v, %v", raw, got, err)
		}
	}
}

// FuzzQuery compares with the standard library: what is accepted holds exactly what it finds, without an error of it, and
// what it loses is refused.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "a=1&b=2", "a=60%zz", "a=1;b=2", "a=1&a=2", "A=1", "a", "%61=%31", "=", "&&a=+", "c=%00", "a=1&b=%E4", "a==", "a=1#b"} {
		f.Add(seed)
	}
	known := []string{"a", "b", "retain_seconds"}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := strict.Query(raw, known)
		want, lost := url.ParseQuery(raw)
		if err != nil {
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.Field == "" || e.Kind != fault.Invalid || len([]rune(e.Field)) > 81 {
				t.Errorf("refused with %#v", err)
			}
			return
		}
		if lost != nil || len(got) != len(want) {
			t.Fatalf("accepted %v of %v, %v", got, want, lost)
		}
		for name, values := range want {
			if len(values) != 1 || values[0] == "" || got[name] != values[0] || !slices.Contains(known, name) {
				t.Errorf("accepted %v of %v", got, want)
			}
		}
	})
}

func TestNamesAreThoseOfTheShapeAndStandOnce(t *testing.T) {
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for text, field := range map[string]string{
		`{}`: "", `[]`: "", `null`: "", ` {"retain_seconds":1} `: "", `{"tasks":[{"key":"a"},{"key":"b"}]}`: "", `{"tasks":{}}`: "",
		`{"rest":{"any":{"thing":[{"Any":1}]}}}`:             "",
		`{"retain_seconds":1,"retain_seconds":2}`:            "retain_seconds",
		`{"retain_seconds":1,"retain\u005fseconds":2}`:       "retain_seconds",
		`{"Retain_Seconds":1}`:                               "Retain_Seconds",
		`{"retain_ſeconds":1}`:                               "retain_ſeconds",
		`{"retain_seconds ":1}`:                              "retain_seconds ",
		`{"tasks":[{},{"key":1,"formats":["txt"],"key":2}]}`: "tasks[1].key",
		`{"tasks":[{},{},{"Key":1}]}`:                        "tasks[2].Key",
		`{"rest":{"a":{"b":1,"b":2}}}`:                       "rest.a.b",
		`{"rest":[[{"a":1,"a":2}]]}`:                         "rest[0][0].a",
		`{"":1}`:                                             `""`,
		`{"` + strings.Repeat("n", 500) + `":1}`:             strings.Repeat("n", 80) + "…",
		`{"rest":` + deep + `}`:                              "body",
		`{`:                                                  "body",
		`{}{}`:                                               "body",
		`{"tasks":[}`:                                        "body",
		`{"tasks":[1,]}`:                                     "body",
		``:                                                   "body",
		`{1:2}`:                                              "body",
		`nul`:                                                "body",
		`{"rest":` + strings.Repeat(`{"a":`, 20000):              "body",
		`{"rest":{"a":1},"tasks":[{"retain_seconds":1}],"x": 1}`: "x",
	} {
		err := strict.Names([]byte(text), orders())
		e, _ := errors.AsType[*fault.Error](err)
		if (err != nil) != (field != "") || err != nil && (e == nil || e.Field != field || e.Kind != fault.Invalid) {
			t.Errorf("%.60s: %v, want the field %q", text, e, field)
		}
	}
}

func TestOddlyCasedNamesAreToldTheRightOne(t *testing.T) {
	_, query := strict.Query("Retain_Seconds=1", []string{"retain_seconds"})
	for _, err := range []error{query, strict.Names([]byte(`{"RETAIN_SECONDS":1}`), orders())} {
		if e, _ := errors.AsType[*fault.Error](err); e == nil || !strings.Contains(e.Detail, "it is written retain_seconds") {
			t.Errorf("%v", err)
		}
	}
}

// FuzzNames tries texts inside objects: what is accepted is JSON whose every name the decoder finds in its place once, and
// nothing accepted stays acceptable when one of its fields stands twice.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{`1`, `{"a":1}`, `{"a":1,"a":2}`, `[{"a":1},{"a":1}]`, `{"a":{"A":1}}`, `"\ud800"`, `{"\u0061":1,"a":2}`, `[`, `]`, `1,"key":2`, "\xff", `{"a":1e999}`, `{"a\u0000":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		text := []byte(`{"rest":` + value + `}`)
		err := strict.Names(text, orders())
		if err != nil {
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.Field == "" || e.Kind != fault.Invalid {
				t.Errorf("refused with %#v", err)
			}
			return
		}
		var whole map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&whole); err != nil || decoder.More() {
			t.Fatalf("accepted what is no JSON: %v", err)
		}
		if found, kept := count(text), fields(whole); found != kept {
			t.Errorf("accepted %d names of which the decoder kept %d", found, kept)
		}
		for name := range whole {
			if !slices.Contains([]string{"rest", "tasks", "retain_seconds"}, name) {
				t.Errorf("accepted the name %q", name)
			}
		}
		if err := strict.Names(fmt.Appendf(nil, `{"rest":%s,"rest":%s}`, value, value), orders()); err == nil {
			t.Error("accepted one field twice")
		}
		if err := strict.Names(fmt.Appendf(nil, `{"tasks":[{"Key":%s}]}`, value), orders()); err == nil {
			t.Error("accepted a field in another case")
		}
	})
}

// count returns how many names a JSON text has: the colons outside of its strings.
func count(text []byte) int {
	n, inside, escaped := 0, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case inside && c == '\\':
			escaped = true
		case c == '"':
			inside = !inside
		case c == ':' && !inside:
			n++
		}
	}
	return n
}

// fields counts the names of a decoded value.
func fields(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, field := range v {
			n += 1 + fields(field)
		}
	case []any:
		for _, item := range v {
			n += fields(item)
		}
	}
	return n
}

func BenchmarkNamesOfALargeBatch(b *testing.B) {
	text := []byte(`{"tasks":[` + strings.Repeat(`{"formats":["txt","pdf"],"retain_seconds":3600,"key":"0198c0de-0000-7000-8000-000000000000"},`, 999) + `{}]}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := strict.Names(text, orders()); err != nil {
			b.Fatal(err)
		}
	}
}
