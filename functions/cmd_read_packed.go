//go:build linux

package main

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// packedPages holds the pages of a document from when they are read, in any order, until its results are written. They are
// compressed, to about a tenth: a document may have thousands.
type packedPages struct {
	pages   [][]byte
	missing atomic.Int64 // pages that say why they could not be read
}

func newPackedPages(n int) *packedPages { return &packedPages{pages: make([][]byte, n)} }

// len returns how many pages there are to be.
func (p *packedPages) len() int { return len(p.pages) }

// put keeps a page in a place, counted from 0. Different places may be filled at once.
func (p *packedPages) put(place int, page *ocr.Page) error {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return err
	}
	if err := errors.Join(json.NewEncoder(w).Encode(page), w.Close()); err != nil {
		return fmt.Errorf("keep page %d: %w", page.Number, err)
	}
	p.pages[place] = bytes.Clone(packed.Bytes())
	if page.Failure != nil {
		p.missing.Add(1)
	}
	return nil
}

// all yields the pages in their order, one after the other in memory.
func (p *packedPages) all(yield func(ocr.Page, error) bool) {
	for _, packed := range p.pages {
		var page ocr.Page
		err := json.NewDecoder(flate.NewReader(bytes.NewReader(packed))).Decode(&page)
		if !yield(page, err) || err != nil {
			return
		}
	}
}
