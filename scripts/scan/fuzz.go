package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fuzzer is one fuzz test of the tree.
type fuzzer struct {
	folder string // of its package, from the root
	name   string
}

// findFuzzers lists every fuzzer of the tree.
func findFuzzers(ctx context.Context, root string) ([]fuzzer, error) {
	files, err := output(ctx, root, "git", "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go")
	if err != nil {
		return nil, err
	}
	var all []fuzzer
	for file := range strings.FieldsSeq(files) {
		source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			return nil, err
		}
		for _, d := range source.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
				all = append(all, fuzzer{filepath.Dir(file), f.Name.Name})
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the tree has no fuzzer")
	}
	return all, nil
}

// within returns the fuzzers in and below folders that have commas between them; all if there are none.
func within(all []fuzzer, folders string) []fuzzer {
	if folders == "" {
		return all
	}
	return slices.DeleteFunc(all, func(f fuzzer) bool {
		for folder := range strings.SplitSeq(folders, ",") {
			if strings.HasPrefix(f.folder+"/", strings.TrimSuffix(folder, "/")+"/") {
				return false
			}
		}
		return true
	})
}

// fuzzers gives every fuzzer its share of the time. Each begins with its own seeds and with what earlier runs left in the build
// cache. With sanitise, those that reach native code of this tree are built with AddressSanitizer. An input that breaks a rule is left in testdata/fuzz of its package, where it is a test from then on.
func fuzzers(ctx context.Context, root, folders string, sanitise bool, total time.Duration) (string, []Finding, error) {
	all, err := findFuzzers(ctx, root)
	if err != nil {
		return "", nil, err
	}
	if all = within(all, folders); len(all) == 0 {
		return "", nil, fmt.Errorf("there is no fuzzer in %s", folders)
	}
	bin, err := os.MkdirTemp("", "lethe-fuzz-")
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = os.RemoveAll(bin) }()
	cache, err := output(ctx, root, "go", "env", "GOCACHE")
	if err != nil {
		return "", nil, err
	}
	module, err := output(ctx, root, "go", "list", "-m")
	if err != nil {
		return "", nil, err
	}
	corpora := filepath.Join(strings.TrimSpace(cache), "fuzz", strings.TrimSpace(module))
	each := max(time.Second, total/time.Duration(len(all)))
	var found []Finding
	inputs := 0
	built := map[string]string{}
	for i, f := range all {
		test := built[f.folder]
		if test == "" {
			test = filepath.Join(bin, strconv.Itoa(i))
			build := []string{"test", "-c", "-vet=off", "-fuzz=.", "-o", test, "./" + f.folder}
			if sanitise {
				native, err := output(ctx, root, "go", "list", "-deps", "-test", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./"+f.folder)
				if err != nil {
					return "", nil, err
				}
				if strings.Contains(native, strings.TrimSpace(module)) { // elsewhere it only makes Go slower: PDFium needs minutes to start
					build = slices.Insert(build, 1, "-asan")
				}
			}
			if _, err := output(ctx, root, "go", build...); err != nil {
				return "", nil, fmt.Errorf("build the fuzzers of %s: %w", f.folder, err)
			}
			built[f.folder] = test
		}
		corpus := filepath.Join(corpora, f.folder)
		n, finding, err := f.run(ctx, root, test, corpus, each)
		if err == nil && n == 0 && finding == nil { // one that starts slowly, on a busy machine
			n, finding, err = f.run(ctx, root, test, corpus, time.Minute)
		}
		if err == nil && n == 0 && finding == nil {
			err = fmt.Errorf("%s in %s tried nothing", f.name, f.folder)
		}
		if err != nil {
			return "", nil, err
		}
		inputs += n
		if finding != nil {
			found = append(found, *finding)
		}
	}
	return fmt.Sprintf("%d fuzzers for %v each, %d inputs", len(all), each.Round(time.Second), inputs), found, nil
}

var (
	// Inputs of earlier runs are tried first; only what comes after them counts as executions.
	executions = regexp.MustCompile(`(?:execs: |coverage: )(\d+)`)
	failing    = regexp.MustCompile(`Failing input written to (\S+)`)
)

// run gives one fuzzer its time and returns how many inputs it tried.
func (f fuzzer) run(ctx context.Context, root, test, corpus string, each time.Duration) (int, *Finding, error) {
	cmd := exec.CommandContext(ctx, test, "-test.run=^$", "-test.fuzz=^"+f.name+"$", "-test.fuzztime="+each.String(),
		"-test.fuzzminimizetime=5s", "-test.parallel=2", "-test.fuzzcachedir="+corpus)
	cmd.Dir = filepath.Join(root, f.folder)
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	inputs := 0
	for _, m := range executions.FindAllSubmatch(out.Bytes(), -1) {
		n, _ := strconv.Atoi(string(m[1])) // digits only
		inputs = max(inputs, n)
	}
	switch m := failing.FindSubmatch(out.Bytes()); {
	case m != nil:
		return inputs, &Finding{ID: f.name, Place: f.folder, Detail: "broken by " + string(m[1])}, nil
	case ctx.Err() != nil:
		return inputs, nil, ctx.Err()
	case bytes.Contains(out.Bytes(), []byte("\n    context deadline exceeded\n")):
		return inputs, nil, nil // its time was over in the middle of an input, which the testing package calls a failure
	case err != nil:
		return inputs, &Finding{ID: f.name, Place: f.folder, Detail: "its own inputs break it: " + err.Error()}, nil
	}
	return inputs, nil, nil
}
