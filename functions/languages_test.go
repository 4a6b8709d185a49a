//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// languageFolder is a folder with links to the language data of some languages that are installed.
func languageFolder(t *testing.T, languages ...string) string {
	t.Helper()
	installed, err := traineddata.Find(os.Getenv("LETHE_TESSDATA"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, l := range languages {
		if err := os.Symlink(filepath.Join(installed.Path, l+".traineddata"), filepath.Join(dir, l+".traineddata")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLanguageDataMayBeALinkAndIsRefusedByNameWhereItCannotBeUsed(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	folder := languageFolder(t, "eng", "osd")
	links := filepath.Join(d.dir, "links")
	if err := os.Symlink(folder, links); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(folder, "deu.traineddata")
	if err := os.Symlink("/nowhere/deu.traineddata", broken); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(d.dir, "alone")
	d.put("alone/eng.traineddata", []byte("version https://git-lfs.github.com/spec/v1\n"))
	for _, test := range []struct {
		name, folder string
		args         []string
		code         int
		out, err     string
	}{
		{name: "a folder that is a link, with files that are", folder: links, args: []string{"read", "scan.pdf"}, out: "This is the page"},
		{name: "a link relative to the working folder", folder: "links", args: []string{"read", "scan.pdf"}, out: "This is the page"},
		{name: "a link to nothing", folder: links, args: []string{"read", "--lang", "deu", "scan.pdf"}, code: verbs.ExitUsage, err: "deu.traineddata is not there, or is a link"},
		{name: "a folder with nothing usable", folder: alone, args: []string{"read", "scan.pdf"}, code: verbs.ExitSetting, err: alone + "/eng.traineddata holds no language data"},
		{name: "a folder that is not there", folder: "/nowhere", args: []string{"read", "scan.pdf"}, code: verbs.ExitSetting, err: "/nowhere is not there"},
		{name: "the list", folder: links, args: []string{"languages"}, out: "Not usable: " + links + "/deu.traineddata is not there, or is a link to what is not there."},
		{name: "a language by its name", folder: links, args: []string{"languages", "Hebrew"}, out: "make package LANGUAGES='heb'"},
		{name: "a language that is there", folder: links, args: []string{"languages", "en"}, out: "yes"},
		{name: "no language", folder: links, args: []string{"languages", "klingon"}, code: verbs.ExitUsage, err: `no language "klingon"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := d.lethe(test.args...)
			cmd.Env = append(cmd.Env, "LETHE_TESSDATA="+test.folder)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run() // the exit code is looked at
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) {
				t.Errorf("exit code %d, want %d; printed %q and %q, want %q and %q", code, test.code, out.String(), errs.String(), test.out, test.err)
			}
		})
	}
}

// A worker program that does not run, such as a part of one, knows no languages. That is not what is wrong with it.
func TestWorkerProgramThatDoesNotRunIsToldFromMissingLanguages(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	bin, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"lethe": bin, "lethe-worker": []byte("#!/bin/sh\nexit 1\n")} {
		d.put(name, content)
		if err := os.Chmod(filepath.Join(d.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := d.command("scan.pdf")
	cmd.Path = filepath.Join(d.dir, "lethe")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	_ = cmd.Run() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != verbs.ExitFailure || !strings.Contains(errs.String(), "no worker process starts") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

func TestLanguagesAreListedForPrograms(t *testing.T) {
	d := newDesk(t)
	cmd := d.lethe("languages", "--json")
	cmd.Env = append(cmd.Env, "LETHE_TESSDATA="+languageFolder(t, "deu", "eng", "osd"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var view struct {
		Languages []struct{ Code, Name, Tag string }
	}
	if err := json.Unmarshal(out, &view); err != nil || len(view.Languages) != 2 || view.Languages[0].Name != "German" || view.Languages[1].Tag != "en" {
		t.Errorf("%v: %s", err, out)
	}
}

// The languages of each document are chosen by themselves, and told on standard error and in its result.
func TestLanguagesAreChosenForEachDocument(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	var page bytes.Buffer
	img, err := ocrtest.Draw("Die Vermesser haben an der Grenze des Grundes mehrere Risse in den Steinen gefunden, und der Graben ist vor dem Winter zu reparieren.", ocrtest.Clean(), 1)
	if err := errors.Join(err, png.Encode(&page, img)); err != nil {
		t.Fatal(err)
	}
	d.put("brief.png", page.Bytes())
	cmd := d.lethe("read", "--lang", "auto", "--format", "json", "-o", "out", "scan.pdf", "brief.png")
	cmd.Env = append(cmd.Env, "LETHE_TESSDATA="+languageFolder(t, "deu", "eng", "osd", "rus"))
	told, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, told)
	}
	for name, want := range map[string]string{"scan.pdf": "eng", "brief.png": "deu"} {
		result, err := os.ReadFile(filepath.Join(d.dir, "out", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(told, []byte(name+": languages: "+want+" (chosen)\n")) || !bytes.Contains(result, []byte(`"languages":["`+want+`"],"languages_chosen":true`)) {
			t.Errorf("%s: told %q; the result is %.200s", name, told, result)
		}
	}
	if out, err := d.lethe("read", "--lang", "auto+eng", "scan.pdf").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("name no other beside it")) {
		t.Errorf("auto beside another: %v: %s", err, out)
	}
}
