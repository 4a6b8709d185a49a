package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
)

const result = "0123456789abcdefghij"

// piecewise answers requests for a result: each is handled by the next of the functions, the last of them for ever.
func piecewise(t *testing.T, answers ...func(w http.ResponseWriter, r *http.Request)) (c *client.Client, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers[min(len(*asked), len(answers)-1)]
		*asked = append(*asked, r.Header.Get("Range")+" "+r.Header.Get("If-Range"))
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return dial(t, client.Config{URL: server.URL, Application: "a", Secret: "s"}), asked
}

// part answers with at most so many bytes of the range that is asked for. The end is clean, as that of an answer which something on the
// way cuts off can be: in chunks, and nothing but the range tells that it is not whole.
func part(most int, tag string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		var first int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first); err != nil {
			first = 0
		}
		w.Header().Set("Etag", tag)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(result)-1, len(result)))
		w.WriteHeader(http.StatusPartialContent)
		_ = http.NewResponseController(w).Flush() // so that it has no length
		_, _ = io.WriteString(w, result[first:min(len(result), first+most)])
	}
}

// broken is part with the connection closed at its end.
func broken(most int, tag string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		part(most, tag)(w, r)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func whole(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, result) }

func TestTransferGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]func(http.ResponseWriter, *http.Request){
		"one answer":              {part(100, `"v"`)},
		"server without ranges":   {whole},
		"broken once":             {broken(7, `"v"`), part(100, `"v"`)},
		"cut off in every answer": {part(3, `"v"`)},
		"nothing came, then all":  {broken(7, `"v"`), broken(0, `"v"`), part(100, `"v"`)},
	} {
		c, asked := piecewise(t, answers...)
		var got bytes.Buffer
		n, err := c.Fetch(t.Context(), "task-001", "txt", &got)
		if err != nil || got.String() != result || n != int64(len(result)) {
			t.Errorf("%s: %d bytes, %q, %v after %q", name, n, got.String(), err, *asked)
		}
		at := 0
		for _, asked := range *asked {
			var next int
			if _, err := fmt.Sscanf(asked, "bytes=%d-", &next); err != nil || next < at || next > 0 && !strings.HasSuffix(asked, ` "v"`) {
				t.Errorf("%s: asked for %q after byte %d", name, asked, at)
			}
			at = next
		}
	}
}

func TestTransferThatCannotGoOnEndsWithAnError(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]func(http.ResponseWriter, *http.Request){
		"another version":     {broken(7, `"v"`), part(100, `"w"`)},
		"the whole once more": {broken(7, `"v"`), whole},
		"another place":       {broken(7, `"v"`), func(w http.ResponseWriter, r *http.Request) { r.Header.Del("Range"); part(100, `"v"`)(w, r) }},
		"no version":          {broken(7, "")},
		"weak version":        {broken(7, `W/"v"`)},
		"nothing ever comes":  {broken(7, `"v"`), broken(0, `"v"`)},
		"less than announced": {part(7, "")},
		"a result that is off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/20")
			w.WriteHeader(206)
		}},
	} {
		c, asked := piecewise(t, answers...)
		var got bytes.Buffer
		n, err := c.Fetch(t.Context(), "task-001", "txt", &got)
		if !errors.Is(err, client.ErrUnreachable) || n != int64(got.Len()) || !strings.HasPrefix(result, got.String()) || len(*asked) > 5 {
			t.Errorf("%s: %d bytes, %q, %v after %q", name, n, got.String(), err, *asked)
		}
	}
}

// Storage behind a link has its own way to say that there is nothing to have a range of.
func TestEmptyResultBehindALinkIsFetched(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", "bytes */0")
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(0))
	}))
	t.Cleanup(storage.Close)
	c, _ := piecewise(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, storage.URL, http.StatusSeeOther) })
	if n, err := c.Fetch(t.Context(), "task-001", "txt", io.Discard); n != 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestTransferThroughALinkGoesOnThroughAFreshOne(t *testing.T) {
	t.Parallel()
	links := 0
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("link") == "1" {
			broken(7, `"v"`)(w, r)
		}
		part(100, `"v"`)(w, r)
	}))
	t.Cleanup(storage.Close)
	c, _ := piecewise(t, func(w http.ResponseWriter, r *http.Request) {
		links++
		http.Redirect(w, r, storage.URL+"?link="+strconv.Itoa(links), http.StatusSeeOther)
	})
	var got bytes.Buffer
	if _, err := c.Fetch(t.Context(), "task-001", "txt", &got); err != nil || got.String() != result || links != 2 {
		t.Errorf("%q over %d links, %v", got.String(), links, err)
	}
}
