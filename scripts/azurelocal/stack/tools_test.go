package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHostIsFoundInItsFolderAndInTheOneAbove(t *testing.T) {
	above := t.TempDir()
	for _, dir := range []string{"func", "dotnet"} {
		if err := os.Mkdir(filepath.Join(above, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	want := filepath.Join(above, "func", "func")
	if err := os.WriteFile(want, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{above, filepath.Dir(want)} {
		t.Setenv("FUNCHOST", named)
		tools := FindTools(".")
		if missing := tools.MissingHost(); missing != "" {
			t.Errorf("FUNCHOST=%s: %s", named, missing)
		}
		if program, dotnet := tools.host(); program != want || dotnet != filepath.Join(above, "dotnet") {
			t.Errorf("FUNCHOST=%s: %s, %s", named, program, dotnet)
		}
	}
	if err := os.Remove(filepath.Join(above, "dotnet")); err != nil {
		t.Fatal(err)
	}
	if program, dotnet := (Tools{Host: filepath.Dir(want)}).host(); program != want || dotnet != "" {
		t.Errorf("without .NET beside it: %s, %s", program, dotnet)
	}
}

func TestAMissingHostSaysHowToGetOne(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, host := range []string{"", t.TempDir()} {
		said := Tools{Host: host}.MissingHost()
		for _, part := range []string{"npm install -g azure-functions-core-tools@4", "FUNCHOST"} {
			if !strings.Contains(said, part) {
				t.Errorf("FUNCHOST=%s: %q lacks %q", host, said, part)
			}
		}
	}
}
