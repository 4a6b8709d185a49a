package verbs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/client/clienttest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"lethe": program}) }

// program is the client half of the command line as a process of its own.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	root := &cobra.Command{Use: "lethe", SilenceErrors: true, SilenceUsage: true}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return verbs.Usage(err) })
	root.AddCommand(verbs.Client("test")...)
	root.AddCommand(verbs.Proof("test")...)
	err := root.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lethe:", verbs.Message(err))
	}
	os.Exit(verbs.ExitCode(err))
}

// TestScripts runs each script against a server of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	type serverKey struct{}
	of := func(ts *testscript.TestScript) *clienttest.Server {
		s, _ := ts.Value(serverKey{}).(*clienttest.Server)
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
			s := clienttest.Start(tb)
			env.Values[serverKey{}] = s
			for name, value := range environment(s) {
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
			"uploads": func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args[0], of(ts).Uploads()) },
			"tasks":   func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args[1], of(ts).Tasks()[args[0]]) },
			"calls":   func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args[1], len(of(ts).Calls(args[0]))) },
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

func environment(s *clienttest.Server) map[string]string {
	return map[string]string{"LETHE_URL": s.URL, "LETHE_APP": clienttest.Application, "LETHE_SECRET": clienttest.Secret}
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

// fail makes something go wrong so many times.
func fail(ts *testscript.TestScript, s *clienttest.Server, what, times string) {
	n, err := strconv.Atoi(times)
	ts.Check(err)
	s.Fail(func(f *clienttest.Faults) {
		f.RetryAfter = time.Second
		switch what {
		case "busy":
			f.Busy = n
		case "refused":
			f.Refused = n
		case "broken":
			f.Broken = n
		case "held":
			f.Held = n
		case "full":
			f.Full = n
		case "lax":
			f.Lax = n > 0
		default:
			ts.Fatalf("unknown fault %s", what)
		}
	})
}

func same(ts *testscript.TestScript, want string, got int) {
	if strconv.Itoa(got) != want {
		ts.Fatalf("got %d, want %s", got, want)
	}
}
