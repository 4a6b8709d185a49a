package barcode

import (
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
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
	default:
		return "", 0
	}
}

const bands = 5 // of the height of a code, that must say the same

// read returns a code of a picture that shows little else.
func read(im *image.Gray) (Code, bool) {
	for _, picture := range []*image.Gray{im, inverted(im)} {
		for _, r := range []gozxing.Reader{qrcode.NewQRCodeReader(), datamatrix.NewDataMatrixReader(), aztec.NewAztecReader()} {
			if code, ok := decode(r, picture, picture.Rect); ok {
				return code, true
			}
		}
	}
	if code, ok := upright(im); ok {
		return code, true
	}
	code, ok := upright(turned(im))
	if ok { // turned back
		b := code.Box
		code.Box = image.Rect(im.Rect.Dx()-b.Max.Y, b.Min.X, im.Rect.Dx()-b.Min.Y, b.Max.X)
	}
	return code, ok
}

// upright returns a code of upright bars, for which noise is averaged along them if there is none without that.
func upright(im *image.Gray) (Code, bool) {
	if code, ok := bars(im); ok {
		return code, true
	}
	return bars(averaged(im))
}

// bars returns a code of upright bars if nearly all bands of a picture show it, equally wide. A row of a photograph or
// of text looks like a code now and then.
func bars(im *image.Gray) (Code, bool) {
	for _, r := range []gozxing.Reader{
		oned.NewMultiFormatUPCEANReader(nil), oned.NewCode128Reader(), oned.NewCode39Reader(), oned.NewCode93Reader(),
		oned.NewITFReader(), oned.NewCodaBarReader(),
	} {
		if code, ok := agreed(r, im); ok {
			return code, true
		}
	}
	return Code{}, false
}

// agreed returns what all bands but one show to a reader.
func agreed(r gozxing.Reader, im *image.Gray) (Code, bool) {
	inner := im.Rect.Inset(margin)
	band := inner.Dy() / bands
	var first Code
	agreeing, missing := 0, 0
	for i := range bands {
		part := im.Rect
		part.Min.Y = inner.Min.Y + i*band
		part.Max.Y = part.Min.Y + band
		code, ok := decode(r, im, part)
		switch {
		case ok && agreeing == 0:
			first, agreeing = code, 1
		case ok && code.Symbology == first.Symbology && code.Value == first.Value && 10*max(first.Box.Dx(), code.Box.Dx()) <= 11*min(first.Box.Dx(), code.Box.Dx()):
			first.Box = first.Box.Union(code.Box)
			agreeing++
		default:
			missing++
		}
		if missing > 1 {
			return Code{}, false
		}
	}
	first.Box.Min.Y, first.Box.Max.Y = inner.Min.Y, inner.Max.Y
	return first, true
}

// decode gives a part of a picture to a reader. The library panics at some pictures; they show no code.
func decode(r gozxing.Reader, im *image.Gray, part image.Rectangle) (code Code, ok bool) {
	defer func() {
		if recover() != nil {
			code, ok = Code{}, false
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(im.Pix, im.Stride, im.Rect.Dy(), part.Min.X, part.Min.Y, part.Dx(), part.Dy(), false)
	if err != nil {
		return Code{}, false
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return Code{}, false
	}
	result, err := r.Decode(bitmap, map[gozxing.DecodeHintType]any{
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
	if name == "" || !sound || len(text) < least {
		return Code{}, false
	}
	var box image.Rectangle
	for _, p := range result.GetResultPoints() {
		at := image.Pt(int(p.GetX()), int(p.GetY())).Add(part.Min)
		box = box.Union(image.Rectangle{Min: at, Max: at.Add(image.Pt(1, 1))})
	}
	return Code{Box: box.Inset(-tile).Intersect(im.Rect), Symbology: name, Value: text}, true
}
