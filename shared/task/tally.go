package task

import "sync"

// tally counts pages while they are read.
type tally struct {
	mu    sync.Mutex
	pages Progress // guarded by mu
}

// page counts one page as done.
func (t *tally) page(failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pages.count(failed)
}

// set replaces the counts.
func (t *tally) set(pages Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pages = pages
}

// counts returns the counts.
func (t *tally) counts() Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pages
}
