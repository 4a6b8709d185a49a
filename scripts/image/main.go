// Command image makes a container image of the package, without a daemon: an OCI layout with the list of what the image is made of
// attached, and an archive that `docker load` and `podman load` take. The same inputs give the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	var from source
	var created int64
	output := flag.String("output", "dist", "folder that gets image/, the OCI layout, and lethe-image.tar, the archive")
	flag.StringVar(&from.Package, "package", "dist", "folder of stage/ and cache/, as scripts/package.sh makes them")
	flag.StringVar(&from.Bill, "bill", "dist", "folder of sbom.cdx.json and licences.txt, as scripts/sbom.sh makes them")
	flag.StringVar(&from.Authorities, "authorities", "/usr/share/ca-certificates/mozilla", "folder of certificate authorities, as Debian's package ca-certificates has them")
	flag.StringVar(&from.Revision, "revision", "", "commit that the package is made of")
	flag.Int64Var(&created, "created", 0, "its time, in seconds since 1970")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	from.Created = time.Unix(created, 0).UTC()
	err := run(ctx, from, *output)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run makes the image and says what it is called.
func run(ctx context.Context, from source, output string) error {
	said, err := exec.CommandContext(ctx, filepath.Join(from.Package, "stage", program), "version").Output()
	if err != nil {
		return fmt.Errorf("ask the program for its version: %w", err)
	}
	from.Version = strings.TrimSpace(strings.TrimPrefix(string(said), program))
	img, err := build(from)
	if err != nil {
		return err
	}
	made, err := write(img, from, output)
	if err != nil {
		return err
	}
	fmt.Printf("%s  lethe:%s  %s\n%s  %d.%d MB\n", made.layout, from.Version, made.digest, made.archive, made.size/1e6, made.size%1e6/1e5)
	return nil
}
