//go:build linux

package reader_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Programs that make PDFs of something else, each with the same three lines.
func TestPagesOfOtherProgramsKeepTheirTextAndLooks(t *testing.T) {
	want := []string{"Minutes of the quay board", "The chair opened the meeting at nine.", "Harbour dues 1204.50"}
	e, viewers := layers(t), map[string]viewer{"poppler": poppler{}, "PDFium": newChrome(t)}
	for _, c := range []struct {
		name, file, source string
		args               func(dir string) []string // of the program; it writes page.pdf
	}{
		{
			"rsvg-convert", "page.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400"><rect width="600" height="60" fill="#cde"/><text x="40" y="40" font-size="20">` + want[0] +
				`</text><text x="40" y="100" font-size="14">` + want[1] + `</text><text x="40" y="140" font-size="14" fill="#600">` + want[2] + `</text></svg>`,
			func(dir string) []string {
				return []string{"-f", "pdf", "-o", filepath.Join(dir, "page.pdf"), filepath.Join(dir, "page.svg")}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tool, err := exec.LookPath(c.name)
			if err != nil {
				t.Skipf("%s is not installed", c.name)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.source), 0o600); err != nil {
				t.Fatal(err)
			}
			if said, err := exec.CommandContext(t.Context(), tool, c.args(dir)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			original, err := os.ReadFile(filepath.Join(dir, "page.pdf"))
			if err != nil {
				t.Fatal(err)
			}
			_, text, copied, _ := written(t, e, original, original, nil)
			if diff := cmp.Diff(want, said(text)); diff != "" {
				t.Errorf("the text: %s", diff)
			}
			for name, see := range viewers {
				if n := see.looks(t, original, 72).unlike(see.looks(t, copied, 72)); n > 0 {
					t.Errorf("%s: %d pixels are others than those of the original", name, n)
				}
				if !slices.Equal(sorted(said(see.text(t, copied))), sorted(want)) {
					t.Errorf("%s copies %q", name, see.text(t, copied))
				}
			}
		})
	}
}
