// Typecheck reports what the compiler would reject of packages and their tests on other systems:
//
//	typecheck SYSTEM,… PATTERN…
//
// It compiles nothing. Of the packages that they depend on it looks at declarations alone, which takes seconds where compiling all of
// them for another system takes minutes.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: typecheck SYSTEM,… PATTERN…")
		os.Exit(2)
	}
	here, err := os.Getwd()
	for system := range strings.SplitSeq(os.Args[1], ",") {
		if err == nil {
			err = check(os.Stderr, here, system, os.Args[2:])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "typecheck:", err)
		os.Exit(1)
	}
}

var errRejected = errors.New("the packages do not compile")

// check looks at the packages below a folder that patterns name as they are on a system. What is wrong goes to w.
func check(w io.Writer, folder, system string, patterns []string) error {
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir: folder, Tests: true, Env: append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system),
		ParseFile: func(files *token.FileSet, name string, text []byte) (*ast.File, error) {
			file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
			if file != nil && !strings.HasPrefix(name, folder+string(filepath.Separator)) {
				dropBodies(file)
			}
			return file, err
		},
	}, patterns...)
	if err != nil {
		return fmt.Errorf("load packages for %s: %w", system, err)
	}
	rejected := false
	for _, p := range all {
		if strings.HasSuffix(p.ID, ".test") {
			continue // generated, and elsewhere
		}
		for _, e := range p.Errors {
			_, _ = fmt.Fprintf(w, "%s: %s\n", system, e)
			rejected = true
		}
	}
	if rejected {
		return errRejected
	}
	return nil
}

// dropBodies leaves the declarations of functions.
func dropBodies(file *ast.File) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			f.Body = nil
		}
	}
}
