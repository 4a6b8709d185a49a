//go:build linux && cgo

package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// clockPath moves the clock of an ephemeral server: POST {"advance": "47h"}. The answer contains the time after the sweep and
// the full pass that follow.
const clockPath = "/ephemeral/clock"

// withClock adds the clock to a handler. It is open to everybody who reaches the port: the server is somebody's test.
func (m *machine) withClock(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != clockPath {
			next.ServeHTTP(w, r)
			return
		}
		var in struct {
			Advance string `json:"advance"`
		}
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err == nil {
			err = errors.Join(strict.Names(text, &strict.Shape{Fields: map[string]*strict.Shape{"advance": nil}}), json.Unmarshal(text, &in))
		}
		d, parseErr := time.ParseDuration(in.Advance)
		if err != nil || parseErr != nil || d < 0 {
			httpserver.Error(m.log)(w, r, fault.New(fault.BadField, "give a duration such as 47h or 90m").In("advance"))
			return
		}
		m.kernel.advance(d)
		m.clock.Renew(r.Context())
		m.forget(m.tasks.Sweep(r.Context()))
		m.forget(m.tasks.FullPass(r.Context()))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]time.Time{"now": m.clock.Now()}) // a client that has gone does not need it
	})
}
