package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/strict"
)

// refuseFixed refuses the flags of what an ephemeral server chooses itself. Variables for other servers may stand beside it.
func refuseFixed(cmd *cobra.Command) error {
	for _, name := range []string{"data", "listen", "public-url", "tls-cert", "tls-key", "behind-proxy"} {
		if cmd.Flags().Changed(name) {
			return verbs.Usage(fmt.Errorf("--%s does not go with --ephemeral, which has a folder and an address on loopback, without TLS, of its own", name))
		}
	}
	return nil
}

// serveEphemeral runs a server for somebody's tests: it prints one line of JSON and leaves nothing behind.
func serveEphemeral(ctx context.Context, env environment, set config.Settings) (err error) {
	dir, remove, err := private()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	set.Data, set.Listen = dir, "127.0.0.1:0"
	set.TLSCert, set.TLSKey, set.PublicURL, set.BehindProxy = "", "", "", false
	set.Reserve = 1 // the folder dies with the server: no start of a test waits for more to be written
	ln, scheme, err := listen(ctx, set)
	if err != nil {
		return err
	}
	m, err := newMachine(ctx, set, baseOf(set, ln, scheme), slog.New(slog.NewJSONHandler(env.stderr, nil)))
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	app, secret, err := m.registry.Create(ctx, access.Application{Name: "ephemeral", Scopes: access.ApplicationScopes()}, time.Time{})
	if err == nil {
		err = json.NewEncoder(env.stdout).Encode(map[string]string{
			"url": m.base, "app": app.ID, "secret": secret, "clock": m.base + clockPath,
		})
	}
	if err != nil {
		return errors.Join(err, ln.Close(), m.close())
	}
	return m.run(ctx, ln, m.withClock(m.handler))
}

// private makes a folder that dies with the server.
func private() (string, func() error, error) {
	dir, err := os.MkdirTemp("", "lethe-")
	if err != nil {
		return "", nil, fmt.Errorf("make private folder: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

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

// movable is the machine's clocks, moved forward together: that is for an ephemeral server alone.
type movable struct {
	source clock.Source
	ahead  atomic.Int64
}

// read implements clock.Source.
func (m *movable) read() clock.Reading {
	r, ahead := m.source(), time.Duration(m.ahead.Load())
	r.Wall, r.Boot = r.Wall.Add(ahead), r.Boot+ahead
	return r
}

// advance lets time go by.
func (m *movable) advance(d time.Duration) { m.ahead.Add(int64(d)) }
