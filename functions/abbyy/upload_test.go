package abbyy_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

const document = "%PDF-1.4 text & more\r\n--x\r\n\x00\xff"

// stored returns the document of a task.
func (w *world) stored(t *testing.T, c client, id string) string {
	t.Helper()
	r, _, err := w.Blobs.Get(t.Context(), task.Ref{Application: c.id, ID: id}.UploadName())
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// form is a multipart body with the boundary b whose file has these headers.
func form(headers ...string) string {
	return "--b\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n" + document + "\r\n--b--\r\n"
}

func TestDocumentsComeInEveryForm(t *testing.T) {
	const field = "Content-Disposition: form-data; "
	for name, c := range map[string]struct{ mediaType, body string }{
		"raw without a type":           {"", document},
		"raw":                          {"application/octet-stream", document},
		"raw picture":                  {"image/tiff", document},
		"raw as curl calls it":         {"application/x-www-form-urlencoded", document},
		"raw with a type that is none": {"no type at all", document},
		"raw JSON, allegedly":          {"application/json", document},
		"multipart":                    {"multipart/form-data; boundary=b", form(field+`name="file"; filename="a.pdf"`, "Content-Type: application/pdf")},
		"another field":                {"multipart/form-data; boundary=b", form(field + `name="upload[file]"; filename="a.pdf"`)},
		"a path as field":              {"multipart/form-data; boundary=b", form(field + `name="/tmp/x/y.pdf"; filename="/tmp/x/y.pdf"`)},
		"no space in the header":       {"multipart/form-data;boundary=b", form(`Content-Disposition:form-data;name="f";filename="a.pdf"`)},
		"quoted boundary":              {`multipart/form-data; boundary="b"`, form(field + `name="f"; filename="a.pdf"`)},
		"case":                         {`Multipart/Form-Data; charset=utf-8; Boundary=b`, form(`content-disposition: FORM-DATA; NAME="f"; FILENAME="a.pdf"`)},
		"no quotes":                    {"multipart/form-data; boundary=b", form(field + `name=f; filename=a.pdf`)},
		"no quotes and spaces":         {"multipart/form-data; boundary=b", form(field + `name=my file; filename=my scan (1).pdf`)},
		"filename*":                    {"multipart/form-data; boundary=b", form(field + `name="f"; filename*=UTF-8''%e2%82%ac.pdf`)},
		"both names":                   {"multipart/form-data; boundary=b", form(field + `name="f"; filename="a.pdf"; filename*=utf-8''a.pdf`)},
		"no name at all":               {"multipart/form-data; boundary=b", form(field + `name="f"; filename=""`)},
		"base64, allegedly":            {"multipart/form-data; boundary=b", form(field+`name="f"; filename="a"`, "Content-Transfer-Encoding: binary")},
		"boundary of Java":             {"multipart/form-data; boundary=----=_Part_1_2.3", strings.ReplaceAll(form(field+`name="f"; filename="a"`), "--b", "------=_Part_1_2.3")},
		"fields before and after": {"multipart/form-data; boundary=b", "--b\r\n" + field + "name=\"language\"\r\n\r\nEnglish\r\n" +
			strings.TrimSuffix(form(field+`name="f"; filename="a"`), "--b--\r\n") + "--b\r\n" + field + "name=\"later\"\r\n\r\n1\r\n--b--\r\n"},
		"a preamble": {"multipart/form-data; boundary=b", "This is a form.\r\n" + form(field+`name="f"; filename="a"`)},
	} {
		for _, path := range []string{"/processImage", "/v2/processImage"} {
			for how, body := range map[string]io.Reader{"": strings.NewReader(c.body), ", chunked": iotest.OneByteReader(strings.NewReader(c.body))} {
				w := newWorld(t)
				app := w.client(t, access.Application{})
				rec := w.call(t, app, "POST", path, body, "Content-Type", c.mediaType)
				if rec.Code != 200 {
					t.Errorf("%s%s: status %d: %s", name, how, rec.Code, rec.Body)
					continue
				}
				if one := taskOf(t, rec); one.Status != "Queued" || w.stored(t, app, one.ID) != document {
					t.Errorf("%s%s: %+v, stored %q", name, how, one, w.stored(t, app, one.ID))
				}
			}
		}
	}
}

func TestWhatIsNoDocumentIsRefusedAsDocumented(t *testing.T) {
	const multi = "multipart/form-data; boundary=b"
	for name, c := range map[string]struct {
		mediaType, body string
		v1              int
		v2              string // code and code of the detail
	}{
		"nothing":           {"", "", 450, "InvalidArgument MissingArgument File"},
		"a form of nothing": {multi, "--b--\r\n", 450, "InvalidArgument MissingArgument File"},
		"a form without a file": {multi, "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + document + "\r\n--b--\r\n", 450,
			"InvalidArgument MissingArgument File"},
		"an empty file":          {multi, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\r\n--b--\r\n", 450, "InvalidArgument MissingArgument File"},
		"plain text":             {"", "Only text.", 551, "FileFormatUnsupported"},
		"fields without end":     {multi, strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", 101), 450, "InvalidArgument"},
		"a large field":          {multi, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("a", 65<<10), 450, "InvalidArgument"},
		"a large header":         {multi, "--b\r\nX: " + strings.Repeat("a", 65<<10), 450, "InvalidArgument"},
		"a form that breaks off": {multi, "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n%PDF-1.4 half", 450, "InvalidArgument"},
	} {
		w := newWorld(t)
		app := w.client(t, access.Application{})
		rec := w.call(t, app, "POST", "/processImage", strings.NewReader(c.body), "Content-Type", c.mediaType)
		if rec.Code != c.v1 || !strings.HasPrefix(rec.Body.String(), `<?xml version="1.0" encoding="utf-8"?><error><message language="english">`) {
			t.Errorf("%s: status %d: %s", name, rec.Code, rec.Body)
		}
		rec = w.call(t, app, "POST", "/v2/processImage", strings.NewReader(c.body), "Content-Type", c.mediaType)
		if got := refusalOf(t, rec); rec.Code != 400 || !strings.HasPrefix(got, c.v2) {
			t.Errorf("%s: status %d, %s: %s", name, rec.Code, got, rec.Body)
		}
		if blobs, err := w.Blobs.List(t.Context(), storage.Uploads+"/", "", 10); err != nil || len(blobs) > 0 {
			t.Errorf("%s: %d documents are kept, %v", name, len(blobs), err)
		}
	}
}

func TestPicturesHaveALimit(t *testing.T) {
	multi := func(n int) string {
		return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" + sized(n) + "\r\n--b--\r\n"
	}
	for name, c := range map[string]struct {
		mediaType, body string
		chunked, good   bool
	}{
		"raw at the limit":          {"", sized(picture), false, true},
		"raw above":                 {"", sized(picture + 1), false, false},
		"chunked at the limit":      {"", sized(picture), true, true},
		"chunked above":             {"", sized(picture + 1), true, false},
		"far above":                 {"", sized(50 * picture), true, false},
		"multipart at the limit":    {"multipart/form-data; boundary=b", multi(picture), false, true},
		"multipart above":           {"multipart/form-data; boundary=b", multi(picture + 1), false, false},
		"multipart chunked, above":  {"multipart/form-data; boundary=b", multi(picture + 1), true, false},
		"multipart with much after": {"multipart/form-data; boundary=b", multi(picture) + strings.Repeat("x", 200<<10), false, false},
	} {
		w := newWorld(t)
		app := w.client(t, access.Application{})
		for path, status := range map[string]int{"/processImage": 450, "/v2/processImage": 413, "/submitImage": 450, "/v2/submitImage": 413} {
			if c.good {
				status = 200
			}
			body := io.Reader(strings.NewReader(c.body))
			if c.chunked {
				body = io.MultiReader(body)
			}
			rec := w.call(t, app, "POST", path, body, "Content-Type", c.mediaType)
			if rec.Code != status || !c.good && !strings.Contains(rec.Body.String(), fmt.Sprint(picture)) {
				t.Errorf("%s to %s: status %d: %s", name, path, rec.Code, rec.Body)
			}
		}
		if c.good {
			continue
		}
		if blobs, err := w.Blobs.List(t.Context(), storage.Uploads+"/", "", 10); err != nil || len(blobs) > 0 {
			t.Errorf("%s: %d documents are kept, %v", name, len(blobs), err)
		}
	}
}

func sized(n int) string { return "%PDF-1.4" + strings.Repeat(" ", n-8) }

// Parameters come in the query, and where clients put them into the form instead they count too.
func TestFieldsOfTheFormAreParametersAndTheQueryWins(t *testing.T) {
	w := newWorld(t)
	app := w.client(t, access.Application{})
	body := "--b\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\nfrom the form\r\n" + form(`Content-Disposition: form-data; name="f"; filename="a"`)
	for query, want := range map[string]string{"": "from the form", "?description=": "from the form", "?description=from%20the%20query": "from the query"} {
		one := taskOf(t, w.call(t, app, "POST", "/processImage"+query, strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=b"))
		if one.Description != want {
			t.Errorf("%q: %+v", query, one)
		}
	}
}

// A document never stands in memory as a whole: storage gets it as it arrives.
func TestDocumentIsStreamed(t *testing.T) {
	w := newWorld(t)
	app := w.client(t, access.Application{})
	r, out := io.Pipe()
	answered := make(chan int, 1)
	go func() { answered <- w.call(t, app, "POST", "/processImage", r).Code }()
	if _, err := io.WriteString(out, sized(5000)); err != nil {
		t.Fatal(err)
	}
	if err := out.CloseWithError(io.ErrUnexpectedEOF); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != 450 {
		t.Errorf("status %d for a document that broke off", status)
	}
}
