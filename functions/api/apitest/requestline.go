package apitest

import (
	"encoding/base64"
	"strings"
)

// mediaTypes are bodies of a type that is not what they are, or is none.
func mediaTypes() []Request {
	r := requests{name: "media type"}
	typed := func(name, contentType, body string, status ...int) {
		r.add(name, call("POST", "/v1/tasks", body, "Content-Type:"+contentType), status...)
	}
	typed("form", " application/x-www-form-urlencoded", "profile="+Marker, 415)
	typed("form of parts", " multipart/form-data; boundary=a", "--a\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"+Marker+"\r\n--a--\r\n", 415)
	typed("text", " text/plain", Marker, 415)
	typed("XML", " application/xml", "<a>"+Marker+"</a>", 415)
	typed("CBOR", " application/cbor", "\xa1gprofile"+Marker, 415, 400, 422)
	typed("SVG", " image/svg+xml", "<svg/>", 415)
	typed("none", "", "{]"+Marker, 400, 415)
	typed("a semicolon", " ;", "{}", 415, 201)
	typed("a slash", " /", "{}", 415)
	typed("10,000 letters", " application/"+strings.Repeat("x", 10_000)+Marker, "{}", 415)
	typed("a parameter that is cut off", " application/json; charset=\"", "{}", 415, 201)
	typed("a patch", " application/json-patch+json", "[]", 415, 422, 400)
	typed("two at once", " application/json, application/pdf", "{}", 415, 400)
	typed("wild", " */*", "{}", 415)
	typed("document that is an executable, in capitals", " APPLICATION/PDF; a="+Marker, "MZ"+Marker, 201)
	typed("document of no bytes", " application/pdf", "", 201, 422, 400)
	r.add("packed body", call("POST", "/v1/tasks", "\x1f\x8b\x08\x00"+noise(100), "Content-Encoding: gzip"), 400, 415)
	r.add("document for a batch", call("POST", "/v1/tasks:batch", "%PDF-1.7", "Content-Type: application/pdf"), 415)
	for _, q := range []string{"password=" + Marker, "languages=" + Marker, "formats=" + Marker, "retain_seconds=" + Marker, "delete_on_fetch=" + Marker, "profile=" + Marker, "on_page_error=" + Marker, "langs=" + Marker} {
		name, _, _ := strings.Cut(q, "=")
		r.add("document with a wrong "+name, call("POST", "/v1/tasks?"+q, "%PDF-1.7", "Content-Type: application/pdf"), 422)
	}
	r.add("answer asked for as XML", call("GET", "/v1/capabilities", "", "Accept: application/xml;q=1,"+Marker+";q=0"), 200, 406)
	return r.all
}

// methods are methods that an address does not take, or that nobody takes.
func methods() []Request {
	r := requests{name: "method"}
	for _, m := range []string{"PUT", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "get", "LETHE" + Marker, strings.Repeat("M", 5_000)} {
		name := m
		if len(name) > 20 {
			name = name[:20]
		}
		r.add(strings.ReplaceAll(name, Marker, " with a marker")+" of the tasks", call(m, "/v1/tasks", ""), 405, 404)
	}
	r.add("POST of a task", call("POST", "/v1/tasks/{task}", "{}"), 405, 404)
	r.add("DELETE of all tasks", call("DELETE", "/v1/tasks", ""), 405)
	r.add("DELETE of the description", call("DELETE", "/v1/openapi.json", ""), 405)
	r.add("CONNECT", call("CONNECT", Marker+":443", ""), 400, 404, 405)
	r.add("GET of the batch", call("GET", "/v1/tasks:batch", ""), 404, 405)
	r.add("method in a header", call("GET", "/v1/tasks/{ended}/upload-link", "", "X-HTTP-Method-Override: DELETE", "X-Marker: "+Marker), 405, 404)
	r.add("address in a header", call("GET", "/"+Marker, "", "X-Original-URL: /v1/tasks", "X-Rewrite-URL: /v1/tasks"), 404)
	r.add("POST to an upload link", call("POST", "{upload}", "%PDF"), 403)
	r.add("DELETE of an upload link", call("DELETE", "{upload}", ""), 403)
	return r.all
}

// paths are addresses that lead elsewhere, or are written in a way that readers take for different things.
func paths() []Request {
	r := requests{name: "path"}
	// Some are no address at all for the HTTP library: it answers 400 by itself.
	for _, p := range []string{
		"/v1/tasks/../../etc/passwd", "/v1/tasks/%2e%2e/%2e%2e/etc/passwd", "/v1/tasks/..%2f..%2fetc%2fpasswd", "/v1/tasks/..%5c..%5c" + Marker,
		"/v1/tasks/%252e%252e%252f" + Marker, "/v1/tasks/%c0%ae%c0%ae/" + Marker, "/v1/tasks/....//" + Marker, "//" + Marker + "/v1/tasks", "///" + Marker,
		"/./v1/tasks", "/v1//tasks/" + Marker, "/v1/tasks/;a=" + Marker, "/v1;/tasks", "/v1/tasks/%00", "/v1/tasks/" + Marker + "%00.pdf", "/v1/tasks/%0d%0aX-Injected:" + Marker,
		"/v1/tasks/%ff%fe", "/V1/TASKS", "/v1/tasks/", "/v1/tasks/%20", "/" + Marker, "/.git/config", "/.env", "/metrics/" + Marker, "/actuator", "/debug/pprof/", "/admin/" + Marker, "/%2f%2f" + Marker,
		"/v1/tasks/" + strings.Repeat("a/", 2_000), "/" + strings.Repeat("%41", 3_000), "/v1/tasks/" + strings.Repeat("x", 20_000), "/ephemeral/../v1/tasks/" + Marker,
	} {
		name := p
		if len(name) > 50 {
			name = name[:50] + "…"
		}
		r.add(strings.ReplaceAll(name, Marker, "(marker)"), call("GET", p, ""), 404)
	}
	for _, p := range []string{"/v1/tasks/%zz" + Marker, "/v1/tasks/%", "v1/tasks", "http://[::1/" + Marker, "/ /" + Marker, "http:///" + Marker + "%"} {
		r.add("no address "+strings.ReplaceAll(p, Marker, "(marker)"), call("GET", p, ""), 400, 404).Plain = true
	}
	r.add("another server's address", call("GET", "http://"+Marker+".example/v1/nothing", ""), 404)
	r.add("a star", call("GET", "*", ""), 400, 404)
	for name, id := range map[string]string{
		"a word": Marker, "-1": "-1", "a quote": "'%20OR%20'1'='1", "nil": "00000000-0000-0000-0000-000000000000",
		"version 4": "7f0c1c0e-52a5-4c8f-9a30-2d2c6d0fb6a1", "braces": "%7B0199f0a0-0000-7000-8000-000000000000%7D", "no dashes": "0199f0a000007000800000000000000a",
		"a name": "urn:uuid:0199f0a0-0000-7000-8000-000000000000", "a year far away": "ffffffff-ffff-7fff-bfff-ffffffffffff", "the first": "00000000-0000-7000-8000-000000000000",
		"5,000 letters": strings.Repeat("f", 5_000), "other letters": "%D0%B0%D0%B1%D0%B2", "a template": "%7Bid%7D", "a fraction": "1%2F2", "a wild card": "%25",
	} {
		r.add("id that is "+name, call("GET", "/v1/tasks/"+id, ""), 404)
		r.add("erasing an id that is "+name, call("DELETE", "/v1/tasks/"+id, ""), 404)
	}
	for _, f := range []string{"exe", "TXT", "..", "%2e%2e%2ftxt", "txt%00", Marker, "txt.pdf"} {
		r.add("result "+strings.ReplaceAll(f, Marker, "(marker)"), call("GET", "/v1/tasks/{ended}/results/"+f, ""), 404)
	}
	for _, q := range []string{"t=1.a&t=2.b", "t=1.a&retain_seconds=60", "T=1.a", "t=1.a;a=b", "t=%zz"} {
		r.add("query of a link "+q, call("PUT", "/blobs/uploads/1?"+q, Marker), 400, 422)
	}
	for _, p := range []string{
		"/blobs/", "/blobs/" + Marker, "/blobs/uploads/../../records.db?t=" + Marker, "/blobs/..%2f..%2fetc%2fpasswd?t=1.a", "/blobs/uploads/2026010100/a/b/1?t=" + Marker,
		"/blobs/uploads/1?t=-1." + Marker, "/blobs/uploads/1?t=zzzzzzzzzzzzzzzzzzzzzz.a", "/blobs/uploads/1?t=.", "/blobs/%00?t=1.a", "/blobs/uploads/1?t=" + strings.Repeat("9", 9_000),
	} {
		name := p
		if len(name) > 50 {
			name = name[:50] + "…"
		}
		name = strings.ReplaceAll(name, Marker, "(marker)")
		r.add("GET of a link "+name, call("GET", p, ""), 403, 404)
		r.add("PUT to a link "+name, call("PUT", p, Marker), 403, 404, 400)
	}
	r.add("GET of an upload link", call("GET", "{upload}", ""), 403)
	r.add("upload link with another name", call("PUT", "/blobs/uploads/"+Marker+"{upload}", "%PDF"), 403, 404)
	sortRequests(r.all)
	return r.all
}

// queries are parameters that are unknown, of the wrong form, or too many.
func queries() []Request {
	r := requests{name: "query"}
	list := func(name, query string, status ...int) { r.add(name, call("GET", "/v1/tasks?"+query, ""), status...) }
	for _, q := range []string{
		"limit=0", "limit=-1", "limit=1001", "limit=1e3", "limit=0x10", "limit=NaN", "limit=%00", "limit=99999999999999999999", "limit=" + Marker, "limit=1&limit=" + Marker,
		"state=" + Marker, "state=completed", "state=Completed%00", "state[]=Completed", "page=" + Marker, "$where=" + Marker, "limit[$gt]=1", "state=Completed&state=" + Marker,
	} {
		list(strings.ReplaceAll(q, Marker, "(marker)"), q, 422, 200)
	}
	list("after a word", "after="+Marker, 422, 200, 404)
	list("after a way up", "after=../../"+Marker, 422, 200, 404)
	list("after 20,000 letters", "after="+strings.Repeat("a", 20_000), 422, 200, 404)
	list("nothing but signs", "&&&&====&&&%26", 422, 200)
	list("semicolons", "limit=1;state="+Marker, 422, 200, 400)
	list("half an escape", "limit=%zz"+Marker, 422, 200, 400)
	list("3,000 parameters", strings.Repeat("a=b&", 3_000), 422)
	list("a name of 20,000 letters", strings.Repeat("n", 20_000)+"=1", 422)
	list("a script", "limit=<script>"+Marker+"</script>", 422)
	r.add("parameter for a health check", call("GET", "/healthz?a="+Marker, ""), 422, 200)
	r.add("stream of a word", call("GET", "/v1/tasks/{ended}/results/txt?stream="+Marker, ""), 422)
	return r.all
}

// credentials are headers that are none, or not those of anybody. Many wrong ones are answered with 429.
func credentials() []Request {
	r := requests{name: "credentials"}
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range [][2]string{
		{"none", ""}, {"bearer", " Bearer " + Marker}, {"nothing after the scheme", " Basic"}, {"no base 64", " Basic !!!" + Marker}, {"no colon", " " + basic(Marker)},
		{"colons only", " " + basic(":::")}, {"NUL bytes", " " + basic("\x00:\x00")}, {"invalid UTF-8", " " + basic("\xff:\xfe")},
		{"20,000 letters", " " + basic(strings.Repeat("a", 15_000)+":"+Marker)}, {"a way up", " " + basic("../../admin:"+Marker)}, {"a separator of keys", " " + basic("a!20260101:"+Marker)},
		{"digest", ` Digest username="` + Marker + `", uri="/"`}, {"negotiation", " Negotiate " + Marker}, {"somebody", " " + basic("admin:admin")},
	} {
		r.add(c[0], call("GET", "/v1/tasks", "", "Authorization:"+c[1]), 401, 429)
	}
	r.add("two, first wrong", func(t Target) string {
		return strings.Replace(call("GET", "/v1/nothing", "")(t), "Authorization:", "Authorization: Basic "+Marker+"\r\nAuthorization:", 1)
	}, 404)
	r.add("in the address", call("GET", "http://"+Marker+":a@{host}/v1/tasks", "", "Authorization:"), 401, 429)
	return r.all
}
