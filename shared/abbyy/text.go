package abbyy

import (
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// readLanguages reads names of languages. One that cannot be read is refused with those that can, and none takes its place.
func readLanguages(d *decoder, p parameter, text string) {
	d.wish.languages = nil
	names, ok := d.split(p, text)
	if !ok {
		return
	}
	for i, name := range names {
		l, ok := findLanguage(name)
		switch {
		case !ok:
			d.refuse(p, detailValue, "name %d is not that of a recognition language; the languages installed here are: %s", i+1, available(d.known.Languages))
			return
		case l.code == "":
			d.refuse(p, detailValue, "there is no model of %s; the languages installed here are: %s", l.name, available(d.known.Languages))
			return
		case l.installed(d.known.Languages) == "":
			d.refuse(p, detailValue, "%s is not installed; the languages installed here are: %s", l.name, available(d.known.Languages))
			return
		}
		if l.near != "" {
			d.unmet(p, value{name: l.name})
		}
		d.wish.languages = append(d.wish.languages, l)
	}
}

// types takes note of the types of text that were chosen.
func (w *wish) types(chosen []value) {
	w.fraktur, w.otherTypes = false, false
	for _, v := range chosen {
		if v.is == "gothic" {
			w.fraktur = true
		} else {
			w.otherTypes = true
		}
	}
}

// models returns the models that text is read with, and the characters that may occur.
func (d *decoder) models() (codes []string, letters string) {
	installed := d.known.Languages
	if len(d.wish.languages) == 0 {
		p, _, _ := parameterOf(ProcessImage, "language")
		if d.call.Method.Name == ProcessMRZ { // which is in no language
			codes = installed[:min(1, len(installed))]
			if slices.Contains(installed, usualLanguage) {
				codes = []string{usualLanguage}
			}
			return codes, ""
		}
		readLanguages(d, p, p.usual)
	}
	onlyDigits := true
	for _, l := range d.wish.languages {
		code := l.installed(installed)
		onlyDigits = onlyDigits && l.name == digits
		old := ""
		if d.wish.fraktur {
			old = inFraktur(code, installed)
		}
		if old == "" || d.wish.otherTypes {
			codes = append(codes, code)
		}
		if old != "" {
			codes = append(codes, old)
		}
	}
	if onlyDigits && len(d.wish.languages) > 0 {
		letters = digitLetters
	}
	return unique(codes), letters
}

// checkFraktur refuses print in Fraktur that there is no model for, unless it is one type of text among others.
func (d *decoder) checkFraktur(codes []string) {
	if !d.wish.fraktur || slices.ContainsFunc(codes, func(code string) bool { return inFraktur(code, d.known.Languages) == code }) {
		return
	}
	p := d.textTypeParameter()
	v, _ := p.find("gothic")
	if d.wish.otherTypes {
		d.unmet(p, v)
		return
	}
	d.refuse(p, detailValue, "no model of the languages in Fraktur is installed; leave gothic out")
}

func (d *decoder) textTypeParameter() parameter {
	if d.field == nil {
		p, _, _ := parameterOf(ProcessImage, "texttype")
		return p
	}
	p, _ := elementOf(ocr.TextField, "textType")
	return p
}

// finishText fills in how the text of pages is read.
func (d *decoder) finishText() {
	set := &d.call.Settings
	set.Languages, set.Letters = d.models()
	d.checkFraktur(set.Languages)
}

// finishCard adds English, if it is installed: models of other languages now and then misread the @ of addresses.
func (d *decoder) finishCard() {
	if set := &d.call.Settings; slices.Contains(d.known.Languages, usualLanguage) && !slices.Contains(set.Languages, usualLanguage) {
		set.Languages = append(set.Languages, usualLanguage)
	}
}

// finishField fills in how a field is read.
func (d *decoder) finishField() {
	f := d.field
	if f.Kind != ocr.TextField {
		return
	}
	var letters string
	f.Languages, letters = d.models()
	d.checkFraktur(f.Languages)
	f.Letters = d.wish.letters
	if f.Letters == "" {
		f.Letters = letters
	}
	switch f.Marking {
	case ocr.GreyBoxes, ocr.BoxSeries, ocr.Comb, ocr.FramedComb, ocr.Partitioned:
		f.Places = d.wish.places
	}
}

func unique(list []string) []string {
	var once []string
	for _, v := range list {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}
