//go:build cgo

package reading

import (
	"context"
	"image"
	"slices"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/picture"
)

// A look at a page finds its languages from two pieces of it: what a Latin model makes of them tells whether the script is
// Latin, else models of the other scripts are tried. The words that were read tell the language. It costs a tenth of a reading
// where the script is Latin, and a model to load and another such look for each script that is tried.
const (
	pieceWidth   = 1000 // pixels, of letters of the usual size: lines of sixty letters
	pieceHeight  = 200  // six lines
	coarse       = 8    // pixels of the page are one where the pieces are looked for
	fewLetters   = 12   // pieces that show fewer say nothing
	sureWord     = 80.0 // confidence of words that say something
	likelyWord   = 55.0 // confidence of words that are no noise
	leastWord    = 3    // letters of such words; shorter ones are read into anything
	knownShare   = 0.7  // of the letters stand in such words: no other script needs to be tried
	ownShare     = 0.25 // nor where a model finds so many letters of its own script,
	ahead        = 1.5  // and so many times as many as the models before found of theirs
	legibleShare = 0.3  // of the letters stand in such words on a page that is not tried another way up
	secondShare  = 0.15 // of the letters that are sure, a second script must have
	frakturGain  = 1.1  // by how much more Fraktur must make of the letters to be taken
	turnedTries  = 2    // models that are tried on a page that no model could read the way up that it has
)

// firstScripts are tried first, in this order, then the others.
func firstScripts() []string {
	return []string{"Latn", "Cyrl", "Hani", "Arab", "Grek", "Hang", "Hebr", "Deva", "Thai"}
}

// look returns those of the allowed languages that a page shows, the likeliest first. It returns none if it shows none.
func (r *Reader) look(ctx context.Context, s *sheet, allowed []string) ([]string, error) {
	installed := r.Languages()
	allowed = slices.DeleteFunc(slices.Clone(allowed), func(code string) bool { return !slices.Contains(installed, code) || language.Script(code) == "" })
	if len(allowed) == 0 {
		return nil, nil
	}
	l := looking{engine: r.engine, allowed: allowed}
	for turn := 0; turn < 360; turn += 90 {
		if err := l.turned(ctx, s, turn); err != nil {
			return nil, err
		}
		if l.done {
			break
		}
	}
	return l.found, nil
}

// looking is a look at one page.
type looking struct {
	engine  Engine
	allowed []string

	found []string // what was read best so far
	own   int      // letters of it
	done  bool     // it was read well, or there is nothing to read, whichever way up
}

// turned looks at a page that is turned first.
func (l *looking) turned(ctx context.Context, s *sheet, degrees int) error {
	models := l.models()
	if degrees == 0 {
		return l.at(ctx, s.shown, models)
	}
	turned, err := s.upright(degrees)
	if err != nil {
		return err
	}
	defer turned.Close()
	return l.at(ctx, turned, models[:min(turnedTries, len(models))])
}

// sample is what a model made of the pieces of a page.
type sample struct {
	model   string
	text    string // without the words that are noise
	letters int    // of any script
	known   int    // letters of words that were read with confidence
	own     int    // those of them that belong to the model's script
}

// tells reports whether nearly everything was read with confidence, so that nothing else needs to be tried.
func (s sample) tells() bool {
	return s.own >= fewLetters && float64(s.known) >= knownShare*float64(s.letters)
}

// sample reads the pieces of a page with a model.
func (l *looking) sample(ctx context.Context, page *picture.Image, pieces []image.Rectangle, model string) (sample, error) {
	s := sample{model: model}
	var text strings.Builder
	group := language.Group(model)
	least := leastWord
	if group == "Hani" {
		least = 1
	}
	for _, region := range pieces {
		found, err := l.engine.Recognise(ctx, page, Ask{Languages: []string{model}, Mode: Auto, Region: region})
		if err != nil {
			return sample{}, err
		}
		for _, w := range found.Words {
			if w.Confidence >= likelyWord {
				text.WriteString(w.Text + " ")
			}
			letters, own := 0, language.Letters(w.Text, group)
			for _, r := range w.Text {
				if unicode.IsLetter(r) {
					letters++
				}
			}
			s.letters += letters
			if w.Confidence >= sureWord && letters >= least {
				s.known += letters
				if own >= least {
					s.own += own
				}
			}
		}
	}
	s.text = text.String()
	return s, nil
}

// at looks at a page the way up that it has.
func (l *looking) at(ctx context.Context, page *picture.Image, models []string) error {
	pieces, err := busiest(page)
	if err != nil {
		return err
	}
	var samples []sample
	most, before := 0, 0 // letters that any model found, and that one of those before found to be its own
	for _, model := range models {
		s, err := l.sample(ctx, page, pieces, model)
		if err != nil {
			return err
		}
		most = max(most, s.letters)
		samples = append(samples, s)
		if s.tells() || s.own >= fewLetters && float64(s.own) >= ownShare*float64(s.letters) && float64(s.own) >= ahead*float64(before) {
			break
		}
		before = max(before, s.own)
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return b.own - a.own })
	if most < fewLetters {
		l.done = true
		return nil
	}
	best := samples[0]
	if best.own < max(fewLetters, l.own+1) {
		return nil
	}
	l.found, l.own, l.done = nil, best.own, float64(best.known) >= legibleShare*float64(best.letters)
	for i, s := range samples {
		if s.own < fewLetters || float64(s.own) < secondShare*float64(best.own) || len(l.found) > 1 {
			break
		}
		found, err := l.languages(ctx, page, pieces, s, i > 0)
		if err != nil {
			return err
		}
		l.found = append(l.found, found...)
	}
	return nil
}

// languages returns the languages of a sample, by its words. Fraktur is tried where Latin letters were read with doubt, and taken where it
// reads more and finds words of its language.
func (l *looking) languages(ctx context.Context, page *picture.Image, pieces []image.Rectangle, s sample, second bool) ([]string, error) {
	group := language.Group(s.model)
	var candidates, old []string
	for _, code := range l.allowed {
		switch {
		case language.Group(code) != group:
		case language.Script(code) == "Latf":
			old = append(old, code)
		default:
			candidates = append(candidates, code)
		}
	}
	found := language.Guess(s.text, candidates)
	if second { // the words between those of the first
		found = found[:min(1, len(found))]
	}
	if len(found) == 0 {
		found = []string{s.model}
	}
	if second || language.Script(s.model) == "Latf" || s.tells() {
		return found, nil
	}
	for _, code := range old {
		other, err := l.sample(ctx, page, pieces, code)
		if err != nil {
			return nil, err
		}
		guess := language.Guess(other.text, append([]string{code}, candidates...))
		if float64(other.own) > frakturGain*float64(s.own) && slices.Contains(guess, code) {
			return []string{code}, nil
		}
	}
	return found, nil
}

// models returns one model for each script that is allowed.
func (l *looking) models() []string {
	of := map[string]string{}
	var scripts []string
	for _, code := range append(language.Usual(l.allowed), l.allowed...) {
		group := language.Group(code)
		if language.Script(code) == "Latf" && slices.ContainsFunc(l.allowed, func(c string) bool { return language.Script(c) == "Latn" }) {
			continue
		}
		if _, ok := of[group]; !ok && !strings.HasSuffix(code, "_vert") {
			of[group] = code
			scripts = append(scripts, group)
		}
	}
	first := firstScripts()
	place := func(group string) int {
		if i := slices.Index(first, group); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(scripts, func(a, b string) int { return place(a) - place(b) })
	models := make([]string, len(scripts))
	for i, group := range scripts {
		models[i] = of[group]
	}
	return models
}

// busiest returns the pieces of the upper and the lower half of a page that have the most steps from light to dark along their
// lines, as text has; none if there are none.
func busiest(page *picture.Image) ([]image.Rectangle, error) {
	all := image.Rect(0, 0, page.Width(), page.Height())
	if page.Width() <= pieceWidth && page.Height() <= 2*pieceHeight {
		return []image.Rectangle{all}, nil
	}
	small, err := page.Scale(1.0/coarse, 1.0/coarse)
	if err != nil {
		return nil, err
	}
	defer small.Close()
	p, err := small.Pixels()
	if err != nil {
		return nil, err
	}
	sums := steps(p)
	var pieces []image.Rectangle
	for _, half := range [2]image.Rectangle{image.Rect(0, 0, p.Width, p.Height/2), image.Rect(0, p.Height/2, p.Width, p.Height)} {
		piece := busiestIn(sums, half)
		piece = image.Rectangle{Min: piece.Min.Mul(coarse), Max: piece.Max.Mul(coarse)}.Intersect(all)
		if !piece.Empty() {
			pieces = append(pieces, piece)
		}
	}
	return pieces, nil
}

// busiestIn returns the piece of an area with the most steps, in coarse pixels.
func busiestIn(sums [][]int, area image.Rectangle) image.Rectangle {
	width, height := min(pieceWidth/coarse, area.Dx()), min(pieceHeight/coarse, area.Dy())
	most, best := 0, image.Rectangle{}
	const stride = 4 // coarse pixels: a line
	for y := area.Min.Y; y+height <= area.Max.Y; y += stride {
		for x := area.Min.X; x+width <= area.Max.X; x += stride {
			sum := sums[y+height][x+width] - sums[y][x+width] - sums[y+height][x] + sums[y][x]
			if sum > most {
				most, best = sum, image.Rect(x, y, x+width, y+height)
			}
		}
	}
	return best
}

// steps returns the sums of steps between neighbours of a grey picture, from the top left to each place. No step counts more than
// a letter's, so that the edge of a photograph is no text.
func steps(p picture.Pixels) [][]int {
	const largest = 32
	sums := make([][]int, p.Height+1)
	sums[0] = make([]int, p.Width+1)
	for y := range p.Height {
		sums[y+1] = make([]int, p.Width+1)
		row := 0
		for x := range p.Width {
			if x > 0 {
				a, b := int(p.Data[(y*p.Width+x-1)*p.Channels]), int(p.Data[(y*p.Width+x)*p.Channels])
				row += min(largest, max(a-b, b-a))
			}
			sums[y+1][x+1] = sums[y][x+1] + row
		}
	}
	return sums
}
