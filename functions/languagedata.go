package main

import (
	"cmp"

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
