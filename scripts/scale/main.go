// Command scale simulates how fast and at what cost many instances of a serverless platform read documents, and writes the page
// infra/scale.md with its plots in infra/scale: what the numbers are, what they follow from, and how far they depend on each
// assumption. A seed gives the same page each time.
//
// With -measure it measures first what the program needs on this machine, on the pages of the folder that LETHE_CORPUS names, and
// writes that to measured.json.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	seed := flag.Uint64("seed", usualSeed, "seed of everything random")
	out := flag.String("out", "infra", "folder of the page")
	again := flag.Bool("measure", false, "measure what the program needs on the pages of LETHE_CORPUS, and write scripts/scale/measured.json alone")
	bin := flag.String("bin", "bin/lethe", "the program that is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *seed, *out, *again, *bin)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// usualSeed is that of the page in the repository.
const usualSeed = 1

func run(ctx context.Context, seed uint64, out string, again bool, bin string) error {
	if again {
		return saveMeasurement(ctx, bin, os.Getenv("LETHE_CORPUS"), "scripts/scale/measured.json")
	}
	files, err := generate(seed)
	if err != nil {
		return err
	}
	return write(out, files)
}

// write writes generated files, by their names below a folder.
func write(folder string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
