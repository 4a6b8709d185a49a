// Command azurelocal runs the staged package of the function app on this machine: the real Functions host, Azurite, and a
// forwarder that stands for Event Grid. It needs Core Tools, Node and Azurite; `make run-azure` calls it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/credentials"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "azurelocal:", err)
		os.Exit(1)
	}
}

// settings collects NAME=VALUE flags.
type settings map[string]string

func (s settings) String() string { return "" }

func (s settings) Set(flag string) error {
	name, value, ok := strings.Cut(flag, "=")
	if !ok {
		return errors.New("want NAME=VALUE")
	}
	s[name] = value
	return nil
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("azurelocal", flag.ContinueOnError)
	values := settings{}
	flags.Var(values, "set", "setting of the program, as NAME=VALUE; may be repeated")
	schedule := flags.String("schedule", "", "schedule of the timers in place of the package's, six fields")
	copies := flags.Int("copies", 1, "how often each event is sent")
	drop := flags.Int("drop", 0, "how many of the first events are lost")
	delay := flags.Duration("delay", 0, "time between blob and event")
	check := flags.Bool("check", false, "say whether there is a Functions host, and end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tools := stack.FindTools(".")
	if missing := tools.MissingHost(); missing != "" || *check {
		return told(missing)
	}
	if flags.NArg() != 1 {
		return errors.New("usage: azurelocal [flags] FOLDER, the folder of the staged package")
	}

	variables, err := credentials.Complete(values)
	if err != nil {
		return err
	}
	azurite, err := stack.StartAzurite(ctx, tools)
	if err != nil {
		return err
	}
	defer azurite.Stop()
	folder, err := os.MkdirTemp("", "azurelocal-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a copy in the temporary folder
	app, err := stack.Start(ctx, stack.Config{
		Tools:    tools,
		Package:  flags.Arg(0),
		Folder:   folder,
		Storage:  azurite.ConnectionString(),
		Settings: values,
		Schedule: *schedule,
		Events:   stack.Events{Copies: *copies, Drop: *drop, Delay: *delay},
		Log:      os.Stdout,
	})
	if err != nil {
		return err
	}
	defer app.Stop()
	fmt.Fprintf(os.Stderr, "azurelocal: serving on %s; in another shell:\nexport LETHE_URL=%s%s\n", app.URL(), app.URL(), variables)
	if missing := tools.MissingExtension(); missing != "" {
		fmt.Fprintf(os.Stderr, "azurelocal: %s; without it documents are found by the retention function's timer alone\n", missing)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-app.Ended():
		return errors.New("the Functions host ended")
	}
}

// told is an error with what is missing; nil if nothing is.
func told(missing string) error {
	if missing == "" {
		return nil
	}
	return errors.New(missing)
}
