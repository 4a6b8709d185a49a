package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module of one package in files.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	files["go.mod"] = "module example.org/m\n\ngo 1.26\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestWhatAnotherSystemWouldRejectIsTold(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=mod")
	const library = "package m\n\nimport \"os\"\n\n// Name is one.\nfunc Name() string { return system + os.DevNull }\n"
	for name, c := range map[string]struct {
		files map[string]string
		told  string
	}{
		"all is there":         {map[string]string{"m.go": library, "m_linux.go": "package m\n\nconst system = \"l\"\n", "m_windows.go": "package m\n\nconst system = \"w\"\n"}, ""},
		"a part is missing":    {map[string]string{"m.go": library, "m_linux.go": "package m\n\nconst system = \"l\"\n"}, "undefined: system"},
		"in a body":            {map[string]string{"m.go": library, "m_windows.go": "package m\n\nimport \"syscall\"\n\nconst system = \"w\"\n\nfunc kill() { _ = syscall.Kill(1, 9) }\n"}, "syscall.Kill"},
		"in a test":            {map[string]string{"m.go": library, "m_windows.go": "package m\n\nconst system = \"w\"\n", "m_test.go": "package m\n\nvar _ = absent\n"}, "absent"},
		"in a test elsewhere":  {map[string]string{"m.go": library, "m_windows.go": "package m\n\nconst system = \"w\"\n", "m_linux_test.go": "package m\n\nvar _ = absent\n"}, ""},
		"of the external test": {map[string]string{"m.go": library, "m_windows.go": "package m\n\nconst system = \"w\"\n", "x_test.go": "package m_test\n\nvar _ = absent\n"}, "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			var told bytes.Buffer
			err := check(&told, module(t, c.files), "windows", []string{"./..."})
			if errors.Is(err, errRejected) != (c.told != "") || err != nil && !errors.Is(err, errRejected) {
				t.Fatalf("%v: %s", err, told.String())
			}
			if !strings.Contains(told.String(), c.told) || c.told == "" && told.Len() > 0 {
				t.Errorf("told %q, want %q", told.String(), c.told)
			}
		})
	}
}
