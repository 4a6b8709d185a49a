package stack

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Tools says where the programs are that the stack starts.
type Tools struct {
	Host      string // folder of func, or the one above it, which may have dotnet/ too; empty for an installed func
	Extension string // git directory of a repository with the Storage extension in bin/; empty for none
	Azurite   string // azurite.js
}

// FindTools looks in the environment (FUNCHOST, FUNCHOST_EXTENSION, AZURITE) and where scripts/setup.sh of the project in
// folder root puts Azurite.
func FindTools(root string) Tools {
	t := Tools{Host: os.Getenv("FUNCHOST"), Extension: os.Getenv("FUNCHOST_EXTENSION"), Azurite: os.Getenv("AZURITE")}
	if t.Azurite == "" {
		t.Azurite = filepath.Join(root, ".tools/azurite/node_modules/azurite/dist/src/azurite.js")
	}
	for _, path := range []*string{&t.Host, &t.Extension, &t.Azurite} {
		if abs, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = abs // programs are started in other folders
		}
	}
	return t
}

// MissingHost says what a Functions host lacks, and how to get one; empty if nothing.
func (t Tools) MissingHost() string {
	const remedy = "npm install -g azure-functions-core-tools@4 installs one, or let FUNCHOST name the folder that func is in, or the one above it"
	if t.Host == "" {
		if _, err := exec.LookPath("func"); err != nil {
			return "no Functions host: FUNCHOST names no folder and there is no func on PATH: " + remedy
		}
		return ""
	}
	if program, _ := t.host(); program == "" {
		return "no Functions host: there is no func in the folder that FUNCHOST names: " + remedy
	}
	return ""
}

// host returns the program of the Functions host and the folder of the .NET that came with it; empty where there is none.
func (t Tools) host() (program, dotnet string) {
	if t.Host == "" {
		return "func", ""
	}
	for _, place := range []string{filepath.Join(t.Host, "func"), t.Host} {
		file := filepath.Join(place, "func")
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if beside := filepath.Join(filepath.Dir(place), "dotnet"); folder(beside) {
			dotnet = beside
		}
		return file, dotnet
	}
	return "", ""
}

func folder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// MissingExtension says what blob and queue triggers lack; empty if nothing.
func (t Tools) MissingExtension() string {
	if t.Extension == "" {
		return "no Storage extension: FUNCHOST_EXTENSION names no git directory"
	}
	if _, err := os.Stat(t.Extension); err != nil {
		return "no Storage extension: FUNCHOST_EXTENSION names a git directory that does not exist"
	}
	return ""
}

// MissingAzurite says what storage lacks; empty if nothing.
func (t Tools) MissingAzurite() string {
	if _, err := os.Stat(t.Azurite); err != nil {
		return "no Azurite: AZURITE names no azurite.js and scripts/setup.sh azurite was not run"
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "no Azurite: there is no node on PATH"
	}
	return ""
}
