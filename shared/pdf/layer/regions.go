package layer

import (
	"cmp"
	"image"
	"slices"
)

// Sizes of letters, in pixels at the resolution of the search, about 100 dpi.
const (
	leastHeight = 4   // of small print of 4 points
	mostHeight  = 170 // of headings of 120 points
	mostLength  = 40  // of a word, as a multiple of its height
	slim        = 15  // multiple of its width from which a stroke is a rule

	// leastStrokes is how many strokes the pixel rows of a word cross at least, on average. Of what stands on end more is asked:
	// bars and pillars do so as well.
	leastStrokes         = 1.7
	leastStrokesStanding = 2.5

	// hollow is the share of its box below which the edges of a long component leave it empty.
	hollow = 0.4

	// strokes is how many strokes a row of text crosses at least, on average of its pixel rows, for each of its heights of length.
	strokes = 0.6

	// mostParts bounds what is looked at. A page has at most some thousand words; more are noise.
	mostParts = 60_000
)

// Region is a part of a picture that may be text.
type Region struct {
	Box   image.Rectangle // in pixels, a little more than the ink
	Parts int             // letters or words
}

// Found is what a search for text has found in a picture.
type Found struct {
	Regions []Region // from the top
	lines   []run    // edges of what cannot be letters
	size    image.Point
}

// Search finds rows of ink in the size of letters.
func Search(p Picture) Found {
	t := trace(p)
	if t == nil {
		// Nothing can be told apart in it, so all of it may be text.
		return Found{size: image.Pt(p.Width, p.Height), Regions: []Region{{Box: image.Rect(0, 0, p.Width, p.Height), Parts: mostParts}}}
	}
	letters := t.components(part.letter)
	if len(letters) > mostParts {
		slices.SortStableFunc(letters, func(a, b part) int { return cmp.Compare(b.pixels, a.pixels) })
		letters = letters[:mostParts]
	}
	found := Found{size: image.Pt(p.Width, p.Height)}
	var rest []part
	found.Regions, rest = rowsOf(letters, leastStrokes)
	for i := range rest {
		rest[i].box = transposed(rest[i].box)
		rest[i].crossed, rest[i].crossedDown = rest[i].crossedDown, rest[i].crossed
	}
	standing, _ := rowsOf(rest, leastStrokesStanding)
	for _, r := range standing {
		found.Regions = append(found.Regions, Region{Box: transposed(r.Box), Parts: r.Parts})
	}
	if len(found.Regions) == 0 {
		return Found{size: found.size}
	}
	slices.SortStableFunc(found.Regions, func(a, b Region) int { return cmp.Compare(a.Box.Min.Y, b.Box.Min.Y) })
	for i := range found.Regions {
		r := &found.Regions[i]
		margin := 2 + min(r.Box.Dx(), r.Box.Dy())/3
		r.Box = r.Box.Inset(-margin).Intersect(image.Rect(0, 0, p.Width, p.Height))
	}
	for _, run := range t.runs {
		if !t.parts[t.root(run.part)].letter() {
			found.lines = append(found.lines, run)
		}
	}
	return found
}

func transposed(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
}

// letter reports whether a component has the size of a letter or of a word.
func (c part) letter() bool {
	w, h := c.box.Dx(), c.box.Dy()
	long, short := max(w, h), min(w, h)
	rule := short <= 3 && long > slim*short/2
	return long >= leastHeight && short <= mostHeight && long <= mostLength*short && !rule && !c.frame()
}

// frame reports whether a component is a box around something, or a row of boxes: hollow, with a line along it.
func (c part) frame() bool {
	w, h := c.box.Dx(), c.box.Dy()
	return w > 2*h && float64(c.longest) > 0.7*float64(w) && float64(c.pixels) < hollow*float64(w*h)
}

// square reports whether a component looks like a box to tick or a button. Some letters do as well, but no word of them alone.
func (c part) square() bool {
	w, h := c.box.Dx(), c.box.Dy()
	crossed := float64(c.crossed) / float64(h)
	return min(w, h) >= 8 && crossed > 1.8 && crossed < 2.4 && float64(c.longest) > 0.85*float64(w)
}

// rowsOf joins components that stand side by side, and returns those that make no row. The pixel rows of text cross at least so
// many strokes.
func rowsOf(parts []part, least float64) (regions []Region, rest []part) {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.box.Min.X, b.box.Min.X) })
	rows := newRows(parts)
	for i := range parts {
		rows.add(i)
	}
	for _, members := range rows.rows {
		row := row{}
		for _, i := range members {
			row.add(parts[i])
		}
		if row.text(least) {
			regions = append(regions, Region{Box: row.box, Parts: len(members)})
			continue
		}
		for _, i := range members {
			rest = append(rest, parts[i])
		}
	}
	return regions, rest
}

// row is what is known of a row of components.
type row struct {
	box     image.Rectangle
	last    image.Rectangle // component that lies in no other
	full    int             // components that are no mere strokes or boxes
	crossed int             // strokes, over all pixel rows
	widest  int
	heights []int
}

func (r *row) add(c part) {
	inside := c.box.In(r.last) // such as the hole of a letter, or the sign on a button
	r.box = r.box.Union(c.box)
	if inside || c.square() {
		return
	}
	r.last = c.box
	if c.box.Dx() > 3 && c.box.Dy() >= leastHeight {
		r.full++
		r.heights = append(r.heights, c.box.Dy())
	}
	r.crossed += c.crossed
	r.widest = max(r.widest, c.box.Dx())
}

// text reports whether a row may be text: several letters, or a word, and strokes enough for its length.
func (r *row) text(least float64) bool {
	if r.full == 0 {
		return false
	}
	slices.Sort(r.heights)
	height := float64(r.heights[len(r.heights)/2])
	width, widest := float64(r.box.Dx()), float64(r.widest)
	perRow := float64(r.crossed) / height
	word := r.full > 1 || widest >= 1.8*height || widest >= 1.2*height && perRow >= least+1
	return word && width >= height && height >= leastHeight && perRow >= least && perRow >= strokes*width/height
}
