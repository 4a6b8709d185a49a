package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// class tells documents apart that cost differently.
type class int

const (
	all class = iota // of mixed classes
	pictures
	pdf
)

// document is a file with its true text.
type document struct {
	path, truth string
	lang, kind  string
	pages       int
}

func (d document) class() class {
	if strings.HasSuffix(d.path, ".pdf") {
		return pdf
	}
	return pictures
}

// documents returns those of a corpus, or drawn ones when there is none.
func documents(corpus, dir string) ([]document, error) {
	if corpus == "" {
		return drawn(dir)
	}
	return listed(corpus)
}

// listed reads a corpus's manifest.csv: a heading, then file, truth, lang, kind and pages of each document.
func listed(corpus string) ([]document, error) {
	f, err := os.Open(filepath.Join(corpus, "manifest.csv"))
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(f).ReadAll()
	err = errors.Join(err, f.Close())
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	docs := make([]document, 0, len(rows)-1)
	for _, row := range rows[1:] {
		field := func(name string) string { return row[column[name]] }
		truth, err := os.ReadFile(filepath.Join(corpus, field("truth")))
		if err != nil {
			return nil, err
		}
		pages, err := strconv.Atoi(field("pages"))
		if err != nil {
			return nil, fmt.Errorf("pages of %s: %w", field("file"), err)
		}
		docs = append(docs, document{filepath.Join(corpus, field("file")), string(truth), field("lang"), field("kind"), pages})
	}
	return docs, nil
}

// drawn makes letters that look scanned.
func drawn(dir string) ([]document, error) {
	const count = 8
	docs := make([]document, count)
	for i := range docs {
		text := ocrtest.Letter(i + 1)
		img, err := ocrtest.Draw(text, ocrtest.Scanned(), uint64(i+1))
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, fmt.Sprintf("letter%d.jpg", i+1))
		f, err := os.Create(path)
		if err != nil {
			return nil, err
		}
		err = errors.Join(jpeg.Encode(f, img, &jpeg.Options{Quality: 60}), f.Close())
		if err != nil {
			return nil, err
		}
		docs[i] = document{path, text, "eng", "letter", 1}
	}
	return docs, nil
}
