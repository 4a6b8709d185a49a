package main

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/telemetry"
)

// cloudPlace is what places on clouds share: storage that is another's, tells the time and has no end, and whose every look is paid
// for. wrong is what the settings lack, nil for nothing; placed says why storage may not be where they say.
func cloudPlace(set config.Settings, wrong error, c *clock.Remote, r records, placed func(context.Context) error, keys *seal.Keys, log *slog.Logger) place {
	const looks = time.Minute
	export, misled := telemetry.Configured(os.Environ())
	return place{
		export:   export,
		set:      set,
		base:     set.PublicURL,
		log:      log,
		time:     remoteClocks(c),
		records:  r,
		keys:     keys,
		streams:  task.StreamsMarked,
		stored:   1 << 40,
		looks:    looks,
		deadline: set.Deadline,
		page:     set.Page == config.PageOn,
		conditions: []condition{
			{name: "settings", holds: func(context.Context) error { return errors.Join(wrong, misled) }},
			{name: "place", life: looks, holds: placed},
			storageTakes(log, r, looks),
		},
	}
}

// unprepared logs that a step before the first event failed, unless err is nil. What needs it fails by itself, and says so.
func unprepared(ctx context.Context, log *slog.Logger, step string, err error) {
	if err != nil {
		log.ErrorContext(ctx, logevent.PrepareFailed, "step", step, "error", err)
	}
}

// keysOf are the keys that follow from the signing key of the stamp, which lies in its vault. While that is replaced, the
// previous one opens what was sealed before. Without a signing key no document is accepted, and nothing sealed.
func keysOf(set config.Settings) (*seal.Keys, error) {
	var sources [][]byte
	for _, private := range []string{set.SigningKey, set.PreviousKey} {
		if private != "" {
			sources = append(sources, []byte(strings.TrimSpace(private)))
		}
	}
	return seal.New(sources...)
}

// joinWith joins the parts of a program on a cloud with the settings of its environment, which it returns. Where these are wrong, or
// nothing can be joined with them, intake is closed and the parts are joined with what is safe: what is stored is still erased
// by the deadlines of the promise. fit fits settings to the platform.
func joinWith[T any](
	ctx context.Context, log *slog.Logger, fit func(*config.Settings), join func(set config.Settings, wrong error) (T, error),
) (T, config.Settings, error) {
	set, wrong := config.Load(fit)
	if wrong == nil {
		joined, err := join(set, nil)
		if err == nil {
			return joined, set, nil
		}
		wrong = err
	}
	log.ErrorContext(ctx, logevent.IntakeClosed, "error", wrong)
	set = config.Fallback()
	fit(&set)
	joined, err := join(set, wrong)
	if err != nil {
		log.ErrorContext(ctx, logevent.IntakeClosed, "error", err)
	}
	return joined, set, err
}

// bootstrap registers the first application of a new stamp, if the settings name one.
func (s *server) bootstrap(ctx context.Context) error {
	if s.set.BootstrapApp == "" {
		return nil
	}
	hash, err := hex.DecodeString(s.set.BootstrapHash)
	if err != nil {
		return err
	}
	return s.registry.Bootstrap(ctx, s.set.BootstrapApp, hash)
}

// packagedFolder returns a folder that the package brings along beside the program, empty if there is none.
func packagedFolder(name string) string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	folder := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return ""
	}
	return folder
}

// dated asks the store for its time before anything depends on it: the instance's own clock may be wrong.
func dated(next http.Handler, store *clock.Remote, ask func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		date(r.Context(), store, ask, log)
		next.ServeHTTP(w, r)
	})
}

// date asks the store for its time unless it is known.
func date(ctx context.Context, store *clock.Remote, ask func(context.Context) error, log *slog.Logger) {
	if store.Seen() {
		return
	}
	ctx, done := context.WithTimeout(ctx, gatePatience)
	defer done()
	if err := ask(ctx); err != nil && !store.Seen() {
		log.WarnContext(ctx, logevent.ClockUnseen, "error", err)
	}
}

// unconfigured answers clients of a program whose settings are so wrong that nothing can be joined: they get the reason, which is
// in the log and in /readyz too.
func unconfigured(log *slog.Logger, cause error) http.Handler {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, cause.Error()+"\n") // names settings, never values
			return
		}
		httpserver.Error(log)(w, r, fault.New(fault.IntakeClosed, "the service is not configured; /readyz says what is wrong").Retry(time.Minute))
	})
	return httpserver.Serve(answer, log, time.Now)
}
