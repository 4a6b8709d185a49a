//go:build cgo

package reading

import (
	"context"
	"image"
	"math"
	"slices"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// step is a later reading of a page.
type step int

// The steps.
const (
	stop     step = iota
	turn          // the way up that the orientation model finds in the middle of the page
	unruled       // all of it, as one block without ruled lines
	blurred       // all of it, blurred and larger
	doubtful      // the lines in doubt alone, and what is in no word, blurred and larger
)

// evidence is what is known of a page after some readings.
type evidence struct {
	profile    ocr.Profile
	letters    int     // pieces of ink as large as letters
	mean       float64 // mean confidence of the first reading the right way up
	uncovered  float64 // share of letters that lie in none of its words
	alphabetic bool    // in a script whose readings can be joined word by word
	done       map[step]bool
}

// next says what to do with a page, and why. A page is read again as a whole once at most, beside the turn, and not at all
// where reading it was costly: then, and after that, it is read again only where it is in doubt.
func next(e evidence) (step, ocr.Reason) {
	switch costly := e.letters > mostLetters; {
	case e.letters == 0 && e.mean == 0: // nothing to read
		return stop, ""
	case e.mean < legiblePage && e.letters > 0 && !e.done[turn]:
		return turn, ocr.Turned
	case e.profile == ocr.Fast || e.done[blurred] || e.done[doubtful]:
		return stop, ""
	case !e.alphabetic:
		if e.mean < goodConfidence && !costly && !e.done[unruled] {
			return unruled, ocr.Doubted
		}
		return stop, ""
	case e.mean < legiblePage && !costly:
		return blurred, ocr.Faint
	case e.uncovered >= lostLetters && !costly && !e.done[unruled]:
		return unruled, ocr.Uncovered
	case e.mean < goodConfidence:
		return doubtful, ocr.DoubtedLines
	}
	return stop, ""
}

// taken is a step that was done.
type taken struct {
	why   ocr.Reason
	where image.Rectangle // of the picture that was read, turned
	angle int             // by so many degrees
}

// best reads a page in as many ways as it calls for.
func (r *Reader) best(ctx context.Context, s *sheet, opt ocr.Options) (reading, []taken, error) {
	if opt.Scattered {
		best, err := r.scattered(ctx, s.shown, opt)
		return best, nil, err
	}
	words, err := r.recognise(ctx, s.shown, opt, Auto, image.Rectangle{})
	if err != nil {
		return reading{}, nil, err
	}
	first := rate(words, 0)
	if first.mean >= goodConfidence && opt.Profile == ocr.Fast {
		return first, nil, nil
	}
	ink, err := s.ink()
	if err != nil {
		return reading{}, nil, err
	}
	e := evidence{profile: opt.Profile, done: map[step]bool{}}
	letters := letterSized(ink, s.letter())
	e.learn(letters, first)
	best := first
	var steps []taken
	for {
		do, why := next(e)
		if do == stop {
			return best, steps, nil
		}
		e.done[do] = true
		where := bounds(s.shown)
		if do == turn {
			if best, err = r.turned(ctx, s, first, letters, opt); err == nil && best.angle != 0 {
				for i, p := range letters {
					letters[i] = turnedPoint(p, best.angle, where.Size())
				}
				e.learn(letters, best)
				where = turnedRect(where, best.angle, where.Size())
			}
		} else {
			best, where, err = r.again(ctx, s, best, do, opt)
		}
		if err != nil {
			return reading{}, nil, err
		}
		if !where.Empty() {
			steps = append(steps, taken{why, where, best.angle})
		}
	}
}

// learn takes what a first reading shows.
func (e *evidence) learn(letters []image.Point, first reading) {
	e.letters, e.mean = len(letters), first.mean
	e.uncovered, e.alphabetic = uncovered(letters, first.words), alphabetic(first.words)
}

// again reads a page another way, and returns what is best of both readings, and where it was read: nowhere if there was nothing left.
func (r *Reader) again(ctx context.Context, s *sheet, best reading, do step, opt ocr.Options) (reading, image.Rectangle, error) {
	copied := s.blurred
	if do == unruled {
		copied = s.unruled
	}
	im, larger, err := copied(best.angle)
	if err != nil {
		return reading{}, image.Rectangle{}, err
	}
	defer im.Close()
	where := bounds(im)
	if do == doubtful {
		places := certain(best.words)
		for i, p := range places {
			places[i] = scaled(p, larger)
		}
		if err := im.Whiten(places); err != nil {
			return reading{}, image.Rectangle{}, err
		}
		if where, err = inked(im); err != nil || where.Empty() {
			return best, where, err
		}
	}
	words, err := r.recognise(ctx, im, opt, SingleBlock, image.Rectangle{})
	if err != nil {
		return reading{}, image.Rectangle{}, err
	}
	for i := range words {
		words[i] = words[i].scaled(1 / larger)
	}
	where = scaled(where, 1/larger)
	if other := rate(words, best.angle); alphabetic(best.words) {
		best = rate(merge(best.words, words), best.angle)
	} else if other.score > best.score {
		best = other
	}
	return best, where, nil
}

// inked returns where there is anything in a picture.
func inked(im *picture.Image) (image.Rectangle, error) {
	ink, err := im.Ink()
	var all image.Rectangle
	for _, r := range ink {
		all = all.Union(r)
	}
	return all, err
}

// scaled returns a rectangle of a picture that is so many times as large.
func scaled(r image.Rectangle, times float64) image.Rectangle {
	return image.Rectangle{scaledPoint(r.Min, times), scaledPoint(r.Max, times)}
}

func scaledPoint(p image.Point, times float64) image.Point {
	return image.Pt(int(math.Round(float64(p.X)*times)), int(math.Round(float64(p.Y)*times)))
}

// scaled returns the word in a picture that is so many times as large.
func (w Word) scaled(times float64) Word {
	w.Box, w.Height = scaled(w.Box, times), w.Height*times
	w.Baseline = [2]image.Point{scaledPoint(w.Baseline[0], times), scaledPoint(w.Baseline[1], times)}
	w.Characters = slices.Clone(w.Characters)
	for i := range w.Characters {
		w.Characters[i].Box = scaled(w.Characters[i].Box, times)
	}
	return w
}
