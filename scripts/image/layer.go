package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is a file or folder of a layer.
type entry struct {
	name  string // in the image; a folder's ends with a slash
	mode  int64
	owner int
	from  string // file with the content, if it is not content
	text  []byte
}

// lasting is what changes seldom.
func lasting(from source) ([]entry, error) {
	authorities, err := bundle(from.Authorities)
	if err != nil {
		return nil, err
	}
	languages, err := folder(filepath.Join(from.Package, "stage", "tessdata"), path.Join(home, "tessdata"))
	if err != nil {
		return nil, err
	}
	return append(languages,
		entry{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, text: authorities}, // where Go looks first
		entry{name: "tmp/", mode: 0o1777},
		entry{name: data + "/", mode: 0o700, owner: user}, // a new volume takes this over
	), nil
}

// changing is what is another one with each version. The compilation cache belongs to root, who alone can write to it: what lies
// in it is executed.
func changing(from source) ([]entry, error) {
	stage := filepath.Join(from.Package, "stage")
	workers, err := filepath.Glob(filepath.Join(stage, "lethe-worker*"))
	if err != nil || len(workers) == 0 {
		return nil, errors.Join(fmt.Errorf("there is no worker program in %s: run make package", stage), err)
	}
	entries, err := folder(filepath.Join(from.Package, "cache"), path.Join(home, "cache"))
	if err != nil {
		return nil, err
	}
	for _, file := range append(workers, filepath.Join(stage, program)) {
		entries = append(entries, entry{name: path.Join(home, filepath.Base(file)), mode: 0o755, from: file})
	}
	return append(entries, entry{name: "usr/share/doc/lethe/licences.txt", mode: 0o644, from: filepath.Join(from.Bill, "licences.txt")}), nil
}

// folder lists the files below a folder, which may not be empty.
func folder(dir, name string) ([]entry, error) {
	var entries []entry
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		within, err := filepath.Rel(dir, file)
		entries = append(entries, entry{name: path.Join(name, filepath.ToSlash(within)), mode: 0o644, from: file})
		return err
	})
	if err == nil && len(entries) == 0 {
		err = fmt.Errorf("%s is empty", dir)
	}
	return entries, err
}

// bundle joins the certificates of a folder. It is not the bundle of the machine that builds, to which that may have added others.
func bundle(dir string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.crt"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(fmt.Errorf("there is no certificate in %s: install Debian's package ca-certificates", dir), err)
	}
	var all bytes.Buffer
	for _, file := range files { // in order
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := pem.Encode(&all, block); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// pack makes a layer: names in one order, one date, the owners that are asked for, and the folders on the way.
func pack(entries []entry) (v1.Layer, error) {
	entries = append(entries, ways(entries)...)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		if err := e.add(archive); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.name, err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		return nil, fmt.Errorf("pack a layer: %w", err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("make a layer: %w", err)
	}
	return layer, nil
}

// ways are the folders in which entries are, and that are none themselves.
func ways(entries []entry) []entry {
	known := map[string]bool{}
	for _, e := range entries {
		known[e.name] = true
	}
	var made []entry
	for _, e := range entries {
		for dir := path.Dir(strings.TrimSuffix(e.name, "/")); dir != "."; dir = path.Dir(dir) {
			if !known[dir+"/"] {
				known[dir+"/"] = true
				made = append(made, entry{name: dir + "/", mode: 0o755})
			}
		}
	}
	return made
}

func (e entry) add(archive *tar.Writer) error {
	head := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
	if strings.HasSuffix(e.name, "/") {
		head.Typeflag = tar.TypeDir
		return archive.WriteHeader(head)
	}
	content := e.text
	if e.from != "" {
		var err error
		if content, err = os.ReadFile(e.from); err != nil {
			return err
		}
	}
	head.Size = int64(len(content))
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}
