package apitest

import (
	"fmt"
	"slices"
	"strings"
)

func sortRequests(all []Request) {
	slices.SortStableFunc(all, func(a, b Request) int { return strings.Compare(a.Name, b.Name) })
}

// headers are headers that are odd, too long or too many.
func headers() []Request {
	r := requests{name: "header"}
	get := func(name, header string, status ...int) *Request {
		return r.add(name, call("GET", "/v1/tasks/{ended}", "", header), status...)
	}
	get("range of bytes", "Range: bytes=0-1", 200)
	get("range without end", "Range: bytes="+strings.Repeat("0-,", 5_000), 200)
	get("range of "+"words", "Range: "+Marker, 200)
	get("version that is a word", "If-None-Match: "+Marker, 200)
	get("10,000 versions", "If-None-Match: "+strings.Repeat(`"a",`, 6_000), 200)
	get("version that is open", `If-None-Match: "`+Marker, 200)
	get("any version", "If-None-Match: *", 304, 200)
	get("time that is a word", "If-Modified-Since: "+Marker, 200)
	get("wait of 10^20 seconds", "Prefer: wait=99999999999999999999", 200)
	get("wait that is a word", "Prefer: wait="+Marker, 200)
	get("5,000 preferences", "Prefer: "+strings.Repeat("a=b;", 5_000), 200)
	get("forwarded from elsewhere", "X-Forwarded-Host: "+Marker, 200)
	get("forwarded for 127.0.0.1", "X-Forwarded-For: 127.0.0.1, "+Marker, 200)
	get("origin of another site", "Origin: https://"+Marker+".example", 200)
	get("request id of the client", "X-Request-Id: "+Marker, 200)
	get("upgrade to another protocol", "Upgrade: websocket", 200)
	get("expectation of a word", "Expect: "+Marker, 417, 200).Plain = true
	get("cookies of 20,000 letters", "Cookie: a="+strings.Repeat("c", 20_000), 200)
	get("35,000 letters", "X-Long: "+strings.Repeat("l", 38_000), 431).Plain = true
	r.add("5,000 headers", func(t Target) string {
		return strings.Replace(call("GET", "/v1/tasks/{ended}", "")(t), "\r\n\r\n", "\r\n"+strings.Repeat("X-A: b\r\n", 5_000)+"\r\n", 1)
	}, 431).Plain = true
	for _, c := range [][2]string{
		{"name with a space", "X A: b"}, {"space before the colon", "X-A : b"}, {"no colon", Marker}, {"no name", ": " + Marker}, {"NUL byte", "X-A: \x00" + Marker},
		{"bare carriage return", "X-A: a\rb" + Marker}, {"continued line", "X-A: a\r\n b" + Marker}, {"name in other letters", "X-Ä: " + Marker}, {"control character", "X-A: \x01\x7f" + Marker},
	} {
		r.add(c[0], func(t Target) string {
			return strings.Replace(call("GET", "/v1/tasks/{ended}", "")(t), "\r\n\r\n", "\r\n"+c[1]+"\r\n\r\n", 1)
		}, 400, 200).Plain = true
	}
	for _, c := range []struct {
		name, host string
		status     []int
	}{
		{"no host", "", []int{400}}, {"host of two", " a, b", []int{400, 404}}, {"host with a path", " a/" + Marker, []int{400, 404}}, {"host with a NUL byte", " a\x00b", []int{400}}, {"another host", " " + Marker + ".example", []int{404}},
	} {
		r.add(c.name, call("GET", "/v1/nothing", "", "Host:"+c.host), c.status...).Plain = true
	}
	r.add("two hosts", func(t Target) string {
		return strings.Replace(call("GET", "/v1/nothing", "")(t), "Host:", "Host: "+Marker+"\r\nHost:", 1)
	}, 400).Plain = true
	return r.all
}

// keysReused are idempotency keys that are no keys, or that come again with something else.
func keysReused() []Request {
	r := requests{name: "idempotency key"}
	keyed := func(key, body string, headers ...string) func(Target) string {
		return call("POST", "/v1/tasks", body, append(headers, "Idempotency-Key: "+key)...)
	}
	r.add("201 letters", keyed(strings.Repeat("k", 201), "{}"), 422)
	r.add("20,000 letters", keyed(strings.Repeat("k", 20_000), "{}"), 422)
	r.add("invalid UTF-8", keyed("\xff\xfe"+Marker, "{}"), 201, 422, 400).Plain = true
	r.add("a way up", keyed("../../"+Marker, "{}"), 201)
	r.add("NUL byte", keyed("a\x00b", "{}"), 400).Plain = true
	r.add("letters with a document", keyed(strings.Repeat("k", 201), "%PDF-1.7", "Content-Type: application/pdf"), 422)
	twice := func(name, key, first, second string, headers ...string) {
		q := r.add(name, func(t Target) string {
			return keyed(key, first, "Connection: keep-alive")(t) + keyed(key, second, headers...)(t)
		}, 201, 200, 422)
		q.Answers = 2
	}
	twice("again with another body", "again-1", `{"profile":"fast"}`, `{"profile":"accurate"}`)
	twice("again with a document", "again-2", `{}`, "%PDF-1.7", "Content-Type: application/pdf")
	twice("again with a wrong body", "again-3", `{}`, `{"profile":"`+Marker+`"}`)
	return r.all
}

// framing are requests whose length is in doubt. What follows them must not be taken for a request of its own.
func framing() []Request {
	r := requests{name: "length"}
	const smuggled = "GET /v1/applications?" + Marker + " HTTP/1.1\r\nHost: a\r\n\r\n"
	post := func(name, body string, status []int, headers ...string) {
		r.add(name, call("POST", "/v1/tasks", body, headers...), status...).Plain = true
	}
	bad := []int{400}
	post("negative", "{}", bad, "Content-Length: -2")
	post("with a plus", "{}", bad, "Content-Length: +2")
	post("hexadecimal", "{}", bad, "Content-Length: 0x2")
	post("of letters", "{}", bad, "Content-Length: "+Marker)
	post("2^64", "{}", bad, "Content-Length: 18446744073709551616")
	post("2^62, JSON", "{}", []int{413, 400}, "Content-Length: 4611686018427387904")
	r.all[len(r.all)-1].Hangs = true
	post("2^62, document", "%PDF", []int{413}, "Content-Type: application/pdf", "Content-Length: 4611686018427387904")
	post("twice in one", "{}", bad, "Content-Length: 2, 3")
	post("with spaces inside", "{}", bad, "Content-Length: 2 2")
	post("shorter than the body", "{}"+smuggled, []int{201}, "Content-Length: 2")
	post("of nothing before a request", smuggled, []int{201}, "Content-Length: 0")
	r.add("two of them", func(t Target) string {
		return strings.Replace(call("POST", "/v1/tasks", "{}")(t), "Content-Length: 2", "Content-Length: 2\r\nContent-Length: 9", 1)
	}, 400).Plain = true
	r.add("in a request without body", call("GET", "/v1/tasks/{ended}", smuggled), 200, 400)
	r.add("and chunks, which hold less", call("POST", "/v1/tasks", "2\r\n{}\r\n0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked"), 201, 400).Plain = true
	r.add("and chunks, which hold more", call("POST", "/v1/tasks", "0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked", "Content-Length: 4"), 201, 400).Plain = true
	r.add("upload of 2^62 bytes", call("PUT", "{upload}", "%PDF", "Content-Length: 4611686018427387904"), 413)
	for _, v := range []string{
		"xchunked", "chunked, identity", "identity, chunked", "chunked, chunked", "gzip, chunked", "\tchunked", "chunked\x00", "\"chunked\"", "CHUNKED ", Marker, "chunked;a=" + Marker,
	} {
		r.add(fmt.Sprintf("in transfer coding %q", strings.ReplaceAll(v, Marker, "a marker")),
			call("POST", "/v1/tasks", "0\r\n\r\n"+smuggled, "Content-Length:", "Transfer-Encoding: "+v), 400, 501, 201).Plain = true
	}
	r.add("in two transfer codings", func(t Target) string {
		return strings.Replace(call("POST", "/v1/tasks", "0\r\n\r\n"+smuggled, "Content-Length:", "Transfer-Encoding: chunked")(t),
			"Transfer-Encoding", "Transfer-Encoding: identity\r\nTransfer-Encoding", 1)
	}, 400, 501).Plain = true
	return r.all
}

// chunks are bodies in chunks that do not fit.
func chunks() []Request {
	r := requests{name: "chunk"}
	for _, c := range []struct {
		name, body string
		status     []int
	}{
		{"of letters", Marker + "\r\n{}\r\n0\r\n\r\n", []int{400}},
		{"negative", "-2\r\n{}\r\n0\r\n\r\n", []int{400}},
		{"2^64", "10000000000000000\r\n{}\r\n0\r\n\r\n", []int{400}},
		{"of 40 digits", strings.Repeat("0", 38) + "02\r\n{}\r\n0\r\n\r\n", []int{400, 201}},
		{"shorter than it is", "1\r\n{}\r\n0\r\n\r\n", []int{400}},
		{"without a line end", "2\r\n{}0\r\n\r\n", []int{400}},
		{"line ends of one character", "2\n{}\n0\n\n", []int{400, 201}},
		{"with an extension of 60,000 letters", "2;" + strings.Repeat("e", 60_000) + "\r\n{}\r\n0\r\n\r\n", []int{400}},
		{"20,000 of one byte", strings.Repeat("1;"+strings.Repeat("e", 40)+"\r\n \r\n", 20_000) + "0\r\n\r\n", []int{400, 413}},
		{"with a length behind", "2\r\n{}\r\n0\r\nContent-Length: 99\r\nX-A: " + Marker + "\r\n\r\n", []int{201, 400}},
		{"more than the limit", "20000\r\n" + strings.Repeat(" ", 0x20000) + "\r\n0\r\n\r\n", []int{413}},
	} {
		r.add(c.name, call("POST", "/v1/tasks", c.body, "Content-Length:", "Transfer-Encoding: chunked"), c.status...)
	}
	r.add("document of letters", call("POST", "/v1/tasks", Marker+"\r\n", "Content-Type: application/pdf", "Content-Length:", "Transfer-Encoding: chunked"), 400)
	r.add("upload of letters", call("PUT", "{upload}", Marker+"\r\n", "Content-Length:", "Transfer-Encoding: chunked"), 400)
	return r.all
}

// protocols are bytes that are no request of HTTP/1.1.
func protocols() []Request {
	r := requests{name: "protocol"}
	for _, c := range []struct {
		name, bytes string
		status      []int
	}{
		{"NUL bytes", strings.Repeat("\x00", 100) + "\r\n\r\n", []int{400}},
		{"noise", noise(3_000) + "\r\n\r\n", []int{400, 0}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(512) + "\r\n\r\n", []int{400, 0}},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", []int{505, 400, 404, 0}},
		{"HTTP/0.9", "GET /v1/tasks\r\n\r\n", []int{400}},
		{"HTTP/9.9", "GET /v1/tasks HTTP/9.9\r\nHost: a\r\n\r\n", []int{505, 400}},
		{"HTTP of letters", "GET /v1/tasks HTTP/a.b\r\nHost: a\r\n\r\n", []int{400}},
		{"small letters", "GET /v1/tasks http/1.1\r\nHost: a\r\n\r\n", []int{400}},
		{"no method", " /v1/tasks HTTP/1.1\r\nHost: a\r\n\r\n", []int{400}},
		{"method of signs", "G@T\"{} /v1/tasks HTTP/1.1\r\nHost: a\r\n\r\n", []int{400}},
		{"four words", "GET /v1/tasks " + Marker + " HTTP/1.1\r\nHost: a\r\n\r\n", []int{400}},
		{"line of 50,000 letters", "GET /" + strings.Repeat("l", 50_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", []int{431, 414, 400}},
		{"mail", "EHLO " + Marker + "\r\nMAIL FROM:<a>\r\n\r\n", []int{400}},
		{"mail server's greeting as a header", "GET / HTTP/1.1\r\n220 " + Marker + "\r\n\r\n", []int{400}},
		{"Redis", "*1\r\n$4\r\nPING\r\n\r\n", []int{400}},
		{"an answer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", []int{400}},
		{"line ends only", strings.Repeat("\r\n", 50) + "\r\n\r\n", []int{400, 0}},
	} {
		r.add(c.name, func(Target) string { return c.bytes }, c.status...).Plain = true
	}
	old := func(t Target) string {
		return strings.Replace(call("POST", "/v1/tasks", "0\r\n\r\n", "Content-Length:", "Transfer-Encoding: chunked")(t), "HTTP/1.1", "HTTP/1.0", 1)
	}
	r.add("HTTP/1.0 with chunks", old, 201, 400, 501).Plain = true
	return r.all
}

// stalls are requests that stop and wait.
func stalls() []Request {
	r := requests{name: "stall"}
	add := func(name string, raw func(Target) string, status ...int) {
		q := r.add(name, raw, status...)
		q.Stalls, q.Plain = true, true
	}
	cutOff := func(n int, raw func(Target) string) func(Target) string {
		return func(t Target) string { s := raw(t); return s[:len(s)-n] }
	}
	add("after nothing", func(Target) string { return "" }, 0, 408)
	add("in the first line", func(Target) string { return "GET /v1/tas" }, 0, 408, 400)
	add("in a header", func(Target) string { return "GET /v1/tasks HTTP/1.1\r\nHost: a\r\nX-A: " + Marker }, 0, 408, 400)
	add("before a body", cutOff(2, call("POST", "/v1/tasks", "{}")), 408, 400)
	add("in a body", cutOff(5, call("POST", "/v1/tasks", `{"profile":"`+Marker+`"}`)), 408, 400)
	add("in a chunk", cutOff(9, call("POST", "/v1/tasks", "5\r\n[[[[[\r\n0\r\n\r\n", "Content-Length:", "Transfer-Encoding: chunked")), 408, 400)
	add("in a document", cutOff(2_000, call("POST", "/v1/tasks", "\x89PNG\r\n\x1a\n"+noise(2_000), "Content-Type: image/png")), 408, 400, 0)
	add("in an upload", cutOff(2_000, call("PUT", "{upload}", "\x89PNG\r\n\x1a\n"+noise(2_000))), 408, 400, 0)
	add("in a batch", cutOff(9, call("POST", "/v1/tasks:batch", `{"tasks":[{},{},{}]}`)), 408, 400)
	return r.all
}
