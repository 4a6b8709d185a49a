package verbs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/task"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"lethe": program}) }

// program is the client half of the command line as a process of its own.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	root := &cobra.Command{Use: "lethe", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(verbs.Client("test")...)
	root.AddCommand(verbs.Proof("test")...)
	verbs.Strict(root)
	cmd, err := root.ExecuteContextC(ctx)
	tellMemory()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lethe:", verbs.Describe(cmd, err))
	}
	os.Exit(verbs.ExitCode(err))
}

// TestScripts runs each script against a server of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	type serverKey struct{}
	of := func(ts *testscript.TestScript) *apitest.Server {
		s, _ := ts.Value(serverKey{}).(*apitest.Server)
		return s
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			tb, ok := env.T().(testing.TB)
			if !ok {
				return errors.New("no test to report to")
			}
			s := apitest.Start(tb)
			env.Values[serverKey{}] = s
			for name, value := range s.Environment() {
				env.Setenv(name, value)
			}
			env.Setenv("STORAGE", s.Storage)
			env.Setenv("SERVER", s.URL)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil // who may read every file
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				if got := exitCode(ts.Exec("lethe", args[1:]...)); got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"fail":    func(ts *testscript.TestScript, _ bool, args []string) { fail(ts, of(ts), args[0], args[1]) },
			"expire":  func(ts *testscript.TestScript, _ bool, _ []string) { of(ts).Expire() },
			"uploads": func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args[0], of(ts).Uploaded()) },
			"tasks": func(ts *testscript.TestScript, _ bool, args []string) {
				same(ts, args[1], of(ts).States()[task.State(args[0])])
			},
			"capped": func(ts *testscript.TestScript, _ bool, args []string) {
				most, err := strconv.Atoi(args[0])
				ts.Check(err)
				app, secret := of(ts).Create(access.Application{Name: "capped", Scopes: access.Scopes(), Caps: task.Caps{OpenTasks: most}})
				ts.Setenv("LETHE_APP", app)
				ts.Setenv("LETHE_SECRET", secret)
			},
			"ids":   func(ts *testscript.TestScript, _ bool, names []string) { ids(ts, of(ts), names) },
			"calls": func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args[1], len(of(ts).Calls(args[0]))) },
			"private": func(ts *testscript.TestScript, _ bool, args []string) {
				info, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				if mode := info.Mode().Perm(); mode != 0o600 {
					ts.Fatalf("%s has mode %o, want 600", args[0], mode)
				}
			},
		},
	})
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		return -1
	}
}

// ids puts the ids of the tasks, oldest first, into variables.
func ids(ts *testscript.TestScript, s *apitest.Server, names []string) {
	for i, task := range s.List()[:len(names)] {
		ts.Setenv(names[i], task.Ref.ID)
	}
}

// fail makes something go wrong so many times.
func fail(ts *testscript.TestScript, s *apitest.Server, what, times string) {
	n, err := strconv.Atoi(times)
	ts.Check(err)
	switch what {
	case "busy":
		s.Break("", n, apitest.Busy(time.Second))
	case "refused":
		s.Break("PUT /uploads/", n, apitest.Status(http.StatusForbidden))
	case "broken":
		s.Break("GET /results/", n, apitest.Half)
	case "held":
		s.Break("DELETE /v1/tasks/", n, apitest.Held)
	case "dropped":
		s.Break("POST /v1/tasks", n, apitest.Drop("retain_seconds"))
	default:
		ts.Fatalf("unknown fault %s", what)
	}
}

func same(ts *testscript.TestScript, want string, got int) {
	if strconv.Itoa(got) != want {
		ts.Fatalf("got %d, want %s", got, want)
	}
}
