package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// tessdataFolder returns the language data that the package brings along beside the program, unless a setting names
// another. Empty means Tesseract's own.
func tessdataFolder(set config.Settings) string {
	return cmp.Or(set.Tessdata, packagedFolder("tessdata"))
}

// languageData is the language data that workers use. The error says what of it cannot be used.
func languageData(set config.Settings) (traineddata.Folder, error) {
	return traineddata.Find(tessdataFolder(set))
}

// namesNoFolder is the error of a setting of language data that names no folder. It closes intake alone, like data that is damaged: a
// server erases all the same.
func namesNoFolder(set config.Settings) error {
	if set.Tessdata == "" {
		return nil
	}
	if info, err := os.Stat(set.Tessdata); err == nil && info.IsDir() {
		return nil
	}
	_, err := languageData(set)
	return verbs.Setting(fmt.Errorf("LETHE_TESSDATA: %w", err))
}
