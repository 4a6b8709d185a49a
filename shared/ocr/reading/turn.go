//go:build cgo

package reading

import (
	"context"
	"errors"
	"image"
	"slices"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// turned reads a page the way up that the orientation model finds, if it reads better so: it tries the middle of the page
// first.
func (r *Reader) turned(ctx context.Context, s *sheet, first reading, letters []image.Point, opt ocr.Options) (reading, error) {
	part := middle(letters)
	if len(letters) < sampleLetters {
		part = bounds(s.shown)
	}
	found, err := r.engine.Recognise(ctx, s.shown, Ask{Languages: opt.Languages, Mode: Orientation, Region: part})
	if errors.Is(err, errors.ErrUnsupported) {
		return first, nil
	}
	if err != nil {
		return reading{}, err
	}
	angle := found.Turn
	if angle == 0 {
		return first, nil
	}
	upright, err := s.upright(angle)
	if err != nil {
		return reading{}, err
	}
	defer upright.Close()
	before := slices.DeleteFunc(slices.Clone(first.words), func(w Word) bool { return !center(w.Box).In(part) })
	words, err := r.recognise(ctx, upright, opt, Auto, turnedRect(part, angle, bounds(s.shown).Size()))
	if err != nil {
		return reading{}, err
	}
	given, tried := rate(before, 0), rate(words, angle)
	if tried.score <= given.score || tried.mean < given.mean+clearlyBetter {
		return first, nil
	}
	if part != bounds(s.shown) {
		if words, err = r.recognise(ctx, upright, opt, Auto, image.Rectangle{}); err != nil {
			return reading{}, err
		}
	}
	if second := rate(words, angle); second.score > first.score {
		return second, nil
	}
	return first, nil
}

func center(r image.Rectangle) image.Point { return r.Min.Add(r.Max).Div(2) }

// turnedPoint returns where a pixel of a picture of a size comes to lie when that is turned clockwise.
func turnedPoint(p image.Point, angle int, size image.Point) image.Point {
	switch angle {
	case 90:
		return image.Pt(size.Y-1-p.Y, p.X)
	case 180:
		return image.Pt(size.X-1-p.X, size.Y-1-p.Y)
	case 270:
		return image.Pt(p.Y, size.X-1-p.X)
	}
	return p
}

// turnedRect returns where a part of a picture comes to lie.
func turnedRect(r image.Rectangle, angle int, size image.Point) image.Rectangle {
	one := image.Pt(1, 1)
	turned := image.Rectangle{turnedPoint(r.Min, angle, size), turnedPoint(r.Max.Sub(one), angle, size)}.Canon()
	turned.Max = turned.Max.Add(one)
	return turned
}

// sideways returns the turn that is left to make the text upright: the engine reads lines that run up or down by itself.
// Chinese and Japanese lines that run down are upright.
func sideways(words []Word) int {
	var vertical, letters int
	for _, b := range words {
		for _, c := range b.Text {
			letters++
			if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) {
				vertical++
			}
		}
	}
	if 2*vertical > letters {
		return 0
	}
	return Direction(words)
}

// Direction returns the clockwise turn that makes lines run as their script does, from the steps between the words of each.
func Direction(words []Word) int {
	var right, down, leftward, letters int
	for i, b := range words {
		for _, c := range b.Text {
			if unicode.IsLetter(c) {
				letters++
			}
			if unicode.In(c, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
				leftward++
			}
		}
		if i == 0 {
			continue
		}
		a := words[i-1]
		if a.Block != b.Block || a.Paragraph != b.Paragraph || a.Line != b.Line {
			continue
		}
		right += b.Box.Min.X + b.Box.Max.X - a.Box.Min.X - a.Box.Max.X
		down += b.Box.Min.Y + b.Box.Max.Y - a.Box.Min.Y - a.Box.Max.Y
	}
	if 2*leftward > letters {
		right, down = -right, -down
	}
	switch {
	case max(right, -right) >= max(down, -down) && right >= 0:
		return 0
	case max(right, -right) >= max(down, -down):
		return 180
	case down > 0:
		return 270
	default:
		return 90
	}
}
