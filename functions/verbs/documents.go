package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/request"
)

// document is one file to send.
type document struct {
	path string // "-" for standard input
	name string // its path below the folder given; results are named after it
	open client.Source
	err  error // why it cannot be sent
}

// collect lists the files that the arguments name. What cannot be read below a folder is listed with its error.
func (s *submission) collect(args []string) ([]document, error) {
	var all []document
	for _, arg := range args {
		found, err := s.below(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, errors.New("no documents: the folder holds no files, hidden ones left out")
	}
	return s.distinct(all)
}

// distinct leaves out files named twice, and refuses different ones whose results would overwrite each other.
func (s *submission) distinct(all []document) ([]document, error) {
	var kept []document
	paths, names := map[string]bool{}, map[string]string{}
	for _, d := range all {
		place, err := filepath.Abs(d.path)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", d.path, err)
		}
		if paths[place] {
			continue
		}
		if other, twice := names[d.name]; twice && s.out != "" {
			return nil, fmt.Errorf("results of %s and %s would have the same name: send them with different output folders", other, d.path)
		}
		paths[place], names[d.name] = true, d.path
		kept = append(kept, d)
	}
	return kept, nil
}

// below lists a file, or the files below a folder.
func (s *submission) below(arg string) ([]document, error) {
	if arg == "-" {
		return []document{{path: arg, name: "stdin"}}, nil
	}
	root, err := os.Stat(arg)
	if err != nil {
		return nil, File(fmt.Errorf("%s: no such file or folder", arg))
	}
	if !root.IsDir() {
		return []document{{path: arg, name: filepath.Base(arg), open: client.File(arg)}}, nil
	}
	var out os.FileInfo
	if s.out != "" {
		out, _ = os.Stat(s.out) // one that does not exist holds nothing to leave out
	}
	if os.SameFile(root, out) {
		return nil, errors.New("results cannot go to the folder that is sent: they would be sent the next time")
	}
	folder, err := filepath.EvalSymlinks(arg) // a walk does not enter a link
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", arg, err)
	}
	var all []document
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(folder, path)
		switch {
		case relErr != nil:
			return relErr
		case err != nil:
			all = append(all, document{path: path, name: name, err: err})
			return nil
		case path != folder && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.IsDir():
			if info, err := d.Info(); err == nil && os.SameFile(info, out) {
				return filepath.SkipDir
			}
		case d.Type().IsRegular():
			all = append(all, document{path: path, name: name, open: client.File(path)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", arg, err)
	}
	return all, nil
}

// OutputFolder refuses a folder for results that is named as if it were a result, unless there is one.
func OutputFolder(path string) error {
	ending := strings.ToLower(filepath.Ext(path))
	if !slices.ContainsFunc(render.Formats(), func(f render.Format) bool {
		return ending == strings.ToLower(filepath.Ext(f.Extension())) && ending != ""
	}) {
		return noFile("--output", path)
	}
	if stat, err := os.Stat(path); err == nil && stat.IsDir() {
		return nil
	}
	return fmt.Errorf("--output %s: results go to a folder, each named after its document: name one, or send standard output to a file", path)
}

// noFile refuses a file where a folder belongs, which need not be there yet.
func noFile(what, path string) error {
	if stat, err := os.Stat(path); err == nil && !stat.IsDir() {
		return Usage(fmt.Errorf("%s %s is no folder: name one", what, path))
	}
	return nil
}

// outputFile refuses a file of a flag that could not be written once it is fetched.
func outputFile(flag, path string) error {
	if stat, err := os.Stat(path); err == nil && stat.IsDir() {
		return Usage(fmt.Errorf("%s %s is a folder: name a file", flag, path))
	}
	if stat, err := os.Stat(filepath.Dir(path)); err != nil || !stat.IsDir() {
		return Usage(fmt.Errorf("%s %s: there is no folder %s: make it first", flag, path, filepath.Dir(path)))
	}
	return nil
}

// sized adds the size of the document to the settings of its task. Why one cannot be opened is told when it is sent.
func (d document) sized(s request.Settings) request.Settings {
	if body, size, err := d.open(); err == nil && body.Close() == nil {
		s.Size = request.Bytes(size)
	}
	return s
}

// mostInput bounds standard input, in bytes: no server accepts more (LETHE_MAX_MIB).
const mostInput = 4 << 30

// hold keeps standard input in memory, so that it lies on no disk: its length must be known, and a broken transfer starts
// again.
func hold(in io.Reader) (client.Source, error) {
	content, err := io.ReadAll(io.LimitReader(in, mostInput+1))
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	if int64(len(content)) > mostInput {
		return nil, errors.New("standard input has more than 4 GiB, which no server accepts: split it")
	}
	return func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}, nil
}

// fetchFile writes a result to a file that appears whole or not at all, for its owner alone. A transfer that breaks is
// started again.
func fetchFile(ctx context.Context, cl *client.Client, id, format, path string) error {
	return save(path, func(w io.Writer) (int64, error) { return cl.Fetch(ctx, id, format, w) })
}

// save writes what is fetched to a file that appears when it is whole. A transfer that broke is tried again.
func save(path string, fetch func(io.Writer) (int64, error)) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".lethe-*")
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close() // it may be closed already
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	for try := 1; ; try++ {
		n, err := fetch(tmp)
		if err == nil {
			break
		}
		if n == 0 || try == 3 || !errors.Is(err, client.ErrUnreachable) {
			return err
		}
		if _, err := tmp.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
		if err := tmp.Truncate(0); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}
