package barcode

import (
	"image"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/oned/rss"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// symbology returns the name of a kind that is read, and the fewest characters that a value of it has: those without a check digit
// say something short by chance. The name of another kind is empty.
func symbology(f gozxing.BarcodeFormat) (name string, least int) {
	switch f {
	case gozxing.BarcodeFormat_QR_CODE:
		return "QR-Code", 1
	case gozxing.BarcodeFormat_DATA_MATRIX:
		return "DataMatrix", 1
	case gozxing.BarcodeFormat_AZTEC:
		return "Aztec", 1
	case gozxing.BarcodeFormat_CODE_128:
		return "Code-128", 1
	case gozxing.BarcodeFormat_CODE_93:
		return "Code-93", 1
	case gozxing.BarcodeFormat_CODE_39:
		return "Code-39", 3
	case gozxing.BarcodeFormat_EAN_13:
		return "EAN-13", 13
	case gozxing.BarcodeFormat_EAN_8:
		return "EAN-8", 8
	case gozxing.BarcodeFormat_UPC_A:
		return "UPC-A", 12
	case gozxing.BarcodeFormat_UPC_E:
		return "UPC-E", 8
	case gozxing.BarcodeFormat_ITF:
		return "ITF", 8
	case gozxing.BarcodeFormat_CODABAR:
		return "Codabar", 6
	case gozxing.BarcodeFormat_RSS_14:
		return dataBar, 14
	default:
		return "", 0
	}
}

const dataBar = "GS1-DataBar"

const bands = 5 // of the height of a code, that must say the same

// read returns a code of a picture that shows little else.
func (wanted kinds) read(im *image.Gray) (Code, bool) {
	for _, picture := range []*image.Gray{im, inverted(im)} {
		p := partOf(picture, picture.Rect)
		for _, r := range []gozxing.Reader{qrcode.NewQRCodeReader(), datamatrix.NewDataMatrixReader(), aztec.NewAztecReader()} {
			if code, ok := wanted.decode(r, p); ok {
				return code, true
			}
		}
	}
	if code, ok := wanted.upright(im); ok {
		return code, true
	}
	code, ok := wanted.upright(turned(im))
	if ok { // turned back
		b := code.Box
		code.Box = image.Rect(im.Rect.Dx()-b.Max.Y, b.Min.X, im.Rect.Dx()-b.Min.Y, b.Max.X)
	}
	return code, ok
}

// upright returns a code of upright bars, if there may be any, for which noise is averaged along them if there is none without that.
func (wanted kinds) upright(im *image.Gray) (Code, bool) {
	if !barred(im) {
		return Code{}, false
	}
	if code, ok := wanted.bars(im); ok {
		return code, true
	}
	return wanted.bars(averaged(im))
}

// bars returns a code of upright bars if nearly all bands of a picture show it, equally wide. A row of a photograph or
// of text looks like a code now and then.
func (wanted kinds) bars(im *image.Gray) (Code, bool) {
	for _, r := range []gozxing.Reader{
		oned.NewMultiFormatUPCEANReader(nil), oned.NewCode128Reader(), oned.NewCode39Reader(), oned.NewCode93Reader(),
		oned.NewITFReader(), oned.NewCodaBarReader(), rss.NewRSS14Reader(),
	} {
		if code, ok := wanted.agreed(r, im); ok {
			return code, true
		}
	}
	return Code{}, false
}

// agreed returns what all bands but one, whichever that is, show to a reader.
func (wanted kinds) agreed(r gozxing.Reader, im *image.Gray) (Code, bool) {
	inner := im.Rect.Inset(margin)
	band := inner.Dy() / bands
	type reading struct {
		code  Code
		bands int
	}
	var readings []reading // that differ
	var best reading
	for i := range bands {
		strip := im.Rect
		strip.Min.Y = inner.Min.Y + i*band
		strip.Max.Y = strip.Min.Y + band
		if code, ok := wanted.decode(r, partOf(im, strip)); ok {
			at := slices.IndexFunc(readings, func(r reading) bool { return r.code.repeats(code) })
			if at < 0 {
				at = len(readings)
				readings = append(readings, reading{code: code})
			}
			same := &readings[at]
			same.code.Box = same.code.Box.Union(code.Box)
			if same.bands++; same.bands > best.bands {
				best = *same
			}
		}
		if i+1-best.bands > 1 {
			return Code{}, false
		}
	}
	found := best.code
	found.Box.Min.Y, found.Box.Max.Y = inner.Min.Y, inner.Max.Y
	if found.Symbology == dataBar { // of which the reader says where two patterns in it are
		found.Box = inner
	}
	return found, true
}

// repeats reports whether two bands show the same code, equally wide.
func (c Code) repeats(other Code) bool {
	return c.Symbology == other.Symbology && c.Value == other.Value &&
		10*max(c.Box.Dx(), other.Box.Dx()) <= 11*min(c.Box.Dx(), other.Box.Dx())
}

// part is a part of a picture for readers. What one of them has found out of black and white serves the next.
type part struct {
	at     image.Rectangle
	whole  image.Rectangle
	bitmap *gozxing.BinaryBitmap // nil if it is too small for any
}

func partOf(im *image.Gray, at image.Rectangle) part {
	p := part{at: at, whole: im.Rect}
	source, err := gozxing.NewPlanarYUVLuminanceSource(im.Pix, im.Stride, im.Rect.Dy(), at.Min.X, at.Min.Y, at.Dx(), at.Dy(), false)
	if err == nil {
		p.bitmap, _ = gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source)) // fails without a binarizer alone
	}
	return p
}

// decode gives a part of a picture to a reader. The library panics at some pictures; they show no code.
func (wanted kinds) decode(r gozxing.Reader, p part) (code Code, ok bool) {
	if p.bitmap == nil {
		return Code{}, false
	}
	defer func() {
		if recover() != nil {
			code, ok = Code{}, false
		}
	}()
	result, err := r.Decode(p.bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
		gozxing.DecodeHintType_POSSIBLE_FORMATS: []gozxing.BarcodeFormat{ // without it there is no UPC-A
			gozxing.BarcodeFormat_EAN_13, gozxing.BarcodeFormat_EAN_8, gozxing.BarcodeFormat_UPC_A, gozxing.BarcodeFormat_UPC_E,
		},
	})
	if err != nil {
		return Code{}, false
	}
	name, least := symbology(result.GetBarcodeFormat())
	text, sound := said(result)
	if !wanted.has(name) {
		name, text = wanted.instead(name, text)
	}
	if name == "" || !sound || len(text) < least {
		return Code{}, false
	}
	var box image.Rectangle
	for _, point := range result.GetResultPoints() {
		at := image.Pt(int(point.GetX()), int(point.GetY())).Add(p.at.Min)
		box = box.Union(image.Rectangle{Min: at, Max: at.Add(image.Pt(1, 1))})
	}
	return Code{Box: box.Inset(-tile).Intersect(p.whole), Symbology: name, Value: text}, true
}

// kinds are those that are looked for; none: all.
type kinds []string

func (wanted kinds) has(name string) bool { return len(wanted) == 0 || slices.Contains(wanted, name) }

// instead returns a code of 12 digits as one of 13 where only those are looked for: UPC-A is the part of EAN-13 that begins with 0.
func (wanted kinds) instead(name, value string) (string, string) {
	if name == "UPC-A" && wanted.has("EAN-13") {
		return "EAN-13", "0" + value
	}
	return "", ""
}
