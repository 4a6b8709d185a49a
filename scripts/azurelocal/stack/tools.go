package stack

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Tools says where the programs are that the stack starts.
type Tools struct {
	Host      string // folder with func/func and dotnet/; empty for an installed func
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

// MissingHost says what a Functions host lacks; empty if nothing.
func (t Tools) MissingHost() string {
	if t.Host == "" {
		if _, err := exec.LookPath("func"); err != nil {
			return "no Functions host: FUNCHOST names no folder and there is no func on PATH"
		}
		return ""
	}
	if _, err := os.Stat(filepath.Join(t.Host, "func/func")); err != nil {
		return "no Functions host: the folder that FUNCHOST names has no func/func"
	}
	return ""
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
