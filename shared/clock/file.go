package clock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lethe-ocr/lethe/shared/filelock"
)

// fileName is the anchor's file in the data folder.
const fileName = "clock"

// slotSize is one of the two slots of the file, a block of most disks. They are written alternately and in place: that needs no
// free space, and after a torn write the other slot is left.
const slotSize = 512

// File keeps the anchor in a data folder. It implements Keeper.
type File struct{ path string }

// InFolder returns the keeper of a data folder. Nothing is made before the first Update.
func InFolder(dir string) File { return File{filepath.Join(dir, fileName)} }

// slot is the content of one slot, after the checksum of its JSON.
type slot struct {
	Version int    `json:"v"`
	Count   uint64 `json:"count"` // of updates; the higher count is the newer slot
	Anchor  Anchor `json:"anchor"`
}

const slotVersion = 1

// errNewer leaves an anchor of a newer program as it is.
var errNewer = errors.New("the clock's anchor was written by a newer program: start that one, or remove the file")

// Load implements Keeper. A file in which neither slot can be read holds nothing.
func (f File) Load() (Anchor, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Anchor{}, nil
	}
	if err != nil {
		return Anchor{}, err
	}
	s, err := locked(file, filelock.Shared, latest)
	return s.Anchor, errors.Join(err, file.Close())
}

// Update implements Keeper.
func (f File) Update(change func(Anchor) (Anchor, error)) error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	_, err = locked(file, filelock.Exclusive, func(file *os.File) (slot, error) {
		s, err := latest(file)
		if err != nil {
			return s, err
		}
		if s.Anchor, err = change(s.Anchor); err != nil {
			return s, err
		}
		s.Version, s.Count = slotVersion, s.Count+1
		return s, write(file, s)
	})
	return errors.Join(err, file.Close())
}

// locked calls do while no other process writes, or none reads and writes.
func locked(file *os.File, how filelock.Mode, do func(*os.File) (slot, error)) (slot, error) {
	if err := filelock.Lock(file, how); err != nil {
		return slot{}, fmt.Errorf("lock the clock's file: %w", err)
	}
	return do(file) // closing the file gives the lock back
}

// latest returns the newer of the two slots, a zero one if neither can be read.
func latest(file *os.File) (slot, error) {
	var newest slot
	for place := range int64(2) {
		block := make([]byte, slotSize)
		if n, err := file.ReadAt(block, place*slotSize); err != nil && !errors.Is(err, io.EOF) {
			return slot{}, err
		} else if n < slotSize {
			continue
		}
		s, ok := parseSlot(block)
		if ok && s.Count > newest.Count {
			newest = s
		}
	}
	if newest.Version > slotVersion {
		return slot{}, errNewer
	}
	return newest, nil
}

// checksum is 8 hex digits and a space, before the JSON.
const checksum = "%08x "

const checksumSize = 9

func parseSlot(block []byte) (slot, bool) {
	text := bytes.TrimRight(block, "\x00")
	if len(text) < checksumSize || fmt.Sprintf(checksum, crc32.ChecksumIEEE(text[checksumSize:])) != string(text[:checksumSize]) {
		return slot{}, false
	}
	var s slot
	err := json.Unmarshal(text[checksumSize:], &s)
	return s, err == nil
}

// write overwrites the older slot. Both are on disk from the first write on, so that later ones need no space.
func write(file *os.File, s slot) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	block := make([]byte, slotSize)
	if checksumSize+len(text) > slotSize {
		return fmt.Errorf("the clock's anchor has %d bytes", len(text))
	}
	copy(block, fmt.Appendf(nil, checksum, crc32.ChecksumIEEE(text)))
	copy(block[checksumSize:], text)
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	if stat.Size() < 2*slotSize {
		if _, err := file.WriteAt(make([]byte, 2*slotSize), 0); err != nil {
			return err
		}
	}
	if _, err := file.WriteAt(block, int64(s.Count%2)*slotSize); err != nil {
		return err
	}
	if err := file.Sync(); err != nil || stat.Size() > 0 {
		return err
	}
	return syncFolder(filepath.Dir(file.Name()))
}

// syncFolder makes the name of a new file durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the folder of the settings
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
