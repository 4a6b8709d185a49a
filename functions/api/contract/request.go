package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Request is one request for an operation.
type Request struct {
	Operation Operation
	Header    http.Header
	Body      []byte

	params map[string]string // of the path
	query  url.Values
}

// target is the path and query, with a parameter's slashes and dots kept out of the path's own.
func (r *Request) target() string {
	p := r.Operation.Path
	for name, value := range r.params {
		p = strings.ReplaceAll(p, "{"+name+"}", url.PathEscape(value))
	}
	if len(r.query) > 0 {
		p += "?" + r.query.Encode()
	}
	return p
}

// plain reports whether the address is one that a router takes as it is.
func (r *Request) plain() bool {
	u, err := url.Parse(r.target())
	return err == nil && path.Clean(u.Path) == u.Path
}

// HTTP makes the request ready to be sent to a server.
func (r *Request) HTTP(ctx context.Context, server string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Operation.Method, server+r.target(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	return req, nil
}

// Fill makes a request out of values given as text: one for each parameter of the path, the query and the header, and for
// the fields of a JSON body, named by where they are and what they are called, such as query.limit.
func (o Operation) Fill(values map[string]string) *Request {
	r := &Request{Operation: o, Header: http.Header{}, params: map[string]string{}, query: url.Values{}}
	body := map[string]any{}
	for _, p := range o.Parameters() {
		value, given := values[p.In+"."+p.Name]
		switch {
		case p.In == "path":
			r.params[p.Name] = nonEmpty(value)
		case !given:
		case p.In == "query":
			r.query.Set(p.Name, value)
		case p.In == "header":
			r.Header.Set(p.Name, printable(value))
		case p.In == "body":
			body[p.Name] = typed(schemaOf(o.body("application/json").Properties[p.Name]), value)
		}
	}
	if o.body("application/json") != nil {
		r.Header.Set("Content-Type", "application/json")
		r.Body = encode(body)
	}
	return r
}

// typed reads text as the type that a schema wants, and leaves it text if it is none.
func typed(s *openapi3.Schema, value string) any {
	if s.Type == nil || s.Type.Includes("string") {
		return value
	}
	if s.Type.Includes("array") {
		items := []any{}
		for part := range strings.SplitSeq(value, ",") {
			items = append(items, typed(schemaOf(s.Items), part))
		}
		return items
	}
	var v any
	if json.Unmarshal([]byte(value), &v) != nil {
		return value
	}
	return v
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte("null") // a number that JSON does not know
	}
	return raw
}

// nonEmpty keeps a parameter of a path from making another path.
func nonEmpty(v string) string {
	if v == "" || v == "." || v == ".." {
		return "-"
	}
	return v
}

// printable drops what no header of HTTP can hold.
func printable(v string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, v))
}

// generate makes a request up: one that the description allows, or one with something wrong about it.
func (g *generator) generate(o Operation, known func(place string) string) *Request {
	r := &Request{Operation: o, Header: http.Header{}, params: map[string]string{}, query: url.Values{}}
	amiss := g.rnd.IntN(10) // 0 to 4: nothing, 5 and 6: a parameter, 7 and 8: the body, 9: something that is too much
	for _, p := range o.route.Operation.Parameters {
		g.parameter(r, p.Value, amiss == 5 || amiss == 6, known)
	}
	if mediaTypes := o.mediaTypes(); len(mediaTypes) > 0 {
		g.body(r, mediaTypes, amiss >= 7, known)
	}
	if amiss == 9 {
		g.excess(r)
	}
	return r
}

func (g *generator) parameter(r *Request, p *openapi3.Parameter, amiss bool, known func(string) string) {
	value := text(g.valid(schemaOf(p.Schema), 0))
	if v := known(place(r.Operation.Path, p.Name)); p.In == "path" && v != "" && g.chance(85) {
		value = v
	}
	if amiss && g.chance(60) {
		value = g.hostile()
	}
	switch p.In {
	case "path":
		r.params[p.Name] = nonEmpty(value)
	case "query":
		if value != "" && (p.Required || g.chance(40)) {
			r.query.Add(p.Name, value)
		}
	case "header":
		if p.Required || g.chance(40) {
			r.Header.Set(p.Name, printable(value))
		}
	}
}

// Place names where a value that exists can be sent, as Run.Known is asked for it.
func Place(o Operation, p Parameter) string {
	switch p.In {
	case "path":
		return place(o.Path, p.Name)
	case "body":
		return o.ID + "." + p.Name
	default:
		return ""
	}
}

// place names a parameter of a path by all that stands before it, such as /v1/tasks/{id}.
func place(path, name string) string {
	before, _, _ := strings.Cut(path, "{"+name+"}")
	return before + "{" + name + "}"
}

func (g *generator) body(r *Request, mediaTypes []string, amiss bool, known func(string) string) {
	mediaType := pick(g, mediaTypes)
	if slices.Contains(mediaTypes, "application/json") && g.chance(60) {
		mediaType = "application/json"
	}
	r.Header.Set("Content-Type", mediaType)
	if mediaType != "application/json" {
		r.Body = []byte("%PDF-1.7 " + Marker)
		if g.chance(20) {
			r.Body = nil
		}
		return
	}
	schema := r.Operation.body(mediaType)
	value := g.valid(schema, 0)
	fields, ok := value.(map[string]any)
	if ok {
		for _, name := range names(fields) {
			if v := known(r.Operation.ID + "." + name); v != "" && g.chance(85) {
				fields[name] = typed(schemaOf(schema.Properties[name]), v)
			}
		}
	}
	if amiss && ok {
		g.spoil(fields, schema)
	}
	r.Body = encode(value)
	if amiss {
		r.Body = g.damage(r.Body)
	}
}

// spoil makes one field wrong, leaves one out or adds one.
func (g *generator) spoil(fields map[string]any, s *openapi3.Schema) {
	all := names(s.Properties)
	if len(all) == 0 {
		return
	}
	switch name := pick(g, all); g.rnd.IntN(4) {
	case 0:
		delete(fields, name)
	case 1:
		fields[surplus] = Marker
	default:
		fields[name] = g.wrong(schemaOf(s.Properties[name]))
	}
}

// damage breaks the form of a JSON text, four times in ten.
func (g *generator) damage(body []byte) []byte {
	if g.chance(60) {
		return body
	}
	return pick(g, [][]byte{
		body[:g.rnd.IntN(len(body)+1)], []byte(`"` + Marker + `"`), []byte(strings.Repeat("[", 2_000) + Marker),
		append(bytes.Clone(body), "\xff\x00"+Marker...),
	})
}

// excess adds what the description does not know.
func (g *generator) excess(r *Request) {
	switch g.rnd.IntN(3) {
	case 0:
		r.query.Set(surplus, g.hostile())
	case 1:
		r.Header.Set("Content-Type", "application/"+Marker)
	default:
		for _, name := range []string{"X-Forwarded-For", "X-Request-Id", "X-Original-Url", "Origin", "Referer", "Cookie", "Accept", "If-None-Match", "Range"} {
			r.Header.Set(name, Marker)
		}
	}
}
