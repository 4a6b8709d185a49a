// Package strict reads queries and JSON so that nothing of them is dropped: a name that is unknown, in another case or given
// twice is refused by name. The decoders of the standard library are more forgiving: a query with an invalid escape loses
// that parameter, a repeated key of JSON takes its last value, and keys match in any case. A setting that shortens retention
// must not silently be replaced by the default because it was misspelt.
package strict

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Query reads a query string whose parameters are all known by exactly these names. Each is given at most once and has a
// value.
func Query(raw string, known []string) (map[string]string, error) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, err := parameter(pair)
		if err != nil {
			return nil, err
		}
		_, repeated := values[name]
		switch {
		case !slices.Contains(known, name):
			return nil, fault.New(fault.BadField, "the query parameter is unknown; %s", instead(name, known)).In(Name(name))
		case repeated:
			return nil, fault.New(fault.BadField, "the query parameter is given more than once; give it once, and a list in one value with commas").In(name)
		case value == "":
			return nil, fault.New(fault.BadField, "the query parameter has no value; give it one or leave it out").In(name)
		}
		values[name] = value
	}
	return values, nil
}

// parameter decodes one name=value of a query string.
func parameter(pair string) (name, value string, err error) {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	if strings.Contains(pair, ";") {
		rawName, _, _ = strings.Cut(rawName, ";")
		return "", "", fault.New(fault.BadRequest, "the query contains a semicolon, which is not a separator; write & between parameters and %%3B for a semicolon").In(Name(rawName))
	}
	name, err = url.QueryUnescape(rawName)
	if err != nil {
		name = rawName
	} else {
		value, err = url.QueryUnescape(rawValue)
	}
	if err != nil {
		return "", "", fault.New(fault.BadRequest, "the query contains a percent sign that begins no escape; write %%25 for the sign itself").In(Name(name))
	}
	return name, value, nil
}

// instead says what to do about an unknown name.
func instead(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return "it is written " + k
		}
	}
	return "leave it out"
}

// Shape is which names a JSON value has. Its values are somebody else's to check. nil stands for any value.
type Shape struct {
	Fields map[string]*Shape // of an object
	Items  *Shape            // of a list
}

// ShapeOf returns the names that encoding/json gives a type.
func ShapeOf[T any]() *Shape { return shapeOf(reflect.TypeFor[T]()) }

func shapeOf(t reflect.Type) *Shape {
	switch {
	case t.Implements(reflect.TypeFor[json.Marshaler]()), t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return nil // a form of its own
	case t.Kind() == reflect.Slice:
		return &Shape{Items: shapeOf(t.Elem())}
	case t.Kind() == reflect.Struct:
		fields := map[string]*Shape{}
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields[name] = shapeOf(f.Type)
		}
		return &Shape{Fields: fields}
	default:
		return nil
	}
}

// deepest bounds how values are nested. Nothing of our interface comes near it.
const deepest = 32

// Names refuses a JSON text with a name that its shape does not have exactly so, or that stands twice in one object.
func Names(text []byte, shape *Shape) error {
	w := &walk{tokens: json.NewDecoder(bytes.NewReader(text))}
	w.tokens.UseNumber()
	if err := w.value(shape); err != nil {
		return err
	}
	if _, err := w.tokens.Token(); !errors.Is(err, io.EOF) {
		return notJSON()
	}
	return nil
}

func notJSON() error { return fault.New(fault.BadRequest, "the body is not valid JSON").In("body") }

// walk goes through a JSON text once.
type walk struct {
	tokens *json.Decoder
	path   []string // to the value at hand
}

func (w *walk) value(shape *Shape) error {
	token, err := w.tokens.Token()
	switch {
	case err != nil:
		return notJSON()
	case len(w.path) >= deepest:
		return fault.New(fault.BadRequest, "the body is nested more than %d levels deep; send it as described", deepest).In("body")
	case token == json.Delim('{'):
		return w.object(shape)
	case token == json.Delim('['):
		return w.list(shape)
	default:
		return nil
	}
}

func (w *walk) object(shape *Shape) error {
	seen := map[string]bool{}
	for w.tokens.More() {
		token, err := w.tokens.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return notJSON()
		}
		w.path = append(w.path, name)
		var field *Shape
		if shape != nil && shape.Fields != nil {
			if field, ok = shape.Fields[name]; !ok {
				return fault.New(fault.BadField, "the field is unknown; %s", instead(name, names(shape.Fields))).In(w.at())
			}
		}
		if seen[name] {
			return fault.New(fault.BadField, "the field is given more than once; give it once").In(w.at())
		}
		seen[name] = true
		if err := w.value(field); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	return w.end()
}

func (w *walk) list(shape *Shape) error {
	var items *Shape
	if shape != nil {
		items = shape.Items
	}
	for i := 0; w.tokens.More(); i++ {
		w.path = append(w.path, "["+strconv.Itoa(i)+"]")
		if err := w.value(items); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
	return w.end()
}

// end takes the bracket that closes an object or a list.
func (w *walk) end() error {
	if _, err := w.tokens.Token(); err != nil {
		return notJSON()
	}
	return nil
}

// at names the field at hand, such as tasks[1].languages.
func (w *walk) at() string {
	last := len(w.path) - 1
	var b strings.Builder
	for _, step := range append(slices.Clone(w.path[:last]), Name(w.path[last])) {
		if b.Len() > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return Name(b.String())
}

func names(fields map[string]*Shape) []string {
	all := make([]string, 0, len(fields))
	for name := range fields {
		all = append(all, name)
	}
	return all
}

// longestName bounds a name that is quoted in a refusal, in characters.
const longestName = 80

// Name cuts a name that a client may have made up, and makes an empty one visible.
func Name(given string) string {
	if given == "" {
		return `""`
	}
	if r := []rune(given); len(r) > longestName {
		return string(r[:longestName]) + "…"
	}
	return given
}
