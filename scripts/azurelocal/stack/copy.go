package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// bindings is the part of a function.json that is read.
type bindings struct {
	Bindings []map[string]any `json:"bindings"`
}

// trigger returns the type of the function's trigger.
func (b bindings) trigger() string {
	for _, one := range b.Bindings {
		if kind, _ := one["type"].(string); strings.HasSuffix(kind, "Trigger") {
			return kind
		}
	}
	return ""
}

// copyPackage makes the folder that the host runs. It returns the names of the functions in it by trigger.
func copyPackage(ctx context.Context, cfg Config, to string) (map[string][]string, error) {
	if err := os.CopyFS(to, os.DirFS(cfg.Package)); err != nil {
		return nil, fmt.Errorf("copy package: %w", err)
	}
	if err := edit(filepath.Join(to, "host.json"), func(host map[string]any) { delete(host, "extensionBundle") }); err != nil {
		return nil, err
	}
	if err := writeSettings(cfg, filepath.Join(to, "local.settings.json")); err != nil {
		return nil, err
	}
	extended := cfg.Tools.Extension != ""
	if extended {
		if err := copyExtension(ctx, cfg.Tools.Extension, to); err != nil {
			return nil, fmt.Errorf("copy the Storage extension: %w", err)
		}
	}
	return keepFunctions(to, extended, cfg.Schedule)
}

// keepFunctions removes the functions whose triggers the host does not know, and sets the timers' schedule if one is given.
func keepFunctions(app string, extended bool, schedule string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(app, "*", "function.json"))
	if err != nil {
		return nil, fmt.Errorf("list functions: %w", err)
	}
	kept := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var b bindings
		if err := json.Unmarshal(text, &b); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		kind := b.trigger()
		if !extended && (kind == "blobTrigger" || kind == "queueTrigger") {
			if err := os.RemoveAll(filepath.Dir(file)); err != nil {
				return nil, err
			}
			continue
		}
		kept[kind] = append(kept[kind], filepath.Base(filepath.Dir(file)))
		if kind != "timerTrigger" || schedule == "" {
			continue
		}
		b.Bindings[0]["schedule"] = schedule
		if err := edit(file, func(f map[string]any) { f["bindings"] = b.Bindings }); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// edit changes one JSON file of the copy.
func edit(file string, change func(map[string]any)) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	change(all)
	return writeJSON(file, all)
}

func writeJSON(file string, content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// writeSettings writes what the platform would give as application settings.
func writeSettings(cfg Config, file string) error {
	var key [24]byte
	_, _ = rand.Read(key[:]) // never fails
	values := map[string]string{
		"FUNCTIONS_WORKER_RUNTIME": "custom",
		"AzureWebJobsStorage":      cfg.Storage,
		"Documents":                cfg.Storage,
		"AzureWebEncryptionKey":    hex.EncodeToString(key[:]), // without it the host cannot write its keys and stops
	}
	maps.Copy(values, cfg.Settings)
	return writeJSON(file, map[string]any{"IsEncrypted": false, "Values": values})
}

// copyExtension writes bin/ of the repository's newest commit into the app.
func copyExtension(ctx context.Context, repository, app string) error {
	git := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir", repository}, args...)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(errs.Bytes()))
		}
		return out, nil
	}
	tree, err := git("ls-tree", "-r", "-z", "HEAD", "bin/")
	if err != nil {
		return err
	}
	files := 0
	for entry := range bytes.SplitSeq(tree, []byte{0}) {
		// <mode> blob <hash>\t<path>
		description, path, ok := strings.Cut(string(entry), "\t")
		fields := strings.Fields(description)
		if !ok || len(fields) != 3 || !filepath.IsLocal(path) {
			continue
		}
		content, err := git("cat-file", "blob", fields[2])
		if err != nil {
			return err
		}
		to := filepath.Join(app, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return err
		}
		files++
	}
	if files == 0 {
		return fmt.Errorf("the repository has nothing in bin/")
	}
	return nil
}
