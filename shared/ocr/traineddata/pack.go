package traineddata

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"slices"
)

// packed begins a packed file: language data whose largest part is written so that the compression of a package takes half of it, or
// less. After it comes the file without what is packed, then that.
type packed struct {
	Magic [8]byte
	Sum   uint32 // CRC-32 of the unpacked file
	Plain uint32 // bytes of the file without what is packed
	Cut   uint32 // where in them it stood
	Count uint32 // of edges, or of pruners
	Bits  uint32 // of a letter in an edge; 0 where pruners are packed
}

var magic = [8]byte{'l', 'e', 't', 'h', 'e', 'p', 'k', '1'}

// packedHeader is the size of packed in bytes.
const packedHeader = 28

var (
	errNotPackable = errors.New("is no language data with a part that can be packed")
	errPacked      = errors.New("is damaged: install it anew")
)

// size returns that of the unpacked file, in bytes.
func (h packed) size() int64 {
	if h.Bits == 0 {
		return int64(h.Plain) + int64(h.Count)*prunerSize
	}
	return int64(h.Plain) + int64(h.Count)*edgeSize
}

// Pack returns the packed form of a file. It fails for one of which nothing can be packed.
func Pack(file []byte) ([]byte, error) {
	if err := checkTable(bytes.NewReader(file), int64(len(file))); err != nil {
		return nil, err
	}
	h, plain, parts, err := packWords(file)
	if err != nil {
		h, plain, parts, err = packPruners(file)
	}
	if err != nil {
		return nil, err
	}
	unpacked, err := h.unpack(plain, parts)
	if err != nil {
		return nil, err
	}
	h.Sum = crc32.ChecksumIEEE(unpacked)
	header, err := binary.Append(nil, binary.LittleEndian, h)
	return slices.Concat(header, plain, parts), err
}

// Unpack returns the file that a packed one was made of, but for the order of the nodes of its list of words. It takes four times the
// memory of the packed one at most.
func Unpack(file []byte) ([]byte, error) {
	var h packed
	if _, err := binary.Decode(file, binary.LittleEndian, &h); err != nil || h.Magic != magic {
		return nil, errPacked
	}
	file = file[packedHeader:]
	if int64(h.Plain) > int64(len(file)) || h.Cut > h.Plain || h.Bits > 8 {
		return nil, errPacked
	}
	unpacked, err := h.unpack(file[:h.Plain], file[h.Plain:])
	if err == nil && crc32.ChecksumIEEE(unpacked) != h.Sum {
		err = errPacked
	}
	return unpacked, err
}

// unpack puts what is packed into its place.
func (h packed) unpack(plain, parts []byte) ([]byte, error) {
	each := int64(2) // bytes of an edge; numbers come after all of them
	if h.Bits == 0 {
		each = prunerSize
	}
	if int64(h.Count)*each > int64(len(parts)) {
		return nil, errPacked
	}
	file := make([]byte, h.size())
	copy(file, plain[:h.Cut])
	room := file[h.Cut : int64(h.Cut)+h.size()-int64(h.Plain)]
	copy(file[int(h.Cut)+len(room):], plain[h.Cut:])
	if h.Bits == 0 {
		return file, unpackPruners(room, parts)
	}
	return file, unpackWords(room, h.Bits, parts[:h.Count], parts[h.Count:2*h.Count], parts[2*h.Count:])
}

// part returns where a part of a file with a sound table begins and ends; false if there is none.
func part(file []byte, number int) (begin, end int, ok bool) {
	begins := func(i int) int { return int(int64(binary.LittleEndian.Uint64(file[4+8*i:]))) } // #nosec G115 -- negative where there is none
	parts := int(binary.LittleEndian.Uint32(file))
	if number >= parts || begins(number) < 4+8*parts || len(file) > math.MaxInt32 {
		return 0, 0, false
	}
	begin, end = begins(number), len(file)
	for i := range parts {
		if at := begins(i); at > begin {
			end = min(end, at)
		}
	}
	return begin, end, true
}
