package hostiletest

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// Types of TIFF values (TIFF 6.0, section 2).
const (
	tiffByte  = 1
	tiffShort = 3
	tiffLong  = 4
)

// tag is an entry of a directory with one value, or with count values that lie at a place.
type tag struct {
	id, kind uint16
	count    uint32
	value    uint32
}

// Tags that the cases lie about.
const (
	tagWidth       = 256
	tagHeight      = 257
	tagBits        = 258
	tagCompression = 259
	tagPhotometric = 262
	tagOffsets     = 273
	tagOrientation = 274
	tagSamples     = 277
	tagRows        = 278
	tagCounts      = 279
	tagXResolution = 282
	tagPlanar      = 284
	tagPredictor   = 317
	tagColours     = 320
	tagTileWidth   = 322
	tagTileHeight  = 323
	tagTileOffsets = 324
	tagTileCounts  = 325
	tagSubIFDs     = 330
	tagFormat      = 339
	tagTables      = 347
	tagSubsampling = 530
	tagExif        = 34665
	tagProfile     = 34675
)

// tiffPicture is the pixels and what the directory says of them, with changes that come from a case.
func tiffPicture(at, size uint32, changes ...tag) []tag {
	tags := []tag{
		{tagWidth, tiffLong, 1, width}, {tagHeight, tiffLong, 1, height}, {tagBits, tiffShort, 1, 8},
		{tagCompression, tiffShort, 1, 1}, {tagPhotometric, tiffShort, 1, 1}, {tagOffsets, tiffLong, 1, at},
		{tagSamples, tiffShort, 1, 1}, {tagRows, tiffLong, 1, height}, {tagCounts, tiffLong, 1, size},
	}
	for _, c := range changes {
		i := slices.IndexFunc(tags, func(t tag) bool { return t.id == c.id })
		if i < 0 {
			tags = append(tags, c)
			continue
		}
		tags[i] = c
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return int(a.id) - int(b.id) })
	return tags
}

// directory writes tags, in little-endian order, and where the next directory is.
func directory(tags []tag, next uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, uint16(len(tags)))
	for _, t := range tags {
		b = le.AppendUint16(le.AppendUint16(b, t.id), t.kind)
		b = le.AppendUint32(le.AppendUint32(b, t.count), t.value)
	}
	return le.AppendUint32(b, next)
}

// pixelsAt is where the pixels of tiffOf begin.
const pixelsAt = 8

// tiffOf is a file of pixels and one directory behind them.
func tiffOf(pixels []byte, changes ...tag) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("II\x2a\x00"), uint32(pixelsAt+len(pixels)))
	b = append(b, pixels...)
	return append(b, directory(tiffPicture(pixelsAt, uint32(len(pixels)), changes...), 0)...)
}

func goodTIFF() []byte { return tiffOf(rows()) }

// chain is a file of pages that share their pixels; the last goes on at a place.
func chain(pages int, last func(first, size int) uint32, changes ...tag) []byte {
	pixels := rows()
	b := binary.LittleEndian.AppendUint32([]byte("II\x2a\x00"), uint32(pixelsAt+len(pixels)))
	b = append(b, pixels...)
	tags := tiffPicture(pixelsAt, uint32(len(pixels)), changes...)
	size := len(directory(tags, 0))
	first := len(b)
	for i := range pages {
		next := uint32(first + (i+1)*size)
		if i == pages-1 {
			next = last(first, size)
		}
		b = append(b, directory(tags, next)...)
	}
	return b
}

// bigTIFF is a BigTIFF of one page (the format's design, 2007): counts and places have 8 bytes.
func bigTIFF(offsetSize uint16, count uint64, changes ...tag) []byte {
	le := binary.LittleEndian
	pixels := rows()
	b := le.AppendUint16([]byte("II\x2b\x00"), offsetSize)
	b = le.AppendUint64(append(b, 0, 0), uint64(16+len(pixels)))
	b = append(b, pixels...)
	tags := tiffPicture(16, uint32(len(pixels)), changes...)
	if count == 0 {
		count = uint64(len(tags))
	}
	b = le.AppendUint64(b, count)
	for _, t := range tags {
		b = le.AppendUint16(le.AppendUint16(b, t.id), t.kind)
		b = le.AppendUint64(le.AppendUint64(b, uint64(t.count)), uint64(t.value))
	}
	return le.AppendUint64(b, 0)
}

func end(int, int) uint32 { return 0 }

// tiffs are files whose chain of pages is odd.
func tiffs() []Document {
	f := family{name: "TIFF"}
	good := goodTIFF()
	at := len(good) - len(directory(tiffPicture(0, 0), 0))
	f.cut(good, 4, 2, 4, 8, 16, at+1, at+2, at+14, len(good)-4)
	f.flip(append(lenient(), fault.PageTooLarge, fault.PageMemory), good, 16, at, len(good))
	f.flip(append(lenient(), fault.DocumentUnknownType), good, 4, 0, 8)
	both := append(lenient(), fault.PageTooLarge)
	f.extremes(good, at+2, len(good), 4, nil)
	f.extremes(bigTIFF(8, 0), 16+len(rows()), 16+len(rows())+100, 4, nil)
	f.add(fine(), "one page", good)
	f.add(fine(), "three pages", chain(3, end))
	f.add(refused(), "page that follows itself", chain(1, func(first, _ int) uint32 { return uint32(first) }))
	f.add(refused(), "five pages in a circle", chain(5, func(first, size int) uint32 { return uint32(first + 2*size) }))
	f.add(lenient(), "next page outside of the file", chain(1, func(int, int) uint32 { return 1 << 31 }))
	f.add(lenient(), "next page in the pixels", chain(1, func(int, int) uint32 { return 100 }))
	f.add(lenient(), "second page cut off", chain(2, end)[:len(chain(2, end))-40])
	f.lazy([]fault.Code{fault.DocumentTooManyPages}, "10,000 pages", func() []byte { return chain(10_000, end) })
	f.lazy([]fault.Code{fault.DocumentTooManyPages}, "60,000 pages that are thumbnails", func() []byte {
		return chain(60_000, end, tag{254, tiffLong, 1, 1})
	})
	f.add(lenient(), "nothing but a mask", chain(1, end, tag{254, tiffLong, 1, 4}))
	f.add(refused(), "no directory", []byte("II\x2a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.add(refused(), "directory outside", append([]byte("II\x2a\x00\xf0\xff\xff\xff"), make([]byte, 50)...))
	f.add(refused(), "directory of no entries", slices.Concat([]byte("II\x2a\x00\x08\x00\x00\x00"), directory(nil, 0), make([]byte, 9)))
	f.add(refused(), "directory of 65,535 entries", append([]byte("II\x2a\x00\x08\x00\x00\x00\xff\xff"), make([]byte, 5000)...))
	f.add(append(lenient(), fault.DocumentUnknownType), "the other byte order", with(good, 0, 'M', 'M'))
	f.add(foreign(), "version 44", with(good, 2, 44))
	f.add(fine(), "BigTIFF", bigTIFF(8, 0))
	f.add(refused(), "BigTIFF with places of 4 bytes", bigTIFF(4, 0))
	f.add(refused(), "BigTIFF of 2^64-1 entries", bigTIFF(8, 1<<64-1))
	f.add(both, "BigTIFF, 60,000 pixels square", bigTIFF(8, 0, tag{tagWidth, tiffLong, 1, 60_000}, tag{tagHeight, tiffLong, 1, 60_000}))
	f.add(lenient(), "BigTIFF cut off in its directory", bigTIFF(8, 0)[:16+len(rows())+60])
	f.add(refused(), "BigTIFF of 16 bytes", bigTIFF(8, 0)[:16])
	return f.all
}

// tiffTags are pages that say something wrong of themselves.
func tiffTags() []Document {
	f := family{name: "TIFF"}
	bad := append(lenient(), fault.PageTooLarge, fault.DocumentTooLarge)
	for _, c := range []struct {
		name string
		ends []fault.Code
		tags []tag
	}{
		{"60,000 pixels square", tooLarge(), []tag{{tagWidth, tiffLong, 1, 60_000}, {tagHeight, tiffLong, 1, 60_000}}},
		{"99 megapixels without data", costly(), []tag{{tagWidth, tiffLong, 1, 9_900}, {tagHeight, tiffLong, 1, 10_000}, {tagRows, tiffLong, 1, 10_000}}},
		{"99 megapixels in strips of a row", costly(), []tag{{tagWidth, tiffLong, 1, 9_900}, {tagHeight, tiffLong, 1, 10_000}, {tagRows, tiffLong, 1, 1}}},
		{"floating point", bad, []tag{{tagBits, tiffShort, 1, 32}, {tagFormat, tiffShort, 1, 3}}},
		{"4 samples called inks", bad, []tag{{tagSamples, tiffShort, 1, 4}, {tagPhotometric, tiffShort, 1, 5}}},
		{"samples in planes of 77", bad, []tag{{tagSamples, tiffShort, 1, 3}, {tagPlanar, tiffShort, 1, 77}}},
		{"palette that is not there", bad, []tag{{tagPhotometric, tiffShort, 1, 3}}},
		{"palette outside of the file", bad, []tag{{tagPhotometric, tiffShort, 1, 3}, {tagColours, tiffShort, 768, 1 << 30}}},
		{"luma and chroma with sampling 0", bad, []tag{{tagPhotometric, tiffShort, 1, 6}, {tagSamples, tiffShort, 1, 3}, {tagSubsampling, tiffShort, 2, 0}}},
		{"LogLuv", bad, []tag{{tagPhotometric, tiffShort, 1, 32_845}, {tagSamples, tiffShort, 1, 3}}},
		{"2^30 strips", bad, []tag{{tagOffsets, tiffLong, 1 << 30, 8}, {tagCounts, tiffLong, 1 << 30, 8}}},
		{"strip places that are letters", bad, []tag{{tagOffsets, 2, 4, pixelsAt}}},
		{"orientation 6", lenient(), []tag{{tagOrientation, tiffShort, 1, 6}}},
		{"resolution of 0/0", lenient(), []tag{{tagXResolution, 5, 1, 1 << 30}}},
		{"resolution that is pixels", lenient(), []tag{{tagXResolution, 5, 1, pixelsAt}, {tagXResolution + 1, 5, 1, pixelsAt}, {296, tiffShort, 1, 3}}},
		{"tiles of nothing", bad, tiled(0, 0, 1)},
		{"tiles of 2^31", bad, tiled(1<<31, 1<<31, 1)},
		{"tile outside", bad, append(tiled(16, 16, 1), tag{tagTileOffsets, tiffLong, 1, 1 << 31})},
		{"tiles of 65,520 pixels square", costly(), tiled(65_520, 65_520, 1)},
		{"sub-directory that is itself", lenient(), []tag{{tagSubIFDs, tiffLong, 1, pixelsAt + width*height}}},
		{"Exif that is itself", lenient(), []tag{{tagExif, tiffLong, 1, pixelsAt + width*height}}},
		{"colour profile of pixels", lenient(), []tag{{tagProfile, 7, 500, pixelsAt}}},
		{"text without end", lenient(), []tag{{270, 2, 7000, pixelsAt}}},
	} {
		f.lazy(c.ends, c.name, func() []byte { return tiffOf(rows(), c.tags...) })
	}
	return f.all
}

func tiled(w, h, n uint32) []tag {
	return []tag{
		{tagTileWidth, tiffLong, 1, w}, {tagTileHeight, tiffLong, 1, h}, {tagTileOffsets, tiffLong, n, pixelsAt}, {tagTileCounts, tiffLong, n, pixelsAt},
	}
}

// tiffCodecs are pixels that are not in the compression that the directory names.
func tiffCodecs() []Document {
	f := family{name: "TIFF"}
	codecs := []struct {
		name string
		id   uint32
		good []byte // what decodes; nil if nothing of ours does
	}{
		{"Huffman runs", 2, nil}, {"G3", 3, nil}, {"G4", 4, nil}, {"LZW", 5, nil}, {"old JPEG", 6, nil}, {"JPEG", 7, goodJPEG()},
		{"Deflate", 8, deflated(rows())}, {"JBIG", 34661, nil}, {"PackBits", 32773, nil}, {"ThunderScan", 32809, nil}, {"NeXT", 32766, nil},
		{"old Deflate", 32946, deflated(rows())}, {"Pixar", 32909, deflated(rows())}, {"SGI", 34676, nil}, {"SGI of 24 bits", 34677, nil},
		{"LZMA", 34925, nil}, {"Zstandard", 50000, nil}, {"WebP", 50001, goodWebP()}, {"LERC", 34887, nil}, {"JPEG 2000", 34712, goodJP2()},
		{"JPEG XL", 50002, nil}, {"a codec that does not exist", 61_234, nil},
	}
	for _, c := range codecs {
		changes := []tag{{tagCompression, tiffShort, 1, c.id}}
		if c.id >= 2 && c.id <= 4 || c.id == 34661 {
			changes = append(changes, tag{tagBits, tiffShort, 1, 1})
		}
		f.add(lenient(), fmt.Sprintf("%s of noise", c.name), tiffOf(noise(2000), changes...))
		if c.good != nil {
			f.add(lenient(), fmt.Sprintf("%s cut off", c.name), tiffOf(c.good[:len(c.good)/2], changes...))
		}
	}
	f.add(lenient(), "LZW with predictor 77", tiffOf(noise(2000), tag{tagCompression, tiffShort, 1, 5}, tag{tagPredictor, tiffShort, 1, 77}))
	f.add(lenient(), "JPEG with tables of noise", tiffOf(goodJPEG(), tag{tagCompression, tiffShort, 1, 7}, tag{tagTables, 7, 400, pixelsAt}))
	huge := with(goodJPEG(), sofOf(goodJPEG())+5, 0xff, 0xdc, 0xff, 0xdc)
	f.add(lenient(), "JPEG of 65,500 pixels square in a small page", tiffOf(huge, tag{tagCompression, tiffShort, 1, 7}))
	f.lazy(costly(), "Deflate that unfolds to 1 GiB", func() []byte {
		return tiffOf(zeros(1024), tag{tagCompression, tiffShort, 1, 8})
	})
	f.lazy(costly(), "99 megapixels of 64 bits, deflated", func() []byte {
		return tiffOf(zeros(756), tag{tagCompression, tiffShort, 1, 8}, tag{tagWidth, tiffLong, 1, 9_900}, tag{tagHeight, tiffLong, 1, 10_000},
			tag{tagRows, tiffLong, 1, 10_000}, tag{tagSamples, tiffShort, 1, 4}, tag{tagBits, tiffShort, 1, 16}, tag{tagPhotometric, tiffShort, 1, 2})
	})
	f.lazy(costly(), "99 megapixels of 8 bits, deflated", func() []byte {
		return tiffOf(zeros(95), tag{tagCompression, tiffShort, 1, 8}, tag{tagWidth, tiffLong, 1, 9_900}, tag{tagHeight, tiffLong, 1, 10_000},
			tag{tagRows, tiffLong, 1, 10_000})
	})
	return f.all
}
