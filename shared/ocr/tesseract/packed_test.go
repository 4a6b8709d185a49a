//go:build cgo

package tesseract_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/reading/enginetest"
	"github.com/lethe-ocr/lethe/shared/ocr/tesseract"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// packed returns the language data of English as packages hold it.
func packed(t *testing.T) []byte {
	t.Helper()
	folder, err := traineddata.Find("")
	if err != nil {
		t.Skip(err)
	}
	file, err := os.ReadFile(filepath.Join(folder.Path, "eng.traineddata"))
	if err != nil {
		t.Skip(err)
	}
	if file, err = traineddata.Pack(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func folderOf(t *testing.T, file []byte) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "eng.traineddata"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestPackedLanguageReadsTheSame(t *testing.T) {
	models, err := tesseract.OpenModels(folderOf(t, packed(t)))
	if err != nil {
		t.Fatal(err)
	}
	e := tesseract.New(models)
	t.Cleanup(func() { _ = e.Close() })
	ask := enginetest.English()
	ask.Characters = true
	if plain, got := recognise(t, newEngine(t), letter(t), ask), recognise(t, e, letter(t), ask); !reflect.DeepEqual(plain, got) {
		t.Errorf("%+v, want %+v", got, plain)
	}
}

func TestDamagedPackedLanguageIsToldOf(t *testing.T) {
	file := packed(t)
	clear(file[1024 : len(file)-1024]) // its table stays as it is
	models, err := tesseract.OpenModels(folderOf(t, file))
	if err != nil {
		t.Fatal(err)
	}
	e := tesseract.New(models)
	t.Cleanup(func() { _ = e.Close() })
	_, err = e.Recognise(t.Context(), enginetest.Picture(t, letter(t)), enginetest.English())
	if unusable, ok := errors.AsType[*traineddata.Error](err); !ok || len(unusable.Languages) != 1 {
		t.Errorf("the language is not told: %v", err)
	}
}
