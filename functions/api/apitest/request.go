package apitest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// Marker is in everything that a request makes up. No answer may hold it.
const Marker = "zQ7kestrel"

// Target is what a request is sent to.
type Target struct {
	Host          string // and port
	Authorization string // the whole value of the header
	Task          string // id of a task of the caller that waits for its document
	Ended         string // id of one that has ended
	Upload        string // path and query of the first one's upload link; empty where links lead to another server
	// Front tells by its headers whether an answer is that of something before the program, which explains in its own way.
	// It is nil where nothing is before it.
	Front func(http.Header) bool
}

// Request is one hostile request, or several on one connection.
type Request struct {
	Name   string
	Raw    func(Target) string // the bytes that are sent
	Status []int               // which answers are right; 0 is the end of the connection without one
	// Plain marks what the HTTP library refuses before the program sees it: its answer is a line of text.
	Plain bool
	// Answers is how many answers there may be at most; one unless several requests are sent.
	Answers int
	// Hangs marks a client that ends its side of the connection after the last byte, since the server would wait for more.
	Hangs bool
	// Stalls marks a request that never ends: the server has to end it.
	Stalls bool
}

// Requests returns all hostile requests. Names are unique.
func Requests() []Request {
	return slices.Concat(bodies(), fields(), mediaTypes(), methods(), paths(), queries(), credentials(), headers(), keysReused(), framing(), chunks(), protocols(), stalls())
}

// ToLink reports whether the request goes to a link, which may lead to another server.
func (q Request) ToLink() bool {
	const link = "/blobs/"
	return strings.Contains(q.Raw(Target{Upload: link}), link)
}

// requests collects requests of one kind.
type requests struct {
	name string
	all  []Request
}

func (r *requests) add(name string, raw func(Target) string, status ...int) *Request {
	r.all = append(r.all, Request{Name: r.name + ": " + name, Raw: raw, Status: status, Answers: 1})
	return &r.all[len(r.all)-1]
}

// call is a request with what every request has: host, credentials, an end of the connection, and the length of its body.
// A header that is given replaces one of these; one without a value removes it.
func call(method, path, body string, headers ...string) func(Target) string {
	return func(t Target) string {
		lines := []string{"Host: " + t.Host, "Authorization: " + t.Authorization, "Connection: close"}
		if body != "" {
			lines = append(lines, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ":")
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+":") })
			if value != "" {
				lines = append(lines, h)
			}
		}
		path := strings.NewReplacer("{task}", t.Task, "{ended}", t.Ended, "{upload}", t.Upload, "{host}", t.Host).Replace(path)
		return method + " " + path + " HTTP/1.1\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + body
	}
}

// bodies are bodies that are no JSON, or JSON that is no fun to read.
func bodies() []Request {
	r := requests{name: "body"}
	post := func(name, body string, status ...int) { r.add(name, call("POST", "/v1/tasks", body), status...) }
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	for _, c := range [][2]string{
		{"an open brace", "{"}, {"a shut brace", "}"}, {"half a word", "tru"}, {"a marker", Marker}, {"an open list", "[1,"},
		{"a key without value", `{"profile":}`}, {"a key without colon", `{"profile" "fast"}`}, {"single quotes", `{'profile':'` + Marker + `'}`},
		{"a comma too many", `{"profile":"fast",}`}, {"a comment", `{/*` + Marker + `*/}`}, {"not a number", `{"retain_seconds":NaN}`},
		{"infinity", `{"retain_seconds":-Infinity}`}, {"hexadecimal", `{"retain_seconds":0x10}`}, {"a leading zero", `{"retain_seconds":007}`},
		{"a plus", `{"retain_seconds":+7}`}, {"UTF-16", "\xff\xfe{\x00}\x00"}, {"a byte order mark", "\xef\xbb\xbf{}"}, {"NUL bytes", "\x00\x00\x00"},
		{"a NUL byte behind", "{}\x00"}, {"two objects", "{}{}"}, {"a control character", "{\"profile\":\"a\x01" + Marker + "\"}"},
		{"text without end", `{"profile":"` + Marker}, {"an escape without end", `{"profile":"\u12`}, {"an unknown escape", `{"profile":"\x41"}`},
		{"XML", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;` + Marker + `</a>`},
		{"YAML", "--- !!python/object/apply:os.system ['" + Marker + "']"}, {"60,000 open lists", strings.Repeat("[", 60_000)},
		{"noise", noise(5_000)},
	} {
		post(c[0], c[1], 400)
	}
	post("12,000 open objects", strings.Repeat(`{"a":`, 12_000), 400, 422)
	post("lists 20,000 deep", deep("[", "]", 20_000), 400, 422)
	post("objects 10,000 deep", deep(`{"a":`, "}", 1)+strings.Repeat(`{"a":`, 9_000)+"1"+strings.Repeat("}", 9_000), 400, 422)
	post("a setting that is 20,000 deep", `{"languages":`+deep("[", "]", 20_000)+`}`, 400, 422)
	post("a number of 60,000 digits", `{"retain_seconds":`+strings.Repeat("9", 60_000)+`}`, 400, 422)
	post("a number of 10^9999", `{"retain_seconds":1e9999}`, 400, 422)
	post("one byte more than the limit", `{"password":"`+strings.Repeat("x", 64<<10)+`"}`, 413)
	post("invalid UTF-8", "{\"profile\":\"\xff\xfe"+Marker+"\"}", 400, 422)
	post("half a surrogate", `{"profile":"\ud800`+Marker+`"}`, 400, 422)
	post("a key of 50,000 letters", `{"`+strings.Repeat("k", 50_000)+`":1}`, 422)
	post("10,000 keys", `{`+strings.TrimSuffix(keysOfJSON(5_000), ",")+`}`, 422)
	post("a key twice, first wrong", `{"profile":"`+Marker+`","profile":"fast"}`, 422)
	post("a key twice, then wrong", `{"profile":"fast","profile":"`+Marker+`"}`, 422)
	post("a key in capitals", `{"PROFILE":"`+Marker+`"}`, 422)
	post("a key and its capitals", `{"profile":"fast","Profile":"`+Marker+`"}`, 422)
	post("a wish twice", `{"retain_seconds":60,"retain_seconds":80000}`, 422)
	post("a wish twice, once escaped", `{"retain_seconds":60,"retain\u005fseconds":80000}`, 422)
	post("a wish of nothing", `{"retain_seconds":0}`, 422)
	post("a key with a NUL byte", `{"profile\u0000":"`+Marker+`"}`, 422)
	post("a prototype", `{"__proto__":{"profile":"`+Marker+`"}}`, 422)
	post("an empty key", `{"":"`+Marker+`"}`, 422)
	for _, body := range []string{"null", "true", "0", `""`, "[]", `"` + Marker + `"`, "[{}]"} {
		r.add("batch of "+strings.ReplaceAll(body, Marker, "a marker"), call("POST", "/v1/tasks:batch", body), 400, 422)
	}
	for _, body := range []string{"true", "0", `""`, "[]", `"` + Marker + `"`, "[{}]"} {
		post("in place of settings "+strings.ReplaceAll(body, Marker, "a marker"), body, 422)
	}
	return r.all
}

func keysOfJSON(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return b.String()
}

// fields are settings of the wrong type or beyond their limits.
func fields() []Request {
	r := requests{name: "field"}
	for _, c := range [][2]string{ // package contract tries wrong values of every field
		{"languages", `["../../../etc/passwd"]`}, {"languages", `["eng\u0000"]`}, {"languages", `["` + strings.Repeat("e", 60_000) + `"]`},
		{"languages", `[` + strings.Repeat(`"zzz",`, 9_000) + `"zzz"]`}, {"formats", `["txt/../pdf"]`}, {"profile", `"fast "`},
		{"retain_seconds", `9223372036854775808`}, {"retain_seconds", `-9223372036854775809`}, {"webhook", `"http://169.254.169.254/` + Marker + `"`},
	} {
		r.add(fmt.Sprintf("%s %.40s", c[0], strings.ReplaceAll(c[1], Marker, "a marker")), call("POST", "/v1/tasks", `{"`+c[0]+`":`+c[1]+`}`), 400, 422)
	}
	for _, c := range [][2]string{
		{"no name", `{"scopes":["read"]}`}, {"a name of 81 letters", `{"name":"` + strings.Repeat("n", 81) + `","scopes":["read"]}`},
		{"an unknown scope", `{"name":"a","scopes":["` + Marker + `"]}`}, {"no scope", `{"name":"a","scopes":[]}`},
		{"negative caps", `{"name":"a","scopes":["read"],"caps":{"open_tasks":-1}}`}, {"an expiry in words", `{"name":"a","scopes":["read"],"expires":"` + Marker + `"}`},
		{"an expiry in the past", `{"name":"a","scopes":["read"],"expires":"0000-00-00T00:00:00Z"}`},
	} {
		r.add("application with "+c[0], call("POST", "/v1/applications", c[1]), 400, 422)
	}
	r.add("grace of a century", call("POST", "/v1/applications/a/secrets", `{"grace_seconds":3153600000}`), 422)
	r.add("batch of 1,001", call("POST", "/v1/tasks:batch", `{"tasks":[`+strings.Repeat("{},", 1_000)+`{}]}`), 422)
	r.add("batch of lists", call("POST", "/v1/tasks:batch", `{"tasks":[[],[]]}`), 422)
	r.add("batch that is a map", call("POST", "/v1/tasks:batch", `{"tasks":{"0":{}}}`), 422)
	r.add("batch of 2 MiB of spaces", call("POST", "/v1/tasks:batch", strings.Repeat(" ", 2<<20+1)), 413)
	r.add("batch with a marker", call("POST", "/v1/tasks:batch", `{"tasks":[{"profile":"`+Marker+`"}]}`), 422, 200)
	return r.all
}

// noise returns n bytes that look random and are the same each time.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return string(b)
}
