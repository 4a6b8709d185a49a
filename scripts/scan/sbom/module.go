package sbom

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
)

// modules lists what the program says it was built of. The texts come from the module cache.
func modules(ctx context.Context, from Sources) ([]Component, error) {
	built, err := buildinfo.ReadFile(from.Program)
	if err != nil {
		return nil, err
	}
	folders, err := moduleFolders(ctx, from.Root)
	if err != nil {
		return nil, err
	}
	licences, err := assets.DefaultClassifier()
	if err != nil {
		return nil, err
	}
	goroot, err := output(ctx, from.Root, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	version := strings.TrimPrefix(built.GoVersion, "go")
	version, _, _ = strings.Cut(version, " ")
	std := Component{Name: "std", Version: version, Kind: Module, PURL: "pkg:golang/std@" + version}
	if err := std.license(licences, strings.TrimSpace(goroot)); err != nil {
		return nil, err
	}
	all := []Component{std}
	for _, m := range built.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := Component{Name: m.Path, Version: m.Version, Kind: Module, PURL: "pkg:golang/" + m.Path + "@" + m.Version}
		folder := folders[m.Path+"@"+m.Version]
		if folder == "" {
			return nil, fmt.Errorf("%s %s is in the program but not in go.mod: build it again", m.Path, m.Version)
		}
		if err := c.license(licences, folder); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		all = append(all, c)
		if m.Path == pdfiumModule {
			pdfium, err := pdfium(m.Version, folder)
			if err != nil {
				return nil, err
			}
			all = append(all, pdfium)
		}
	}
	return all, nil
}

// pdfiumModule carries PDFium as a WebAssembly program.
const pdfiumModule = "github.com/klippa-app/go-pdfium"

// pdfium describes that program. The module does not tell which version it is, so its digest does.
func pdfium(module, folder string) (Component, error) {
	sum, err := Digest(filepath.Join(folder, "internal", "pdfium_wasm", "pdfium.wasm"))
	return Component{
		Name: "pdfium", Version: "of go-pdfium " + module, Kind: Library, Licence: "Apache-2.0 AND BSD-3-Clause",
		PURL: "pkg:generic/pdfium?checksum=sha256:" + sum, SHA256: sum,
	}, err
}

// moduleFolders tells where the source of each module of the program lies.
func moduleFolders(ctx context.Context, root string) (map[string]string, error) {
	list, err := output(ctx, root, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}@{{.Version}}\t{{.Dir}}{{end}}", "./functions")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{}
	for line := range strings.Lines(list) {
		if module, folder, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			folders[module] = folder
		}
	}
	return folders, nil
}

// licenceFile matches the names of files whose text is passed on.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|copyright)([-._].*)?$`)

// license reads the licence of a component out of its folder.
func (c *Component) license(known *classifier.Classifier, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		c.Texts = append(c.Texts, Text{e.Name(), string(content)})
		for _, m := range known.Match(content).Matches {
			if m.MatchType == "License" && m.Confidence >= 0.9 && !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	c.Licence = strings.Join(names, " AND ")
	return nil
}

// output runs a command in a folder and returns what it prints.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return string(out), nil
}
