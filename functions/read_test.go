//go:build linux && cgo

package main_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// Results hold the pages that were asked for under their own numbers; what no document, or not this one, can have is refused.
func TestReadReadsOnlyThePagesAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put("book.pdf", pdftest.Pages(4, "/Font<</F 5 0 R>>", "BT/F 10 Tf 40 780 Td("+words("a book")+")Tj ET", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"))
	code, stdout, stderr := d.read(nil, "--pages", "2,4", "--format", "tsv", "book.pdf")
	if code != verbs.ExitOK || strings.Count(stdout, "\n1\t2\t") != 1 || strings.Count(stdout, "\n1\t4\t") != 1 || strings.Count(stdout, "\n1\t") != 2 {
		t.Errorf("exit code %d, %q, standard output:\n%s", code, stderr, stdout)
	}
	for pages, want := range map[string]struct {
		code int
		said string
	}{
		"4-2": {verbs.ExitUsage, "--pages 4-2: the range 4-2 ends before it begins; write 2-4"},
		"2,5": {verbs.ExitDocument, "the document has 4; name pages up to 4"},
	} {
		if code, _, stderr := d.read(nil, "--pages", pages, "book.pdf"); code != want.code || !strings.Contains(stderr, want.said) {
			t.Errorf("--pages %s ends with %d: %s", pages, code, stderr)
		}
	}
}

// What cannot be is refused before anything is done.
func TestReadRefusesWhatCannotBe(t *testing.T) {
	d := newDesk(t, "scan.pdf", "a/scan.pdf", "b/scan.pdf", "tree/x", "tree/x.txt/y", "taken", "taken.pdf", "out/full.txt/file", "full", strings.Repeat("n", 252))
	d.put("empty/.hidden", nil)
	if err := os.Symlink(".", filepath.Join(d.dir, "link")); err != nil {
		t.Fatal(err)
	}
	own := map[string]int{"nothing": verbs.ExitNoArguments, "password file": verbs.ExitFile, "no such file": verbs.ExitFile}
	for name, c := range map[string]struct {
		args, stderr string
	}{
		"nothing":                              {"", `needs FILE\|DIR\|-…; see "lethe read --help"`},
		"flag":                                 {"--nonsense scan.pdf", `see "lethe read --help"`},
		"format":                               {"--format epub scan.pdf", `"epub": it must be txt, json, .* or preview`},
		"language":                             {"--lang eng,xyz scan.pdf", `"xyz" is not installed; installed are: .*eng`},
		"signature":                            {"--signature gone scan.pdf", "rewrite, refuse or keep"},
		"PDF/A with scripts":                   {"-o fresh --format pdfa --keep-active scan.pdf", "^.*--keep-active: a PDF/A has no scripts"},
		"signed PDF/A":                         {"-o fresh --format pdfa --signature keep scan.pdf", "--signature: a PDF/A is a changed copy"},
		"profile":                              {"--profile slow scan.pdf", "accurate or fast"},
		"page error":                           {"--on-page-error weep scan.pdf", "continue or fail"},
		"password file":                        {"--password-file none scan.pdf", "none"},
		"empty password file":                  {"--password-file empty/.hidden scan.pdf", "first line of the file is empty"},
		"no such file":                         {"-o fresh scan.pdf none.pdf", "none.pdf: no such file or folder"},
		"folder":                               {"-o fresh scan.pdf a", "a is a folder: give --recursive"},
		"empty folder":                         {"-r empty", "no files below"},
		"same names":                           {"-o fresh a/scan.pdf b/scan.pdf", "a/scan.pdf and b/scan.pdf would both be fresh/scan.pdf.txt"},
		"same names below":                     {"-r -o fresh a b", "a/scan.pdf and b/scan.pdf would both be fresh/scan.pdf.txt"},
		"file and folder":                      {"-r -o fresh tree", "fresh/x.txt, which is a folder for that of tree/x.txt/y"},
		"over a document":                      {"-o . --format pdf taken taken.pdf", "overwrite the document taken.pdf"},
		"over a document that a link leads to": {"-o link --format pdf taken taken.pdf", "overwrite the document link/taken.pdf"},
		"over a folder":                        {"-o out full", "out/full.txt, which is a folder"},
		"file as folder":                       {"-o scan.pdf scan.pdf", "results go to a folder"},
		"file without an ending as folder":     {"-o taken taken.pdf", "taken is no folder"},
		"into itself":                          {"-r -o a a", "cannot go to the folder that is read"},
		"long name":                            {"-o fresh " + strings.Repeat("n", 252), "longer than 255 bytes"},
		"two formats":                          {"--format txt,pdf scan.pdf", "give --output"},
		"two documents as json":                {"--format json a/scan.pdf b/scan.pdf", "give --output"},
		"no output":                            {"--output= scan.pdf", "--output is empty"},
		"output twice":                         {"-o fresh -o other scan.pdf", "more than once"},
	} {
		t.Run(name, func(t *testing.T) {
			before := d.files(".")
			code, stdout, stderr := d.read(nil, strings.Fields(c.args)...)
			if want := cmp.Or(own[name], verbs.ExitUsage); code != want || stdout != "" || !regexp.MustCompile(c.stderr).MatchString(stderr) {
				t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
			}
			if _, err := os.Stat(filepath.Join(d.dir, "fresh")); err == nil || !slices.Equal(d.files("."), before) {
				t.Error("something was written")
			}
		})
	}
}

func TestReadExplainsWhereTextIsFrom(t *testing.T) {
	d := newDesk(t, "good.pdf")
	code, stdout, stderr := d.read(nil, "--explain", "good.pdf")
	want := regexp.MustCompile(`^good\.pdf: page 1: \d+,\d+ to \d+,\d+: text-layer: the page shows .+\n$`)
	if code != verbs.ExitOK || !strings.Contains(stdout, words("good.pdf")) || !want.MatchString(stderr) {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

func TestReadNamesPagesAndDocumentsThatFail(t *testing.T) {
	d := newDesk(t, "good.pdf", "other.pdf")
	d.put("half.pdf", twoPages("half.pdf"))
	d.put("text.md", []byte("# no document\n"))
	d.put("broken.pdf", []byte("%PDF-1.7\nand nothing else"))
	missing := `half\.pdf: page 2: .+ \(page_too_many_pixels\)`
	for name, c := range map[string]struct {
		args, stderr string
		code         int
		results      []string
	}{
		"a page":             {"half.pdf", missing + `\nhalf\.pdf: mean confidence .+, doubtful pages: 2\nlethe: 1 of 2 pages could not be read`, verbs.ExitPages, []string{"half.pdf.txt"}},
		"a page of several":  {"good.pdf half.pdf", missing, verbs.ExitPages, []string{"good.pdf.txt", "half.pdf.txt"}},
		"a page is too many": {"--on-page-error FAIL half.pdf", `half\.pdf: .+ \(page_too_many_pixels\)`, verbs.ExitDocument, nil},
		"a document":         {"broken.pdf", `broken\.pdf: .+ \(document_damaged\)`, verbs.ExitDocument, nil},
		"no document":        {"text.md", `text\.md: .+: PDF, .*TIFF.* \(document_type_unsupported\)`, verbs.ExitDocument, nil},
		"one of several":     {"good.pdf broken.pdf other.pdf", `broken\.pdf: .+\nlethe: 1 of 3 documents failed`, verbs.ExitSome, []string{"good.pdf.txt", "other.pdf.txt"}},
		"all that is there":  {"good.pdf other.pdf", `^$`, verbs.ExitOK, []string{"good.pdf.txt", "other.pdf.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			code, _, stderr := d.read(nil, append([]string{"-o", out}, strings.Fields(c.args)...)...)
			if code != c.code || !regexp.MustCompile(c.stderr).MatchString(stderr) {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			results, err := filepath.Glob(filepath.Join(out, "*"))
			for i := range results {
				results[i] = filepath.Base(results[i])
			}
			if err != nil || !slices.Equal(results, c.results) {
				t.Errorf("results %q, want %q", results, c.results)
			}
		})
	}
}

// What there is to know of a result is told in one line each, and the exit code is that of success.
func TestReadTellsWhatThereIsToKnow(t *testing.T) {
	d := newDesk(t)
	d.put("contract.pdf", pdftest.Build(
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[6 0 R]>>>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R/Annots[6 0 R]>>",
		pdftest.Stream("", []byte("BT/F 20 Tf 40 780 Td("+words("contract.pdf")+")Tj 1 g 0 -60 Td(nobody sees this)Tj ET")),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature)/F 132/Rect[0 0 0 0]/P 3 0 R/V<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 1 2 3]/Contents<00>>>>>",
	))
	code, stdout, stderr := d.read(nil, "--format", "pdf,txt", "-o", "out", "contract.pdf")
	want := regexp.MustCompile(`^contract\.pdf: page 1: [^\n]*: 3 \(hidden_words\)\ncontract\.pdf: [^\n]* \(signature_invalidated, 1\)\n$`)
	if code != 0 || stdout != "" || !want.MatchString(stderr) {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if text := textOf(t, filepath.Join(d.dir, "out/contract.pdf.txt")); !strings.Contains(text, words("contract.pdf")) || strings.Contains(text, "nobody") {
		t.Errorf("%q", text)
	}
	code, _, stderr = d.read(nil, "--format", "pdf", "--signature", "Refuse", "-o", "none", "contract.pdf")
	if code != verbs.ExitDocument || !strings.Contains(stderr, "--signature rewrite or keep. (document_signed)") || len(d.files("none")) > 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestReadMirrorsFolders(t *testing.T) {
	d := newDesk(t, "in/one.pdf", "in/sub/deep/two.pdf", "in/.hidden.pdf", "in/.cache/three.pdf", "elsewhere/four.pdf", "in/out/old.pdf")
	d.put("in/notes.txt", []byte("no document\n"))
	for link, target := range map[string]string{"in/sub/circle": "..", "in/five.pdf": "../elsewhere/four.pdf", "in/lost.pdf": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(d.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(d.dir, "in/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again: results are not read, and are replaced
		code, stdout, stderr := d.read(nil, "--recursive", "-o", "in/out", "in", "in/sub")
		if code != 0 || stdout != "" ||
			!strings.Contains(stderr, "documents: 3 read, 0 of them without all pages, 0 failed\n") ||
			!strings.Contains(stderr, "left out: 1 of other types, 2 hidden, 3 links to folders or to nothing, 1 neither files nor folders\n") {
			t.Fatalf("exit code %d, %q, %s", code, stdout, stderr)
		}
		want := []string{"five.pdf.txt", "old.pdf", "one.pdf.txt", "sub/deep/two.pdf.txt"}
		if got := d.files("in/out"); !slices.Equal(got, want) {
			t.Fatalf("results %q, want %q", got, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(d.dir, "in/out/sub/deep/two.pdf.txt"))
	if err != nil || !strings.Contains(string(text), words("in/sub/deep/two.pdf")) {
		t.Errorf("%q, %v", text, err)
	}
	if code, _, stderr := d.read(nil, "-r", "-o", "none", "in/.cache/../../in"); code != 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	d.put("only/notes.txt", []byte("no document\n"))
	if code, _, stderr := d.read(nil, "-r", "only"); code != verbs.ExitDocument || !strings.Contains(stderr, "no documents below") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestReadSeparatesTextsByName(t *testing.T) {
	d := newDesk(t, "one.pdf", "two\n==> three.pdf <==.pdf")
	d.put("bad.pdf", []byte("%PDF-1.7"))
	code, stdout, stderr := d.read(nil, "one.pdf", "bad.pdf", "two\n==> three.pdf <==.pdf", "./one.pdf")
	want := regexp.MustCompile(`^==> one\.pdf <==\nThis [^\n]*one\.pdf in words\.\n\n==> two ==> three\.pdf <==\.pdf <==\nThis [^=]*`)
	if code != verbs.ExitSome || !want.MatchString(stdout) || strings.Count(stdout, "==> one.pdf") != 1 {
		t.Errorf("exit code %d, %s\n%s", code, stdout, stderr)
	}
	if _, stdout, _ = d.read(nil, "-o", "-", "one.pdf"); !strings.Contains(stdout, words("one.pdf")) || strings.Contains(stdout, "==>") {
		t.Errorf("a single text: %s", stdout)
	}
}

// What comes through a pipe is read, and lies on no disk.
func TestReadTakesPipes(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	content, err := os.ReadFile(filepath.Join(d.dir, "scan.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := d.read(bytes.NewReader(content), "-"); code != 0 || !strings.Contains(stdout, words("scan.pdf")) {
		t.Errorf("standard input: exit code %d, %s%s", code, stdout, stderr)
	}
	if code, _, stderr := d.read(bytes.NewReader(content), "--format", "TXT,Pdf", "-o", "out", "-"); code != 0 {
		t.Errorf("standard input: exit code %d, %s", code, stderr)
	}
	if got := d.files("out"); !slices.Equal(got, []string{"stdin.pdf", "stdin.txt"}) {
		t.Errorf("results of standard input: %q", got)
	}
	if code, stdout, stderr := d.read(bytes.NewReader(content), "/dev/stdin"); code != 0 || !strings.Contains(stdout, words("scan.pdf")) {
		t.Errorf("a pipe by name: exit code %d, %s%s", code, stdout, stderr)
	}
	for name, c := range map[string]struct {
		stdin  io.Reader
		limit  string
		stderr string
	}{
		"nothing":  {strings.NewReader(""), "200", "document_empty"},
		"no end":   {zeros{}, "1", `more than 1048576 bytes.*document_too_large.*LETHE_MAX_MIB`},
		"no paper": {strings.NewReader("a text"), "200", "document_type_unsupported"},
	} {
		cmd := d.command("-")
		var messages bytes.Buffer
		cmd.Stdin, cmd.Stderr = c.stdin, &messages
		cmd.Env = append(os.Environ(), "LETHE_MAX_MIB="+c.limit)
		if code := d.code(ended(cmd.Run())); code != verbs.ExitDocument || !regexp.MustCompile(`standard input: .*`+c.stderr).MatchString(messages.String()) {
			t.Errorf("%s: exit code %d, %s", name, code, messages.String())
		}
	}
}

// ended leaves out that the program did not read its standard input to the end.
func ended(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// zeros is a reader without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A person gives a password in a way that no list of processes shows, and every message about one says how.
func TestReadTakesPasswordsFromAFile(t *testing.T) {
	d := newDesk(t)
	d.put("secret.pdf", encrypted(t, pdftest.Text(words("secret.pdf"))))
	d.put("restricted.pdf", pdftest.Encrypted("", "owner", -3904|^0xffff, nil, "BT/F 10 Tf 40 780 Td("+words("restricted.pdf")+")Tj ET",
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>", "",
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"))
	d.put("right", []byte("\ufeff"+documentPassword+"\r\nsomething else\n"))
	d.put("wrong", []byte("guess\n"))
	d.put("owner", []byte("owner"))
	for name, c := range map[string]struct {
		args string
		code int
		says string
	}{
		"none":       {"secret.pdf", verbs.ExitDocument, "--password-file FILE.*document_password_missing"},
		"wrong":      {"--password-file wrong secret.pdf", verbs.ExitDocument, "--password-file.*document_password_wrong"},
		"right":      {"--password-file right secret.pdf", verbs.ExitOK, "page of secret"},
		"restricted": {"restricted.pdf", verbs.ExitDocument, "owner password with --password-file FILE.*document_access_restricted"},
		"owner":      {"--password-file owner restricted.pdf", verbs.ExitOK, "page of restricted"},
	} {
		code, stdout, stderr := d.read(nil, strings.Fields(c.args)...)
		if code != c.code || !regexp.MustCompile(c.says).MatchString(stdout+stderr) {
			t.Errorf("%s: exit code %d, %s%s", name, code, stdout, stderr)
		}
	}
}

func TestReadNamesTheProgramOnce(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	code, _, stderr := d.read(nil, "-o", "out", "--format", "json,hocr,alto", "scan.pdf")
	if code != 0 {
		t.Fatal(stderr)
	}
	version, err := exec.Command(program(t), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	number := strings.TrimPrefix(strings.TrimSpace(string(version)), "lethe ")
	for name, want := range map[string]string{
		"scan.pdf.json":      fmt.Sprintf(`"software":"Lethe %s"`, number),
		"scan.pdf.hocr.html": fmt.Sprintf(`content="Lethe %s"`, number),
		"scan.pdf.alto.xml":  fmt.Sprintf("<softwareVersion>%s</softwareVersion>", number),
	} {
		content := textOf(t, filepath.Join(d.dir, "out", name))
		if !strings.Contains(content, want) {
			t.Errorf("%s does not hold %s: %.600s", name, want, content)
		}
	}
}
