package abbyytest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
)

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// bodies are sent in every form that clients use: each is the same picture.
func (c *client) bodies() {
	part := func(head string) []byte {
		return fmt.Appendf(nil, "--b1\r\n%s\r\n\r\n%s\r\n--b1--\r\n", head, c.Picture)
	}
	field := "--b1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nnot the file\r\n"
	const multipart = "multipart/form-data; boundary=b1"
	for name, form := range map[string]struct {
		mediaType string
		body      []byte
		chunked   bool
	}{
		"raw without a type":             {"", c.Picture, false},
		"raw bytes":                      {"application/octet-stream", c.Picture, false},
		"raw with its type":              {c.MediaType, c.Picture, false},
		"raw as curl sends it":           {"application/x-www-form-urlencoded", c.Picture, false},
		"raw in chunks":                  {"application/octet-stream", c.Picture, true},
		"part":                           {multipart, part("Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png"), false},
		"part in chunks":                 {multipart, part("Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png"), true},
		"part without a type":            {multipart, part("Content-Disposition: form-data; name=\"upload[file]\"; filename=\"C:\\dir\\a.png\""), false},
		"part without spaces":            {"multipart/form-data;boundary=b1", part("Content-Disposition:form-data;name=\"my_file\";filename=\"a.png\""), false},
		"part with an unquoted name":     {multipart, part("Content-Disposition: form-data; name=file; filename=a.png; filename*=utf-8''a.png"), false},
		"part with a quoted boundary":    {`multipart/form-data; boundary="b1"`, part("Content-Disposition: form-data; name=\"scans/a b.png\"; filename=\"scans/a b.png\""), false},
		"part after a field of the form": {multipart, append([]byte(field), part("Content-Disposition: form-data; name=\"f\"; filename=\"a.png\"")...), false},
	} {
		r := request{
			verb: http.MethodPost, method: "submitImage", header: map[string]string{"Content-Type": form.mediaType},
			body: bytes.NewReader(form.body), length: int64(len(form.body)),
		}
		if form.chunked {
			r.body, r.length = io.MultiReader(bytes.NewReader(form.body)), -1
		}
		t := c.one(r, "Submitted")
		if c.Word == "" {
			continue
		}
		c.one(c.changing("processDocument?exportFormat=txt&taskId="+t.ID), "Queued")
		if text := c.text(c.ended(t.ID, "Completed")); !strings.Contains(text, c.Word) {
			c.t.Errorf("%s: what was sent reads %q, want %s", name, text, c.Word)
		}
	}
	r := c.upload("submitImage")
	r.header = map[string]string{"Expect": "100-continue"}
	c.one(r, "Submitted")
}

// text returns the text of a task that asked for txt.
func (c *client) text(t Task) string {
	c.t.Helper()
	_, _, body := c.fetch(http.MethodGet, t.Links[0], nil)
	return strings.TrimPrefix(string(body), "\uFEFF")
}

// fetch follows a link as somebody who has nothing but the link.
func (c *client) fetch(verb, link string, header map[string]string) (int, http.Header, []byte) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), verb, link, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range header {
		q.Header.Set(name, value)
	}
	return c.round(q)
}

// formats are all that there are, each with the beginning and the media type of its result.
func (c *client) formats() {
	for _, group := range []struct{ method, names string }{
		{"processImage", "txt,txtUnstructured,rtf"}, {"processImage", "docx,xlsx,pptx"}, {"processImage", "pdfSearchable,pdfTextAndImages,pdfa"},
		{"processImage", "xml,xmlForCorrectedImage,alto"}, {"processBusinessCard", "vCard"}, {"processBusinessCard", "csv"}, {"processBusinessCard", "xml"},
	} {
		c.part(group.method+" "+group.names, func(c *client) { c.format(group.method, group.names) })
	}
}

// format asks for formats of one task.
func (c *client) format(method, list string) {
	names := strings.Split(list, ",")
	t := c.ended(c.one(c.upload(method+"?language=english&exportFormat="+list), "Queued").ID, "Completed")
	if len(t.Links) != len(names) {
		c.t.Fatalf("%d links", len(t.Links))
	}
	for i, name := range names {
		status, header, body := c.fetch(http.MethodGet, t.Links[i], nil)
		want := expected(name)
		if name == "vCard" && len(body) == 0 {
			want.begins = "" // no card was found
		}
		if status != 200 || header.Get("Content-Type") != want.mediaType || !bytes.HasPrefix(body, []byte(want.begins)) {
			c.t.Errorf("%s: %d, %s, begins with %.40q, want %s and %q", name, status, header.Get("Content-Type"), body, want.mediaType, want.begins)
		}
	}
}

type beginning struct{ mediaType, begins string }

func expected(format string) beginning {
	const office = "application/vnd.openxmlformats-officedocument."
	switch format {
	case "txt", "txtUnstructured":
		return beginning{"text/plain", "\uFEFF"}
	case "rtf":
		return beginning{"application/rtf", `{\rtf1`}
	case "docx":
		return beginning{office + "wordprocessingml.document", "PK\x03\x04"}
	case "xlsx":
		return beginning{office + "spreadsheetml.sheet", "PK\x03\x04"}
	case "pptx":
		return beginning{office + "presentationml.presentation", "PK\x03\x04"}
	case "pdfSearchable", "pdfTextAndImages", "pdfa":
		return beginning{"application/pdf", "%PDF-"}
	case "vCard":
		return beginning{"text/vcard", "BEGIN:VCARD"}
	case "csv":
		return beginning{"text/csv", ""}
	default:
		return beginning{"application/xml", "<?xml "}
	}
}

// results are fetched as careless clients do.
func (c *client) results() {
	t := c.ended(c.one(c.upload("processImage?exportFormat=txt,pdfSearchable,xml"), "Queued").ID, "Completed")
	for _, link := range t.Links {
		status, header, body := c.fetch(http.MethodGet, link, map[string]string{"Accept-Encoding": "gzip, deflate"})
		length := fmt.Sprint(len(body))
		if status != 200 || header.Get("Content-Encoding") != "" || header.Get("Content-Length") != length {
			c.t.Errorf("GET: %d, encoded %q, %s of %s bytes", status, header.Get("Content-Encoding"), header.Get("Content-Length"), length)
		}
		head, got, rest := c.fetch(http.MethodHead, link, nil)
		if head != 200 || len(rest) != 0 || got.Get("Content-Length") != length || got.Get("Content-Type") != header.Get("Content-Type") {
			c.t.Errorf("HEAD: %d, %v, want %s bytes", head, got, length)
		}
		ranged, got, first := c.fetch(http.MethodGet, link, map[string]string{"Range": "bytes=0-3"})
		if ranged != 206 || !bytes.Equal(first, body[:min(4, len(body))]) || got.Get("Content-Range") != "bytes 0-3/"+length {
			c.t.Errorf("a range: %d, %q, %q", ranged, got.Get("Content-Range"), first)
		}
		for _, stray := range []string{"Basic " + basic(c.User, c.Password), "Basic YTpi", "Bearer x"} {
			if status, _, again := c.fetch(http.MethodGet, link, map[string]string{"Authorization": stray}); status != 200 || !bytes.Equal(again, body) {
				c.t.Errorf("with stray credentials: %d", status)
			}
		}
		if status, header, body := c.fetch(http.MethodGet, broken(link), nil); status != 404 && status != 403 || header.Get("Content-Type") != "application/xml" || !bytes.HasPrefix(body, []byte("<?xml ")) {
			c.t.Errorf("a broken link: %d, %s, %.200s", status, header.Get("Content-Type"), body)
		}
	}
	if text := c.text(t); c.Word != "" && !strings.Contains(text, c.Word) {
		c.t.Errorf("the text is %q, want %s", text, c.Word)
	}
}

// broken is a link with another letter before its last slash.
func broken(link string) string {
	i := strings.LastIndexByte(link, '/') - 2
	other := byte('A')
	if link[i] == other {
		other = 'B'
	}
	return link[:i] + string(other) + link[i+1:]
}

// fields are those of one field each, of a form, and of a machine-readable zone.
func (c *client) fields() {
	const single = `"@link"`
	for method, parts := range map[string][]string{
		"processTextField?region=-1,-1,-1,-1&letterSet=&regExp=&textType=normal,handprinted": {single, `type="text"`},
		"processBarcodeField?region=0,0,60,60&barcodeType=autodetect":                        {single},
		"processCheckmarkField?region=0,0,20,20&checkmarkType=Square":                        {single, `type="checkmark"`},
		"processMrz": {"http://ocrsdk.com/schema/captureData-1.0.xsd"},
	} {
		name, _, _ := strings.Cut(method, "?")
		c.part(name, func(c *client) { c.result(c.one(c.upload(method), "Queued"), parts...) })
	}
	c.part("processFields", (*client).form)
}

// result fetches the XML of fields, and refuses one that lacks a part.
func (c *client) result(t Task, parts ...string) {
	c.t.Helper()
	status, header, body := c.fetch(http.MethodGet, c.ended(t.ID, "Completed").Links[0], nil)
	if status != 200 || header.Get("Content-Type") != "application/xml" {
		c.t.Errorf("a field: %d, %s", status, header.Get("Content-Type"))
	}
	for _, part := range parts {
		if !bytes.Contains(body, []byte(part)) {
			c.t.Errorf("the result lacks %s: %.500s", part, body)
		}
	}
}

// form sends the settings of a form raw and as a part, and settings that refer to a file.
func (c *client) form() {
	form := `<?xml version="1.0" encoding="utf-8"?><d:document xmlns:d="http://ocrsdk.com/schema/taskDescription-1.0.xsd"><d:fieldTemplates>` +
		`<d:checkmark id="box"><d:type>square</d:type></d:checkmark></d:fieldTemplates><d:page applyTo="0">` +
		`<d:text id="the text" left="0" top="0" right="60" bottom="30"><d:language>english</d:language></d:text>` +
		`<d:checkmark id="mark" template="box" left="0" top="0" right="20" bottom="20"/></d:page></d:document>`
	for _, r := range []request{
		{body: strings.NewReader(form), length: int64(len(form))},
		{
			body: strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"form.xml\"\r\n\r\n" + form + "\r\n--b--\r\n"), length: -1,
			header: map[string]string{"Content-Type": "multipart/form-data; boundary=b"},
		},
	} {
		r.verb, r.method = http.MethodPost, "processFields?taskId="+c.one(c.upload("submitImage"), "Submitted").ID
		c.result(c.one(r, "Queued"), "http://ocrsdk.com/schema/resultDescription-1.0.xsd", `id="the text"`, `id="mark"`)
	}
	entity := `<!DOCTYPE document [<!ENTITY e SYSTEM "file:///etc/hostname">]><document><page applyTo="0"><text id="&e;"/></page></document>`
	r := request{verb: http.MethodPost, method: "processFields?taskId=" + c.one(c.upload("submitImage"), "Submitted").ID, body: strings.NewReader(entity), length: int64(len(entity))}
	c.refusedAs(r, c.refused)
}
