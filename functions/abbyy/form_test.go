package abbyy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzForm reads forms of any kind. Whatever stands before the file is bounded, and nothing is read twice.
func FuzzForm(f *testing.F) {
	for _, seed := range [][2]string{
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nfile\r\n--b--"},
		{`Multipart/Form-Data;Boundary="b c"`, "--b c\nContent-Disposition: form-data; filename*=UTF-8''%\n\nfile\n--b c--"},
		{"multipart/form-data; boundary=", "--\r\n"}, {"multipart/form-data; boundary=----=_Part_1_2.3", "------=_Part_1_2.3--"}, {"", ""},
		{"multipart/form-data; boundary=b", "--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		boundary := boundaryOf(contentType)
		if boundary == "" {
			return
		}
		file, form, err := readForm(strings.NewReader(body), boundary)
		if err != nil {
			if file != nil || form != nil {
				t.Error("refused, but something is returned")
			}
			return
		}
		size := 0
		for name, values := range form {
			for _, v := range values {
				size += len(name) + len(v)
			}
		}
		if file != nil {
			content, _ := io.ReadAll(file)
			size += len(content)
		}
		if size > len(body) {
			t.Errorf("%d bytes are made of %d", size, len(body))
		}
	})
}

// FuzzRoute reads addresses of any kind: those of the native interface are never this one's.
func FuzzRoute(f *testing.F) {
	for _, seed := range []string{"/processImage", "//v2//listTasks/", "/abbyy/", "/v1/tasks", "/", "", "/ABBYY/V2/x", "/processReceipt", "/healthz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		found, ours := targetOf(path)
		lower := strings.ToLower(path)
		if ours && (strings.HasPrefix(lower, "/v1/") || lower == "/healthz" || lower == "/readyz") {
			t.Errorf("%q is taken", path)
		}
		if found.unknown == nil && (!ours || found.method.Allow(http.MethodPost) != nil) {
			t.Errorf("%q: %+v", path, found)
		}
		if route := found.route(); found.unknown != nil && route != "" {
			t.Errorf("%q is logged as %q", path, route)
		}
	})
}
