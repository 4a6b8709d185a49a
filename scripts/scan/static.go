package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// output runs a command in a folder and returns what it prints. What it says of an error is cut to its last line.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if i := strings.LastIndexByte(said, '\n'); i >= 0 {
			said = said[i+1:]
		}
		return stdout.String(), fmt.Errorf("%s: %w: %s", filepath.Base(name), err, said)
	}
	return stdout.String(), nil
}

// tool names a program that scripts/setup.sh scan installs.
func tool(root, name string) (string, error) {
	path, err := filepath.Abs(filepath.Join(root, ".tools", name))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not installed; run scripts/setup.sh scan", name)
	}
	return path, nil
}

// secrets searches every commit of the history. A finding's place ends with a digest of what was found, so that accepting
// one text in a file accepts no other.
func secrets(ctx context.Context, root string) (string, []Finding, error) {
	gitleaks, err := tool(root, "gitleaks")
	if err != nil {
		return "", nil, err
	}
	shallow, err := output(ctx, root, "git", "rev-parse", "--is-shallow-repository")
	if err != nil {
		return "", nil, err
	}
	if strings.TrimSpace(shallow) != "false" {
		return "", nil, errors.New("the history is not all there: git fetch --unshallow")
	}
	commits, err := output(ctx, root, "git", "rev-list", "--all", "--count")
	if err != nil {
		return "", nil, err
	}
	report, err := os.CreateTemp("", "lethe-scan-")
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = os.Remove(report.Name()) }()
	if err := report.Close(); err != nil {
		return "", nil, err
	}
	if _, err := output(ctx, root, gitleaks, "git", "--no-banner", "--exit-code", "0", "--log-opts", "--all",
		"--report-format", "json", "--report-path", report.Name(), "."); err != nil {
		return "", nil, err
	}
	raw, err := os.ReadFile(report.Name())
	if err != nil {
		return "", nil, err
	}
	var leaks []struct {
		RuleID, File, Commit, Secret string
		StartLine                    int
	}
	if err := json.Unmarshal(raw, &leaks); err != nil {
		return "", nil, fmt.Errorf("read what gitleaks found: %w", err)
	}
	var found []Finding
	for _, l := range leaks {
		found = append(found, Finding{ID: l.RuleID, Place: fmt.Sprintf("%s#%.8x", l.File, sha256.Sum256([]byte(l.Secret))), Detail: fmt.Sprintf("line %d of commit %.10s", l.StartLine, l.Commit)})
	}
	return strings.TrimSpace(commits) + " commits", found, nil
}

// advisories asks govulncheck. Its database is on the internet, or where GOVULNDB says.
func advisories(ctx context.Context, root string) (string, []Finding, error) {
	govulncheck, err := tool(root, "govulncheck")
	if err != nil {
		return "", nil, err
	}
	args := []string{"-format", "json"}
	if db := os.Getenv("GOVULNDB"); db != "" {
		args = append(args, "-db", db)
	}
	out, err := output(ctx, root, govulncheck, append(args, "./functions/...", "./shared/...")...)
	if err != nil {
		return "", nil, fmt.Errorf("the database of advisories cannot be reached, or %w", err)
	}
	return readAdvisories(strings.NewReader(out))
}

// readAdvisories reads govulncheck's stream of messages. Only what the program can call counts.
func readAdvisories(stream io.Reader) (string, []Finding, error) {
	var found []Finding
	database, modified := "", ""
	for d := json.NewDecoder(stream); ; {
		var m struct {
			Config *struct {
				DB           string `json:"db"`
				LastModified string `json:"db_last_modified"`
			} `json:"config"`
			Finding *struct {
				OSV          string `json:"osv"`
				FixedVersion string `json:"fixed_version"`
				Trace        []struct {
					Module, Version, Package, Function string
				} `json:"trace"`
			} `json:"finding"`
		}
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, fmt.Errorf("read what govulncheck found: %w", err)
		}
		if m.Config != nil {
			database, modified = m.Config.DB, m.Config.LastModified
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" {
			found = append(found, Finding{ID: f.OSV, Place: f.Trace[0].Module, Detail: fmt.Sprintf("%s calls %s.%s; solved in %s",
				f.Trace[len(f.Trace)-1].Package, f.Trace[0].Package, f.Trace[0].Function, f.FixedVersion)})
		}
	}
	if u, err := url.Parse(database); err != nil || database == "" || u.Scheme == "" {
		return "", nil, errors.New("govulncheck did not say which database it asked")
	}
	return "the database as of " + modified, found, nil
}

// code asks the linters that the tree has set up.
func code(ctx context.Context, root string) (string, []Finding, error) {
	golangci, err := tool(root, "golangci-lint")
	if err != nil {
		return "", nil, err
	}
	out, runErr := output(ctx, root, golangci, "run", "--allow-parallel-runners", "--output.json.path", "stdout", "--output.text.path", os.DevNull, "--show-stats=false", "--issues-exit-code", "0", "./...")
	if runErr != nil {
		return "", nil, runErr
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct {
				Filename string
				Line     int
			}
		}
		Report struct {
			Linters []struct {
				Name    string
				Enabled bool
			}
		}
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&report); err != nil {
		return "", nil, fmt.Errorf("read what the linters found: %w", err)
	}
	linters := 0
	for _, l := range report.Report.Linters {
		if l.Enabled {
			linters++
		}
	}
	if linters == 0 {
		return "", nil, errors.New("no linter ran")
	}
	var found []Finding
	for _, i := range report.Issues {
		found = append(found, Finding{ID: i.FromLinter, Place: i.Pos.Filename, Detail: fmt.Sprintf("line %d: %s", i.Pos.Line, i.Text)})
	}
	waived, err := output(ctx, root, "git", "grep", "-c", "//nolint:.*gosec", "--", "*.go")
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("%d linters; %d files waive a rule of gosec, each with its reason", linters, strings.Count(waived, "\n")), found, nil
}
