package table

// mostWork is how many steps the search of one page may take: each looks at a word, a cell or a line. A page of 60
// rows and 8 columns takes 0.2 million, one of 300 rows and 20 columns 31 million. A page that takes more is a pattern, or was made to.
const mostWork = 100_000_000

// work is what is left of them. It is counted rather than timed, so that the same page has the same tables.
type work struct{ left int }

// spend takes steps, and reports whether there were so many.
func (w *work) spend(steps int) bool {
	w.left -= steps
	return w.left >= 0
}

// over reports whether more was needed than there is.
func (w *work) over() bool { return w.left < 0 }
