package verbs_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
)

// closed is how a server answers that takes no documents.
func closed(after time.Duration) apitest.Fault {
	return apitest.Refuse(fault.New(fault.IntakeClosed, "the service accepts no documents at the moment; /readyz says why").Retry(after))
}

func TestSubmitSaysAtOnceThatItWaitsAndWhy(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	out := t.TempDir()
	for name, args := range map[string][]string{
		"one":  {"submit", path},
		"many": {"submit", "-o", out, path},
	} {
		t.Run(name, func(t *testing.T) {
			w.Break("POST /v1/tasks", 2, closed(time.Second))
			_, stderr := w.want(verbs.ExitOK, args...)
			if n := strings.Count(stderr, "waiting: the service accepts no documents at the moment"); n != 1 {
				t.Errorf("it is said %d times in %q, want once", n, stderr)
			}
		})
	}
}

func TestSubmitGivesUpOnAServerThatTakesNothing(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	for name, args := range map[string][]string{
		"one":  {"submit", path},
		"many": {"submit", "-o", t.TempDir(), path},
	} {
		t.Run(name, func(t *testing.T) {
			w.Break("POST /v1/tasks", -1, closed(time.Second))
			_, stderr := w.want(verbs.ExitBusy, append(args, "--give-up-after", "2s")...)
			if !strings.Contains(stderr, "waiting: ") || !strings.Contains(stderr, "intake_closed") || !strings.Contains(stderr, "--give-up-after") {
				t.Errorf("messages: %s", stderr)
			}
		})
	}
}

// An application that has as many tasks as it may is one of those that wait.
func TestSubmitGivesUpWhereNoMoreTasksAreAllowed(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(files(t, map[string]string{"scan.pdf": word}), "scan.pdf")
	app, secret := w.Create(access.Application{Name: "small", Scopes: access.ApplicationScopes()[:3], Caps: task.Caps{OpenTasks: 1}})
	t.Setenv("LETHE_APP", app)
	t.Setenv("LETHE_SECRET", secret)
	c, err := client.New(client.Config{URL: w.URL, Application: app, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(t.Context(), client.Settings{}, ""); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"submit", path}, {"submit", "-o", t.TempDir(), path}} {
		_, stderr := w.want(verbs.ExitBusy, append(args, "--give-up-after", "1s")...)
		if !strings.Contains(stderr, "open_tasks_exceeded") {
			t.Errorf("messages: %s", stderr)
		}
	}
	w.want(verbs.ExitUsage, "submit", "--give-up-after", "0s", path)
}
