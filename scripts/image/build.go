package main

import (
	"fmt"
	"path"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// source is what an image is made of.
type source struct {
	Package     string // folder of stage and cache
	Bill        string // folder of sbom.cdx.json and licences.txt
	Authorities string // folder of certificates
	Version     string // of the program
	Revision    string // commit
	Created     time.Time
}

// What is where in the image.
const (
	program = "lethe"
	home    = "opt/lethe"
	data    = "var/lib/lethe"
	// user is nobody that a machine has, and no root: a number, by which Kubernetes knows that without looking into the image.
	user = 65532
	port = "8080"
)

// build makes the image: nothing but the package, the authorities that clients of clouds, issuers and webhooks are checked with, and
// folders for documents and for temporary files. What changes seldom is in the first layer.
func build(from source) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: from.Created}
	for _, l := range []struct {
		holds string
		files func(source) ([]entry, error)
	}{
		{"language data, certificate authorities and folders", lasting},
		{"the program", changing},
	} {
		entries, err := l.files(from)
		if err != nil {
			return nil, err
		}
		layer, err := pack(entries)
		if err != nil {
			return nil, err
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: l.holds}}); err != nil {
			return nil, fmt.Errorf("add a layer: %w", err)
		}
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created, file.Config = "linux", runtime.GOARCH, created, config(from)
	if img, err = mutate.ConfigFile(img, file); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	described, ok := mutate.Annotations(img, labels(from)).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotations make a %T of the image", described)
	}
	return described, nil
}

// config is how a container of the image runs: as a server or, with the command `lambda api` (or another function's name), as a
// function of AWS Lambda, which sets user and file system itself.
func config(from source) v1.Config {
	self := "/" + path.Join(home, program)
	id := fmt.Sprintf("%[1]d:%[1]d", user)
	return v1.Config{
		User:         id,
		Entrypoint:   []string{self},
		Cmd:          []string{"serve"},
		Env:          []string{"PATH=/" + home, "LETHE_DATA=/" + data, "LETHE_LISTEN=0.0.0.0:" + port},
		WorkingDir:   "/",
		ExposedPorts: map[string]struct{}{port + "/tcp": {}},
		Volumes:      map[string]struct{}{"/" + data: {}},
		StopSignal:   "SIGTERM",
		Labels:       labels(from),
		// Whether the process runs, not whether it takes documents: whoever starts a container anew that is not healthy would
		// interrupt erasing, which goes on while no documents are taken.
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", self, "health"}, Interval: 30 * time.Second, Timeout: 10 * time.Second, StartPeriod: time.Minute, Retries: 3,
		},
	}
}

// labels describe the image by the names that OCI gave them.
func labels(from source) map[string]string {
	const home = "https://github.com/lethe-ocr/lethe"
	of := map[string]string{
		"title":         "Lethe",
		"description":   "An OCR service that recognises documents and does not keep them",
		"version":       from.Version,
		"revision":      from.Revision,
		"created":       from.Created.Format(time.RFC3339),
		"licenses":      "Apache-2.0",
		"url":           home,
		"source":        home,
		"documentation": home + "/blob/main/infra/machine/README.md",
	}
	named := map[string]string{}
	for name, value := range of {
		named["org.opencontainers.image."+name] = value
	}
	return named
}
