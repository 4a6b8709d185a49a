package layer

import "image"

// rows collects components, which come sorted by their left side, into rows.
type rows struct {
	parts []part
	rows  [][]int
	ends  []image.Rectangle // the last component of each row
	bands map[int][]int     // rows by the bands of the page in which they ended
}

const (
	band = 16 // pixels

	// room is the room between two letters or words of a row, as a share of the height of the taller.
	room = 1.5

	// open is the number of rows of a band that are tried, the latest first.
	open = 24
)

func newRows(parts []part) *rows { return &rows{parts: parts, bands: make(map[int][]int)} }

// add puts a component to the row that it continues, or begins another.
func (r *rows) add(i int) {
	box := r.parts[i].box
	best, nearest := -1, 0
	middle := (box.Min.Y + box.Max.Y) / 2
	for b := (middle - box.Dy()/2) / band; b <= (middle+box.Dy()/2)/band; b++ {
		list := r.bands[b]
		for k := len(list) - 1; k >= max(0, len(list)-open); k-- {
			at := list[k]
			if gap := box.Min.X - r.ends[at].Max.X; follows(r.ends[at], box) && (best < 0 || gap < nearest) {
				best, nearest = at, gap
			}
		}
	}
	if best < 0 {
		best = len(r.rows)
		r.rows, r.ends = append(r.rows, nil), append(r.ends, image.Rectangle{})
	}
	r.rows[best] = append(r.rows[best], i)
	end := r.ends[best]
	// A dot or a stroke does not stand for the height of its row.
	if end.Empty() || box.Dy()*2 >= end.Dy() {
		r.ends[best] = box
	} else {
		r.ends[best].Max.X = max(end.Max.X, box.Max.X)
	}
	for b := r.ends[best].Min.Y / band; b <= r.ends[best].Max.Y/band; b++ {
		if list := r.bands[b]; len(list) == 0 || list[len(list)-1] != best {
			r.bands[b] = append(list, best)
		}
	}
}

// follows reports whether a component may stand in a row behind another.
func follows(before, box image.Rectangle) bool {
	tall, low := max(before.Dy(), box.Dy()), min(before.Dy(), box.Dy())
	if float64(box.Min.X-before.Max.X) > room*float64(tall) {
		return false
	}
	overlap := min(before.Max.Y, box.Max.Y) - max(before.Min.Y, box.Min.Y)
	return 2*overlap >= low && (tall <= 3*low || box.Dx() <= 3)
}
