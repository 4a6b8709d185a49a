package abbyy_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/access"
)

func TestMethodsAreFoundHoweverTheyAreAddressed(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	const xmlType, jsonType = "text/xml; charset=utf-8", "application/json; charset=utf-8"
	for target, want := range map[string]string{
		"/listTasks":                xmlType,
		"/LISTTASKS":                xmlType,
		"//listTasks":               xmlType,
		"///listTasks/":             xmlType,
		"/abbyy/listTasks":          xmlType,
		"/abbyy//listTasks":         xmlType,
		"/listTasks?":               xmlType,
		"/v2/listFinishedTasks?":    jsonType,
		"/v2//listFinishedTasks":    jsonType,
		"//V2//listfinishedtasks":   jsonType,
		"/abbyy/v2/listTasks":       jsonType,
		"/abbyy//v2//listTasks?a=b": jsonType,
	} {
		for _, method := range []string{"GET", "POST"} {
			if strings.HasSuffix(target, "a=b") {
				continue // version 2 refuses unknown names
			}
			rec := w.call(t, c, method, target, nil)
			if rec.Code != 200 || rec.Header().Get("Content-Type") != want || rec.Header().Get("Content-Length") != strconv.Itoa(rec.Body.Len()) || rec.Header().Get("Location") != "" {
				t.Errorf("%s %s: status %d, %v", method, target, rec.Code, rec.Header())
			}
		}
	}
}

func TestWhatIsNoMethodIsNotFound(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	for target, mediaType := range map[string]string{
		"/processNothing":                "application/problem+json",
		"/":                              "application/problem+json",
		"//":                             "application/problem+json",
		"/a/listTasks":                   "application/problem+json",
		"/v1//tasks":                     "application/problem+json",
		"/processReceipt":                "text/xml; charset=utf-8",
		"//PROCESSREMOTEIMAGE":           "text/xml; charset=utf-8",
		"/abbyy/activateNewInstallation": "text/xml; charset=utf-8",
		"/abbyy":                         "text/xml; charset=utf-8",
		"/abbyy/listTasks/x":             "text/xml; charset=utf-8",
		"/v2/processPhotoId":             "application/json; charset=utf-8",
		"/v2/tasks":                      "application/json; charset=utf-8",
		"/v2/abbyy/listTasks":            "application/json; charset=utf-8",
		"/abbyy/v2/":                     "application/json; charset=utf-8",
	} {
		rec := w.call(t, c, "GET", target, nil)
		if rec.Code != 404 || rec.Header().Get("Content-Type") != mediaType || rec.Header().Get("Location") != "" {
			t.Errorf("%s: status %d, %v: %s", target, rec.Code, rec.Header(), rec.Body)
		}
	}
}

// What the root of the host has for clients of ABBYY takes nothing from the native interface.
func TestNativeInterfaceIsThereBesideIt(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	for _, path := range []string{"/v1/tasks", "/healthz", "/readyz", "/v1/openapi.json", "/v1/capabilities", "/v1/retention"} {
		native := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		r.Header.Set("Authorization", c.header)
		w.API.ServeHTTP(native, r)
		if rec := w.call(t, c, "GET", path, nil); rec.Code != native.Code || rec.Body.String() != native.Body.String() {
			t.Errorf("%s: status %d, alone %d", path, rec.Code, native.Code)
		}
	}
}

func TestVerbsAreThoseOfTheMethod(t *testing.T) {
	w := newWorld(t)
	c := w.client(t, access.Application{})
	for target, verbs := range map[string][]string{
		"/processImage": {"GET", "PUT", "DELETE", "HEAD", "OPTIONS"}, "/v2/listTasks": {"PUT", "HEAD", "OPTIONS"}, "/deleteTask": {"DELETE"},
	} {
		for _, verb := range verbs {
			rec := w.call(t, c, verb, target, nil)
			if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") == "" {
				t.Errorf("%s %s: status %d, %v", verb, target, rec.Code, rec.Header())
			}
		}
	}
}
