// Package memory keeps blobs and records in memory, for tests of the domain. It passes the suite in storagetest.
package memory

import (
	"strconv"
	"sync"
	"time"

	"github.com/tidwall/btree"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Store implements storage.Blobs, storage.Records, storage.Creator and storage.Agenda. It is safe for concurrent use.
type Store struct {
	now func() time.Time

	mu      sync.RWMutex // guards the rest
	version uint64       // counts changes; every ETag is one
	blobs   *btree.BTreeG[*blob]
	records *btree.BTreeG[*storage.Record]
	due     *btree.BTreeG[storage.Due]
}

var (
	_ storage.Blobs   = (*Blobs)(nil)
	_ storage.Records = (*Store)(nil)
	_ storage.Creator = (*Store)(nil)
	_ storage.Agenda  = (*Store)(nil)
)

// New returns an empty store whose clock is now.
func New(now func() time.Time) *Store {
	return &Store{
		now:     now,
		blobs:   btree.NewBTreeG(func(a, b *blob) bool { return a.Name < b.Name }),
		records: btree.NewBTreeG(func(a, b *storage.Record) bool { return a.Compare(b.Key) < 0 }),
		due:     btree.NewBTreeG(func(a, b storage.Due) bool { return a.Compare(b) < 0 }),
	}
}

// next returns a fresh ETag. The caller holds mu.
func (s *Store) next() string {
	s.version++
	return strconv.FormatUint(s.version, 10)
}
