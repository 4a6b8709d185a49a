// Command lethe is the whole program: an OCR service that keeps no documents. The same binary serves on one machine, runs as
// custom handler of a function app or as a function of AWS Lambda, and is the command line client of a server.
// It is Go alone: what parses documents is in the worker program beside it (functions/worker).
//
// This package is the only composition root: it alone joins the domain in shared/ with drivers and triggers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// version is set by the build.
var version = "devel"

// environment is what the program sees of the outside, so that tests can run it in-process.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

func main() {
	os.Args = asFunction(os.Args)
	if err := overwriteFreed(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "lethe:", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], environment{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(verbs.ExitCode(err))
}

// run executes one command line and reports its error to people.
func run(ctx context.Context, args []string, env environment) error {
	root := newRoot(env)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !errors.Is(err, errSilent) {
		fmt.Fprintln(env.stderr, "lethe:", verbs.Describe(cmd, err))
	}
	return err
}

// errSilent marks an error that has been reported already.
var errSilent = errors.New("reported")
