//go:build linux && cgo

package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// clients are the linters, generators and clients that the description of the API is held against, and a client of ABBYY.
const clients = "testdata/clients"

// oldestNode is the oldest major version of Node that they run on.
const oldestNode = 20

// workshop is a folder with a copy of the clients, what runs them, and the description of a running server.
type workshop struct {
	*server
	dir string
}

// openWorkshop skips the test where Node or the packages are missing.
func openWorkshop(t *testing.T) workshop {
	t.Helper()
	version, err := exec.Command("node", "--version").Output()
	major, _ := strconv.Atoi(string(regexp.MustCompile(`\d+`).Find(version)))
	if err != nil || major < oldestNode {
		t.Skipf("Node %d or newer is not installed: no client is generated", oldestNode)
	}
	packages, err := filepath.Abs("../.tools/clients/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(packages); err != nil {
		t.Skip("linters and generators are not installed: run scripts/setup.sh clients")
	}
	w := workshop{start(t), t.TempDir()}
	if err := os.CopyFS(w.dir, os.DirFS(clients)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(packages, filepath.Join(w.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(w.url + "/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	description, err := io.ReadAll(resp.Body)
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	w.write(t, "openapi.json", description)
	w.write(t, "document.png", photo(t, "A document that generated clients send"))
	return w
}

func (w workshop) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command in a folder of the workshop and returns what it says.
func (w workshop) run(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = filepath.Join(w.dir, folder)
	cmd.Env = append(os.Environ(),
		"REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true",
		"LETHE_URL="+w.url, "LETHE_APP="+w.app, "LETHE_SECRET="+w.secret, "DOCUMENT="+filepath.Join(w.dir, "document.png"))
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%.4000s\n%.4000s", name, args, err, out, errors.String())
	}
	return string(out)
}

func (w workshop) tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	return w.run(t, "", "node_modules/.bin/"+name, args...)
}

// The description is one that linters have nothing to say of, and that strictly typed clients can be made of: they do all that
// a program does with a task.
func TestClientsAreGeneratedFromTheDescription(t *testing.T) {
	w := openWorkshop(t)
	t.Run("redocly lint", func(t *testing.T) {
		var found struct {
			Totals   struct{ Errors, Warnings int }
			Problems []struct{ RuleID, Message string }
		}
		if err := json.Unmarshal([]byte(w.tool(t, "redocly", "lint", "--format=json", "openapi.json")), &found); err != nil {
			t.Fatal(err)
		}
		if found.Totals.Errors+found.Totals.Warnings > 0 {
			t.Errorf("%+v", found)
		}
	})
	t.Run("spectral", func(t *testing.T) {
		w.tool(t, "spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", "openapi.json")
	})
	t.Run("TypeScript", func(t *testing.T) {
		w.tool(t, "openapi-typescript", "openapi.json", "--output", "generated/openapi.ts")
		w.tool(t, "openapi-ts")
		w.tool(t, "tsc", "--project", ".")
		for _, name := range []string{"fetch", "sdk"} {
			w.run(t, "", "node", "out/"+name+".js")
		}
	})
	t.Run("Go", func(t *testing.T) {
		if err := os.Mkdir(filepath.Join(w.dir, "go/generated"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.run(t, "go", "go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "../openapi.json")
		w.run(t, "go", "go", "vet", "./...")
		w.run(t, "go", "go", "run", ".")
	})
}

// typeScript is the client that is published in the tree.
const typeScript = "../shared/client/typescript"

// The client for TypeScript is of the description as it is, compiles, and takes a document through its life.
func TestTypeScriptClientIsOfTheDescriptionAndWorks(t *testing.T) {
	w := openWorkshop(t)
	w.tool(t, "openapi-typescript", "openapi.json", "--output", "described.ts")
	described, err := os.ReadFile(filepath.Join(w.dir, "described.ts"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(typeScript, "openapi.ts")
	if *update {
		if err := os.WriteFile(file, described, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if textOf(t, file) != string(described) {
		t.Errorf("%s is not of the description: go test ./functions -run TypeScript -update", file)
	}
	if err := os.CopyFS(filepath.Join(w.dir, "published"), os.DirFS(typeScript)); err != nil {
		t.Fatal(err)
	}
	w.tool(t, "tsc", "--project", "published")
	said := w.run(t, "published", "node", "out/example.js", "../document.png")
	if !strings.Contains(said, "generated") || !strings.HasSuffix(said, "\nDeleted\nwith a receipt\ntask_erased\n") {
		t.Errorf("the example says %q", said)
	}

	w.write(t, "published/refused.mjs", []byte(`import { Lethe } from "./out/client.js";
const refused = (url) => { try { new Lethe({ url, application: "a", secret: "s" }); } catch (e) { return e instanceof TypeError; } return false; };
console.log(["http://ocr.example.org", "http://localhost.example.org", "ftp://localhost", "https://ocr.example.org", "http://127.0.0.1:8080"].map(refused).join());
`))
	if said := w.run(t, "published", "node", "refused.mjs"); said != "true,true,true,false,false\n" {
		t.Errorf("addresses that would leak are refused: %s", said)
	}

	// Both take the same versions of what they share.
	var here, tested struct{ Dependencies, DevDependencies map[string]string }
	for path, into := range map[string]any{filepath.Join(typeScript, "package.json"): &here, filepath.Join(clients, "package.json"): &tested} {
		if err := json.Unmarshal([]byte(textOf(t, path)), into); err != nil {
			t.Fatal(err)
		}
	}
	for _, wants := range []map[string]string{here.Dependencies, here.DevDependencies} {
		for name, version := range wants {
			if tested.DevDependencies[name] != version {
				t.Errorf("%s is %s, and tried with %s", name, version, tested.DevDependencies[name])
			}
		}
	}
}

// A client of the ABBYY Cloud OCR SDK, as it is published, does what it can: it reads a picture, several as one document, and fields.
func TestPublishedClientOfABBYYWorks(t *testing.T) {
	openWorkshop(t).run(t, "", "node", "abbyy.mjs")
}
