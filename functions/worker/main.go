//go:build linux && cgo

// Command lethe-worker is a worker process of the program lethe, which starts it with nothing of its own environment. It alone
// holds native code, PDFium and what parses documents; clouds, the network and secrets are lethe's. It is not for people:
//
//	lethe-worker serve FLAGS   confines itself and answers on the socket that it inherits
//	lethe-worker warm FOLDER   fills the compilation cache of PDFium
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lethe-ocr/lethe/shared/ocr/worker"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/reader"
)

func main() {
	// A worker ends with its socket, or with the server, not with a signal meant for the server: a terminal and systemd send theirs to
	// every process, and a worker that was gone before the server had ended it would be taken for one that crashed.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM)
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lethe-worker:", err)
		os.Exit(worker.ExitStatus(err))
	}
}

// version is set by the build.
var version = "devel"

var errUsage = errors.New("this program is started by lethe; run lethe instead")

// run executes a command line. A worker takes everything from it, since its environment is empty.
func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "warm":
		return reader.Warm(ctx, args[1])
	case len(args) > 0 && args[0] == "serve":
		var cfg reader.Config
		f := flag.NewFlagSet("serve", flag.ContinueOnError)
		of := f.String("of", version, "version of the program that starts it")
		f.StringVar(&cfg.Cache, "cache", "", "folder of the PDF compilation cache")
		f.StringVar(&cfg.Engine, "engine", "", "what recognises text")
		f.StringVar(&cfg.Tessdata, "tessdata", "", "folder of the language data")
		f.Int64Var(&cfg.Limits.Bytes, "max-bytes", 0, "largest document")
		f.IntVar(&cfg.Limits.Pages, "max-pages", 0, "most pages")
		f.Int64Var(&cfg.Limits.Pixels, "max-pixels", 0, "most pixels of a page")
		if err := f.Parse(args[1:]); err != nil {
			return err
		}
		if *of != version {
			return fmt.Errorf("this worker program is of version %s, and lethe of version %s: install both from one package", version, *of)
		}
		return reader.Main(ctx, worker.Socket, cfg)
	default:
		return errUsage
	}
}
