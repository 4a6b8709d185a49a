package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every library that the release links, and those that the compiler adds, is in the list of what is native.
func TestEveryLinkedLibraryIsListed(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, "scripts", "native.sh"))
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`(?m)^needs=\(([^)]*)\)`).FindSubmatch(script)
	if flags == nil {
		t.Fatal("scripts/native.sh does not tell which libraries it links")
	}
	raw, err := os.ReadFile(filepath.Join(root, "scripts", "native.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var native []struct {
		Name       string
		Licenses   []struct{ Expression string }
		Properties []struct{ Name, Value string }
	}
	if err := json.Unmarshal(raw, &native); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, c := range native {
		if len(c.Licenses) != 1 || c.Licenses[0].Expression == "" {
			t.Errorf("%s has no licence", c.Name)
		}
		for _, p := range c.Properties {
			if p.Name == "lethe:links" {
				listed = append(listed, strings.Fields(p.Value)...)
			}
		}
	}
	for _, library := range append(strings.Fields(string(flags[1])), "tesseract", "lept", "stdc++", "m", "pthread", "c", "gcc", "gcc_eh") {
		if !slices.Contains(listed, library) {
			t.Errorf("%s is linked and not in native.cdx.json", library)
		}
	}
}

func TestBillOfMaterialsHoldsEveryComponent(t *testing.T) {
	needs(t, "cyclonedx-gomod")
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip("the versions of native libraries are those of Debian's packages, and there are none here")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "lethe")
	if _, err := output(t.Context(), root, "scripts/build.sh", dir, "built"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "eng.traineddata"), []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := output(t.Context(), root, "scripts/sbom.sh", program, dir, dir); err != nil {
		t.Fatal(err)
	}
	bill := filepath.Join(dir, "sbom.cdx.json")
	examined, found, err := readComponents(bill, filepath.Join(dir, "licences.txt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(examined)
	for _, f := range found {
		if f.ID == "licence-text" && f.Place != "pdfium" {
			t.Errorf("%+v", f)
		}
	}
	listed, err := os.ReadFile(bill)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Components []struct {
			Name     string
			Licenses []any
		}
	}
	if err := json.Unmarshal(listed, &list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list.Components {
		if len(c.Licenses) == 0 {
			t.Errorf("the list tells no licence of %s", c.Name)
		}
	}
	for _, want := range []string{
		"golang/std@", "github.com/spf13/cobra@", `"lethe-worker`, "github.com/klippa-app/go-pdfium@", "github.com/tetratelabs/wazero@",
		"github.com/otiai10/gosseract/v2@", "leptonlib@", "generic/tesseract@", "generic/pdfium?", "#tessdata-eng",
	} {
		if !strings.Contains(string(listed), want) {
			t.Errorf("%s is not in the list", want)
		}
	}
}

func TestLicenceThatAsksForMoreIsTold(t *testing.T) {
	dir := t.TempDir()
	bill, licences := filepath.Join(dir, "sbom"), filepath.Join(dir, "licences")
	for _, c := range []struct{ licence, text, want string }{
		{"MIT AND BSD-3-Clause", "Permission is granted", ""},
		{"GPL-3.0-or-later WITH GCC-exception-3.1", "Permission is granted", ""},
		{"GPL-3.0-or-later", "Permission is granted", "licence:GPL native"},
		{"MIT AND LGPL-2.1-or-later", "Permission is granted", "licence:LGPL native"},
		{"MIT", "GNU GENERAL PUBLIC LICENSE", "licence:GENERAL PUBLIC LICENSE module"},
		{"MIT", "Mozilla Public License", "licence:MOZILLA PUBLIC module"},
		{"MIT", "", "licence-text module"},
	} {
		text := "=== native: copyright\n"
		if c.text != "" {
			text += "\n=== module: LICENSE\n\n" + c.text + "\n"
		}
		list := `{"components":[{"name":"native","version":"1","purl":"pkg:deb/native","licenses":[{"expression":"` + c.licence + `"}]},
			{"name":"module","version":"1","purl":"pkg:golang/module"}]}`
		for path, content := range map[string]string{bill: list, licences: text} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, found, err := readComponents(bill, licences)
		got := ""
		for _, f := range found {
			got += f.ID + " " + f.Place
		}
		if err != nil || got != c.want {
			t.Errorf("%q, %q: %q, %v, want %q", c.licence, c.text, got, err, c.want)
		}
	}
}
