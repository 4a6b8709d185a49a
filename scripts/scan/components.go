package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// components has the bill of materials and the licences of the staged release written, and reports licences that ask for more
// than that their text is passed on.
func components(ctx context.Context, root string) (string, []Finding, error) {
	if _, err := tool(root, "cyclonedx-gomod"); err != nil {
		return "", nil, err
	}
	program := filepath.Join("dist", "stage", "lethe")
	said, err := output(ctx, root, "./"+program, "version")
	if err != nil {
		return "", nil, errors.New("there is no release to look at; run make package")
	}
	tree, err := output(ctx, root, "git", "describe", "--always", "--dirty")
	if err != nil {
		return "", nil, err
	}
	if strings.TrimPrefix(said, "lethe ") != tree {
		return "", nil, fmt.Errorf("the release is of %s and the tree is %s; run make package", strings.TrimSpace(said), strings.TrimSpace(tree))
	}
	if _, err := output(ctx, root, "scripts/sbom.sh", program, filepath.Join("dist", "stage", "tessdata"), "dist"); err != nil {
		return "", nil, err
	}
	return readComponents(filepath.Join(root, "dist", "sbom.cdx.json"), filepath.Join(root, "dist", "licences.txt"))
}

// copyleft matches licences that ask for more than that their text is passed on.
var copyleft = regexp.MustCompile(`(?i)\b(?:A|L)?GPL|GENERAL PUBLIC LICEN[CS]E|\bMPL|MOZILLA PUBLIC|\bCDDL|\bEPL-|ECLIPSE PUBLIC|\bEUPL|\bSSPL|SERVER SIDE PUBLIC`)

// harmless is asked of nobody who links the library of a compiler.
const harmless = "GPL-3.0-or-later WITH GCC-exception-3.1"

// readComponents judges what scripts/sbom.sh wrote: what is native by the licence that the list names, modules by their texts.
func readComponents(bill, licences string) (string, []Finding, error) {
	raw, err := os.ReadFile(bill)
	if err != nil {
		return "", nil, err
	}
	var bom struct {
		Components []struct {
			Name, Version, PURL string
			Licenses            []struct{ Expression string }
		}
	}
	if err := json.Unmarshal(raw, &bom); err != nil {
		return "", nil, fmt.Errorf("read the bill of materials: %w", err)
	}
	all, err := os.ReadFile(licences)
	if err != nil {
		return "", nil, err
	}
	texts := map[string]string{}
	for _, text := range strings.Split("\n"+string(all), "\n=== ")[1:] {
		name, _, _ := strings.Cut(text, ": ")
		texts[name] += text
	}
	var found []Finding
	modules := 0
	for _, c := range bom.Components {
		if c.Name == "" || c.Version == "" {
			return "", nil, fmt.Errorf("the component %q has the version %q", c.Name, c.Version)
		}
		terms := ""
		if strings.HasPrefix(c.PURL, "pkg:golang/") {
			modules++
			terms = texts[c.Name]
		} else if len(c.Licenses) > 0 {
			terms = strings.ReplaceAll(c.Licenses[0].Expression, harmless, "")
		}
		if asked := copyleft.FindString(terms); asked != "" {
			found = append(found, Finding{ID: "licence:" + strings.ToUpper(asked), Place: c.Name, Detail: "version " + c.Version})
		}
		if texts[c.Name] == "" {
			found = append(found, Finding{ID: "licence-text", Place: c.Name, Detail: "there is no text to pass on"})
		}
	}
	if modules == 0 || modules == len(bom.Components) {
		return "", nil, fmt.Errorf("the bill of materials has %d components, %d of them Go modules", len(bom.Components), modules)
	}
	return fmt.Sprintf("%d Go modules, %d native libraries and files of language data", modules, len(bom.Components)-modules), found, nil
}
