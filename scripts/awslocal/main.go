// Command awslocal runs a stamp of AWS on this machine from the Lambda package: the functions under AWS's Runtime Interface
// Emulator, emulators of S3, DynamoDB and SQS, and what the platform does between them. scripts/setup.sh aws installs what it
// needs; `make run-aws` calls it.
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
	"time"

	"github.com/lethe-ocr/lethe/scripts/awslocal/stack"
	"github.com/lethe-ocr/lethe/scripts/credentials"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "awslocal:", err)
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
	var emulators emulator.Set
	values := settings{}
	cfg := stack.Config{Emulators: &emulators, Name: "lethe-local", Settings: values, Hidden: time.Minute, Log: os.Stdout}
	flags := flag.NewFlagSet("awslocal", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "Usage: awslocal [flags] ZIP, the Lambda package")
		flags.PrintDefaults()
	}
	flags.Var(values, "set", "setting of the program, as NAME=VALUE; may be repeated")
	flags.DurationVar(&cfg.Tick, "tick", 5*time.Minute, "time between two calls of the retention function")
	flags.DurationVar(&cfg.Timeout, "timeout", 15*time.Minute, "time-out of the functions that work on documents")
	flags.IntVar(&cfg.Instances, "instances", 4, "instances of each function")
	flags.IntVar(&cfg.Copies, "copies", 1, "how often each event is sent")
	flags.IntVar(&cfg.Drop, "drop", 0, "how many of the first events are lost")
	flags.DurationVar(&cfg.Delay, "delay", 0, "time between object and event")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: awslocal [flags] ZIP, the Lambda package")
	}
	variables, err := credentials.Complete(values)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "awslocal-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // what the zip holds, in the temporary folder
	if err := stack.Unpack(flags.Arg(0), folder); err != nil {
		return err
	}
	cfg.Package = folder
	defer emulators.Close()
	s, err := stack.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Stop()
	fmt.Fprintf(os.Stderr, "awslocal: serving on %s; in another shell:\nexport LETHE_URL=%s%s\n", s.URL(), s.URL(), variables)
	<-ctx.Done()
	return nil
}
