//go:build linux

package worker

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

const (
	maxValueBytes = 8192 // the largest QR code holds 7089 digits
	maxZoneLine   = 44   // characters of a line of a machine-readable zone
)

// feature reports whether what a block says of itself beside its text can be true, and was asked for.
func (c *pageCheck) feature(b *ocr.Block) bool {
	if b.Kind != ocr.BarcodeBlock && (b.Value != "" || b.Symbology != "") ||
		b.Kind != ocr.MRZBlock && b.MRZ != nil {
		return false
	}
	switch b.Kind {
	case ocr.TextBlock, ocr.PictureBlock, ocr.SeparatorBlock:
		return true
	case ocr.TableBlock:
		return c.asked.Tables
	case ocr.BarcodeBlock:
		return c.asked.Barcodes && value(b.Value) && readable(b.Symbology)
	case ocr.MRZBlock:
		return c.asked.MRZ && zone(b.MRZ)
	default:
		return false
	}
}

// value reports whether a bar code can say that. Control characters separate the fields of some.
func value(s string) bool {
	return s != "" && len(s) <= maxValueBytes && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// zone reports whether a machine-readable zone can be true.
func zone(z *ocr.MRZ) bool {
	if z == nil {
		return false
	}
	lines := 2
	switch z.Format {
	case ocr.TD1:
		lines = 3
	case ocr.TD2, ocr.TD3, ocr.MRVA, ocr.MRVB:
	default:
		return false
	}
	if len(z.Lines) != lines || slices.ContainsFunc(z.Lines, func(l string) bool { return l == "" || len(l) > maxZoneLine || !zoneText(l, "<") }) {
		return false
	}
	valid := true
	for _, f := range z.Fields {
		if !slices.Contains(ocr.MRZNames(), f.Name) || len(f.Value) > 2*maxZoneLine || !zoneText(f.Value, " ,") || len(f.Digit) > 1 || !zoneText(f.Digit, "<") {
			return false
		}
		valid = valid && (f.Valid == nil || *f.Valid)
	}
	return len(z.Fields) <= len(ocr.MRZNames()) && z.Valid == valid
}

// zoneText reports whether a text holds nothing but capitals, digits and those others.
func zoneText(s, others string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"+others, r) })
}
