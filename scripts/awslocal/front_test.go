package main

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// access compares through the function URL who is let in.
func access(t *testing.T, s *stamp) {
	apitest.CompareAccess(t, apitest.Caller{T: t, Base: s.URL(), App: stamptest.Application, Key: stamptest.Secret})
}

// storm sends hostile requests through the function URL. Upload links lead to the bucket and not there.
func storm(t *testing.T, s *stamp) {
	ended := s.Submit(t, stamptest.Picture(t, 3))
	waiting := s.Create(t, "{}").ID
	s.AwaitState(t, ended, "Completed")
	n := 0
	all := slices.DeleteFunc(apitest.Requests(), func(q apitest.Request) bool {
		n++
		return q.ToLink() || !soak() && n%6 != 0 // each is two invocations
	})
	if len(all) < 50 {
		t.Errorf("only %d hostile requests", len(all))
	}
	apitest.Storm(t, apitest.Target{
		Host:          strings.TrimPrefix(s.URL(), "http://"),
		Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte(stamptest.Application+":"+stamptest.Secret)),
		Task:          waiting, Ended: ended,
		Front: func(h http.Header) bool { return h.Get("X-Amzn-ErrorType") != "" && h.Get("X-Request-Id") == "" },
	}, all)
	if strings.Contains(strings.ToLower(string(s.Log())), strings.ToLower(apitest.Marker)) {
		t.Error("the log repeats what was sent")
	}
}
