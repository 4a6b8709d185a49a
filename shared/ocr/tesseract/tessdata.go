//go:build cgo

package tesseract

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// orientationModel is not a language: it detects the orientation of a page.
const orientationModel = "osd"

const modelSuffix = ".traineddata"

// places are the folders where distributions install language data.
func places() []string {
	return []string{"/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata"}
}

// dataFolder returns the folder of language data: the one given, or where Tesseract's packages put it.
func dataFolder(given string) (string, error) {
	candidates := places()
	if given != "" {
		candidates = []string{given}
	}
	for _, dir := range candidates {
		if found, err := filepath.Glob(filepath.Join(dir, "*"+modelSuffix)); err == nil && len(found) > 0 {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("no language data found: install a tesseract-ocr-… package or name the folder")
}

// models lists the models in a folder.
func models(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list language data: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), modelSuffix); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
