//go:build linux

package worker

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

// fields reports whether the fields of a page are those that were asked for, in their order, with what such fields can hold. A
// page with fields has nothing else.
func (c *pageCheck) fields(p *ocr.Page, opt ocr.Options) bool {
	if opt.Choose || len(opt.Fields) == 0 {
		return len(p.Fields) == 0
	}
	if len(p.Fields) != len(opt.Fields) || len(p.Blocks) > 0 {
		return false
	}
	for i := range p.Fields {
		if !c.field(&p.Fields[i], &opt.Fields[i]) {
			return false
		}
	}
	return true
}

func (c *pageCheck) field(f *ocr.Field, asked *ocr.FieldRequest) bool {
	if f.ID != asked.ID || f.Kind != asked.Kind || f.Box != field.Region(*asked, c.width, c.height) || !percent(f.Confidence) {
		return false
	}
	if len(f.Lines) > 0 && f.Kind != ocr.TextField || len(f.Codes) > 0 && f.Kind != ocr.BarcodeField {
		return false
	}
	switch f.Mark {
	case "":
		if f.Kind == ocr.CheckmarkField {
			return false
		}
	case ocr.MarkUnchecked, ocr.MarkChecked:
		if f.Kind != ocr.CheckmarkField {
			return false
		}
	case ocr.MarkCorrected:
		if f.Kind != ocr.CheckmarkField || !asked.Correctable {
			return false
		}
	default:
		return false
	}
	codes := pageCheck{width: c.width, height: c.height, asked: ocr.Features{Barcodes: true}}
	if slices.ContainsFunc(f.Codes, func(b ocr.Block) bool { return b.Kind != ocr.BarcodeBlock || !codes.block(&b) }) {
		return false
	}
	return c.paragraph(&ocr.Paragraph{Box: f.Box, Lines: f.Lines})
}
