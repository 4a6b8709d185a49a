package render

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// libreOfficeMarkup matches markup of the HTML that LibreOffice writes, and what does not show.
var libreOfficeMarkup = regexp.MustCompile(`(?s)<(style|title)[ >].*?</(style|title)>|<[^>]*>`)

// libreOfficeTexts are the formats of text that LibreOffice converts results to.
var libreOfficeTexts = map[string][]Format{
	"html": {DOCX, RTF, XLSX},
	"fodp": {PPTX}, // its HTML of presentations has no text
}

// LibreOffice opens results, without a word of trouble, and shows the text that they were made of.
func TestLibreOfficeShowsWhatOfficeFormatsHold(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("soffice is not installed")
	}
	for to, formats := range libreOfficeTexts { // as few runs as can be: each takes seconds to start
		libreOffice(t, soffice, to, formats)
	}
}

func libreOffice(t *testing.T, soffice, to string, formats []Format) {
	t.Helper()
	folder, pages := t.TempDir(), everything()
	args := []string{"--headless", "-env:UserInstallation=file://" + folder + "/profile", "--convert-to", to, "--outdir", folder}
	for _, f := range formats {
		file := filepath.Join(folder, string(f)+f.Extension())
		if err := os.WriteFile(file, render(t, f, Document{}, pages...), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	cmd := exec.CommandContext(t.Context(), soffice, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+folder)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Error") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range formats {
		written, err := os.ReadFile(filepath.Join(folder, string(f)+"."+to))
		if err != nil {
			t.Errorf("%v\n%s", err, out)
			continue
		}
		shown := pageTexts{}
		shown.add(0, html.UnescapeString(libreOfficeMarkup.ReplaceAllString(string(written), "")))
		text, want := shown[0], wantTexts(f, pages)
		for number := range len(pages) {
			pieces := []string{want[number+1]}
			if f == XLSX && number == 0 {
				pieces = []string{"12345Townofthelongname", "Item*of*Amount=1+1x|y1,234.50-500712.00"}
			}
			for _, piece := range pieces {
				_, rest, ok := strings.Cut(text, piece)
				if !ok {
					t.Errorf("%s: page %d, %q is missing or out of order in:\n%s", f, number+1, piece, shown[0])
				}
				text = rest
			}
		}
		if heading := regexp.MustCompile(`(?s)<h1[^>]*>.*?Title`); slices.Contains([]Format{DOCX, RTF}, f) && !heading.Match(written) {
			t.Errorf("%s has no heading", f)
		}
	}
}
