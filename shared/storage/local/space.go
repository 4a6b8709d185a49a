package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Room says what is kept free on the file system of the folder. The zero value keeps nothing.
type Room struct {
	Reserve int64 // bytes that only erasing may use
	Floor   int64 // bytes below which no document is taken in
	Percent int   // likewise, of the size of the file system; the larger of the two counts
}

// Space watches over the room that erasing needs: a delete writes a tombstone and a receipt before it frees anything. A
// reserve of written blocks lies in the folder. When the disk is full it is given back step by step, to erasing alone: from
// then on documents, pages and results are refused until there is room again and the reserve is whole.
type Space struct {
	room   Room
	server bool // makes the reserve whole
	folder *os.File
	file   *os.File // nil without a reserve

	given atomic.Bool // the reserve is not whole
	shape sync.Mutex  // held while the reserve grows or shrinks

	mu      sync.Mutex
	claimed int64 // of uploads in flight, what has not come yet; guarded by mu
}

const (
	reserveFile  = "reserve"
	reserveSteps = 16 // parts in which the reserve is given back, so that nobody else takes all of it at once
)

// openSpace opens the reserve; only the server makes it.
func openSpace(root *os.Root, folder *os.File, room Room, server bool) (*Space, error) {
	s := &Space{room: room, server: server, folder: folder}
	mode := os.O_RDWR
	if server && room.Reserve > 0 {
		mode |= os.O_CREATE
	}
	var err error
	s.file, err = root.OpenFile(reserveFile, mode, fileMode)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open reserve: %w", err)
	}
	return s, nil
}

func (s *Space) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Free returns how many bytes this process may still write on the file system of the folder, and how large it is.
func (s *Space) Free() (free, size int64, err error) {
	free, size, err = freeSpace(s.folder)
	if err != nil {
		return 0, 0, fmt.Errorf("ask for free space: %w", err)
	}
	return free, size, nil
}

// Floor returns the minimum of free space in bytes, on a file system of that size.
func (s *Space) Floor(size int64) int64 {
	return max(s.room.Floor, size/100*int64(s.room.Percent))
}

// Check returns nil while documents may be taken in, else what is wrong and the remedy.
func (s *Space) Check(context.Context) error {
	return s.admits(0)
}

// admits returns nil if that many more bytes leave the minimum free, uploads in flight included.
func (s *Space) admits(more int64) error {
	if s.short() {
		return s.lacking()
	}
	return s.above(more)
}

// lacking says why the reserve is not whole: there is no room for it above the minimum, or it was given back.
func (s *Space) lacking() error {
	held, err := s.held()
	if err != nil {
		return err
	}
	if !s.given.Load() {
		if err := s.above(s.room.Reserve - held); err != nil {
			return err
		}
	}
	return fault.New(fault.StorageFull, "the disk of the data folder is full, and deletion uses its reserve: free some space")
}

// above returns nil if that many more bytes leave the minimum free.
func (s *Space) above(more int64) error {
	free, size, err := s.Free()
	if err != nil {
		return unavailable(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if free-s.claimed-more < s.Floor(size) {
		return fault.New(fault.StorageFull,
			"the disk of the data folder has too little free space: free some, or lower LETHE_FREE_FLOOR_MIB and LETHE_FREE_FLOOR_PERCENT")
	}
	return nil
}

// short reports whether the reserve is not whole, whichever process gave it back.
func (s *Space) short() bool {
	if s.room.Reserve == 0 || s.file == nil {
		return false
	}
	held, err := s.held()
	return err != nil || s.given.Load() || held < s.room.Reserve
}

// held returns how large the reserve is.
func (s *Space) held() (int64, error) {
	if s.file == nil {
		return 0, nil
	}
	stat, err := s.file.Stat()
	if err != nil {
		return 0, unavailable(err)
	}
	return stat.Size(), nil
}

// Reserve returns how large the reserve is, and how large it should be, in bytes.
func (s *Space) Reserve() (held, wanted int64, err error) {
	held, err = s.held()
	return held, s.room.Reserve, err
}

// writable refuses what is no erasing while erasing uses the reserve.
func (s *Space) writable() error {
	if s.given.Load() {
		return fault.New(fault.StorageFull, "the disk is full; the server is deleting what is due: try again later")
	}
	return nil
}

// spend does what erasing needs, giving back the reserve while the disk is too full for it.
func (s *Space) spend(do func() error) error {
	err := do()
	for err != nil && s.exhausted(err) && s.giveBack() {
		err = do()
	}
	return err
}

// exhausted reports whether an operation failed for want of room. SQLite has many names for it: what it could not open or
// map counts when the disk is full indeed.
func (s *Space) exhausted(err error) bool {
	if full(err) {
		return true
	}
	if !mayBeFull(err) {
		return false
	}
	const little = 256 << 10 // the index of the write-ahead log takes 32 KiB at a time
	free, _, err := s.Free()
	return err == nil && free < little
}

// giveBack frees a part of the reserve. From before the first byte is free nothing else is written. It is false when there
// is nothing left to give.
func (s *Space) giveBack() bool {
	if s.file == nil {
		return false
	}
	s.shape.Lock()
	defer s.shape.Unlock()
	s.given.Store(true)
	held, err := s.held()
	if err != nil || held == 0 {
		return false
	}
	step := max(s.room.Reserve, held)/reserveSteps + 1
	// Synced: file systems with a journal lend freed blocks again only after it is written.
	return s.file.Truncate(max(0, held-step)) == nil && s.file.Sync() == nil
}

// Restore refills the reserve when there is room for it above the minimum. Its bytes are written and random, so that no
// file system saves them. A fault of StorageFull means that there is no room yet.
func (s *Space) Restore(ctx context.Context) error {
	if !s.server || !s.short() {
		return nil
	}
	s.shape.Lock()
	defer s.shape.Unlock()
	held, err := s.held()
	if err != nil {
		return err
	}
	if missing := s.room.Reserve - held; missing > 0 {
		if err := s.above(missing); err != nil {
			return err
		}
		if err := s.fill(ctx, held, missing); err != nil {
			return err
		}
	}
	s.given.Store(false)
	return nil
}

func (s *Space) fill(ctx context.Context, at, missing int64) error {
	random := &reader{ctx: ctx, r: io.LimitReader(rand.Reader, missing)}
	_, err := io.Copy(io.NewOffsetWriter(s.file, at), random)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return errors.Join(unavailable(err), s.file.Truncate(at))
	}
	return nil
}

// Claim takes room for an upload before its bytes come. declared is its size as the client says, or negative if it says
// nothing: then free space is checked while bytes arrive. A claim that is refused is a fault of StorageFull.
func (s *Space) Claim(declared int64) (*Claim, error) {
	if err := s.admits(max(0, declared)); err != nil {
		return nil, err
	}
	c := &Claim{space: s, known: declared >= 0, left: max(0, declared)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claimed += c.left
	return c, nil
}

// Claim is room for one upload. It is used by one goroutine at a time.
type Claim struct {
	space *Space
	known bool
	left  int64 // what has not come yet
	blind int64 // bytes since free space was checked, of an upload of unknown size
}

// Reader returns r, whose bytes use the claim up. It fails with StorageFull when there is no room for the rest.
func (c *Claim) Reader(r io.Reader) io.Reader { return claimed{r, c} }

// Release gives back what did not come.
func (c *Claim) Release() {
	c.space.mu.Lock()
	defer c.space.mu.Unlock()
	c.space.claimed -= c.left
	c.left = 0
}

// came counts bytes.
func (c *Claim) came(n int64) error {
	const look = 1 << 20
	if !c.known {
		if c.blind += n; c.blind < look {
			return nil
		}
		c.blind = 0
		return c.space.admits(look)
	}
	c.space.mu.Lock()
	defer c.space.mu.Unlock()
	n = min(n, c.left)
	c.left -= n
	c.space.claimed -= n
	return nil
}

type claimed struct {
	r     io.Reader
	claim *Claim
}

// Read implements io.Reader.
func (c claimed) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if room := c.claim.came(int64(n)); room != nil {
		return n, room
	}
	return n, err
}
