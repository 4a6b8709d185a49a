package hostiletest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// pdfFilters are streams whose filters unfold to far more than there is, or do not fit their bytes.
func pdfFilters() []Document {
	f := family{name: "PDF"}
	content := func(ends []fault.Code, name, entries string, data func() []byte) {
		f.lazy(ends, "content, "+name, func() []byte { return sheet{entries: entries, content: string(data())}.bytes() })
	}
	fixed := func(b []byte) func() []byte { return func() []byte { return b } }
	const flate, chained = "/Filter/FlateDecode", "/Filter[/FlateDecode/FlateDecode]"
	good := deflated([]byte(words))
	content(fine(), "deflated", flate, fixed(good))
	content(lenient(), "deflated and cut off", flate, fixed(good[:len(good)/2]))
	content(lenient(), "deflated noise", flate, fixed(noise(2000)))
	content(lenient(), "no bytes deflated", flate, fixed([]byte("\n")))
	content(costly(), "unfolds to 512 MiB", flate, func() []byte { return zeros(512) })
	content(costly(), "unfolds to 2 GiB", flate, func() []byte { return zeros(2048) })
	content(costly(), "unfolds to 2 GiB in two steps", chained, func() []byte { return deflated(zeros(2048)) })
	content(lenient(), "100 filters", "/Filter["+strings.Repeat("/FlateDecode", 100)+"]", fixed(good))
	content(lenient(), "10,000 filters of hexadecimal", "/Filter["+strings.Repeat("/ASCIIHexDecode", 10_000)+"]", fixed([]byte("41>")))
	content(costly(), "run lengths that unfold", "/Filter[/FlateDecode/RunLengthDecode]", func() []byte { return deflated(bytes.Repeat([]byte{129, ' '}, 2<<20)) })
	content(costly(), "LZW that unfolds", "/Filter[/FlateDecode/LZWDecode]", func() []byte { return zeros(64) })
	content(lenient(), "LZW of noise", "/Filter/LZWDecode", fixed(noise(3000)))
	content(lenient(), "LZW with early change 77", "/Filter/LZWDecode/DecodeParms<</EarlyChange 77>>", fixed(noise(3000)))
	content(lenient(), "base 85 of noise", "/Filter/ASCII85Decode", fixed(noise(3000)))
	content(lenient(), "hexadecimal without end", "/Filter/ASCIIHexDecode", fixed([]byte("4142434")))
	content(lenient(), "run length beyond the end", "/Filter/RunLengthDecode", fixed([]byte{127, 'a'}))
	content(lenient(), "unknown filter", "/Filter/QuantumDecode", fixed(good))
	content(lenient(), "filter that is a number", "/Filter 77", fixed(good))
	content(lenient(), "filter that is itself", "/Filter 4 0 R", fixed(good))
	content(lenient(), "filters that are null", "/Filter[null null]", fixed(good))
	content(lenient(), "filter for keys that do not exist", "/Filter/Crypt/DecodeParms<</Name/None>>", fixed(good))
	content(lenient(), "a picture", "/Filter/DCTDecode", fixed(goodJPEG()))
	content(lenient(), "predictor 15 of 2^31 columns", flate+"/DecodeParms<</Predictor 15/Columns 2147483647>>", fixed(good))
	content(lenient(), "predictor 2 of 255 colours", flate+"/DecodeParms<</Predictor 2/Colors 255/BitsPerComponent 16/Columns 100000>>", fixed(good)) //nolint:misspell // PDF's key
	content(lenient(), "predictor of negative columns", flate+"/DecodeParms<</Predictor 12/Columns -5/Colors -1>>", fixed(good))                      //nolint:misspell // PDF's key
	content(lenient(), "predictor 99 of 77 bits", flate+"/DecodeParms<</Predictor 99/BitsPerComponent 77>>", fixed(good))
	content(lenient(), "parameters that are themselves", flate+"/DecodeParms 4 0 R", fixed(good))
	return f.all
}

// pdfPictures are pages of one picture that is not what it says.
func pdfPictures() []Document {
	f := family{name: "PDF"}
	picture := func(ends []fault.Code, name, entries string, data func() []byte, more ...string) {
		f.lazy(ends, "picture, "+name, func() []byte {
			return sheet{
				resources: "/XObject<</I 6 0 R>>", content: "q 240 0 0 72 0 0 cm /I Do Q",
				more: append([]string{pdftest.Stream("/Type/XObject/Subtype/Image"+entries, data())}, more...),
			}.bytes()
		})
	}
	const grey = "/BitsPerComponent 8/ColorSpace/DeviceGray"
	size := fmt.Sprintf("/Width %d/Height %d", width, height)
	jpegEntries := size + grey + "/Filter/DCTDecode"
	bad := append(lenient(), fault.PageTooLarge)
	picture(fine(), "grey", size+grey, rows)
	picture(fine(), "JPEG", jpegEntries, goodJPEG)
	picture(lenient(), "JPEG cut off", jpegEntries, func() []byte { return goodJPEG()[:400] })
	picture(lenient(), "JPEG of noise", jpegEntries, func() []byte { return noise(2000) })
	picture(bad, "JPEG of 65,500 pixels square", jpegEntries, func() []byte { return with(goodJPEG(), sofOf(goodJPEG())+5, 0xff, 0xdc, 0xff, 0xdc) })
	picture(bad, "JPEG that says 100,000 pixels square", "/Width 100000/Height 100000"+grey+"/Filter/DCTDecode", goodJPEG)
	picture(costly(), "JPEG of 4,000 scans", "/Width 5000/Height 5000"+grey+"/Filter/DCTDecode", func() []byte {
		return append(append(append([]byte{0xff, 0xd8}, tables()...), frame(0xc2, 8, 5_000, 5_000, component(1, 0x11))...),
			append(start(0, 0, 0, 1), bytes.Repeat(start(1, 63, 0, 1), 4_000)...)...)
	})
	picture(bad, "100,000 pixels square of a pixel", "/Width 100000/Height 100000"+grey, func() []byte { return []byte{0} })
	picture(bad, "2^31-1 pixels wide", "/Width 2147483647/Height 1"+grey, rows)
	picture(bad, "negative sides", "/Width -5/Height -5"+grey, rows)
	picture(bad, "no sides", "/Width 0/Height 0"+grey, rows)
	picture(costly(), "1 GiB of zeros", "/Width 32768/Height 32768"+grey+"/Filter/FlateDecode", func() []byte { return zeros(1024) })
	picture(lenient(), "77 bits", size+"/BitsPerComponent 77/ColorSpace/DeviceGray", rows)
	picture(lenient(), "16 bits", size+"/BitsPerComponent 16/ColorSpace/DeviceGray", rows)
	picture(lenient(), "no bytes", size+grey, func() []byte { return nil })
	picture(lenient(), "mask that is itself", size+grey+"/SMask 6 0 R", rows)
	picture(lenient(), "masks in a circle", size+grey+"/SMask 7 0 R", rows, pdftest.Stream("/Subtype/Image"+size+grey+"/SMask 6 0 R", rows()))
	picture(lenient(), "mask of colours out of range", size+grey+"/Mask[-5 99999]", rows)
	picture(lenient(), "decoded to no numbers", size+grey+"/Decode[1e99 -1e99]", rows)
	picture(lenient(), "alternates that are itself", size+grey+"/Alternates[<</Image 6 0 R>>]", rows)
	picture(lenient(), "JBIG2 of noise", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode", func() []byte { return noise(2000) })
	picture(costly(), "JBIG2 page of 2^32-1 pixels square", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode", func() []byte {
		return append([]byte{0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19}, bytes.Repeat([]byte{255}, 19)...)
	})
	picture(lenient(), "JBIG2 whose globals are itself", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode/DecodeParms<</JBIG2Globals 6 0 R>>", func() []byte { return noise(300) })
	picture(lenient(), "JBIG2 segment that refers to 4 billion", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode", func() []byte {
		return append([]byte{0, 0, 0, 1, 6, 0xff, 0xff, 0xff, 0xff}, noise(100)...)
	})
	picture(lenient(), "fax of noise", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 160>>", func() []byte { return noise(2000) })
	picture(costly(), "fax of 2^31-1 columns", size+"/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K 0/Columns 2147483647/Rows 2147483647>>", func() []byte { return noise(2000) })
	picture(lenient(), "JPEG 2000", size+"/Filter/JPXDecode", goodJP2)
	picture(lenient(), "JPEG 2000 of noise", size+"/Filter/JPXDecode", func() []byte { return noise(2000) })
	picture(costly(), "JPEG 2000 of 60,000 pixels square", size+"/Filter/JPXDecode", func() []byte {
		c := plainStream()
		c.w, c.h, c.tileW, c.tileH = 60_000, 60_000, 60_000, 60_000
		return jp2Of(jp2Header(c.w, c.h, 1), c.bytes())
	})
	colour := func(name, space string, more ...string) {
		picture(lenient(), name, size+"/BitsPerComponent 8/ColorSpace"+space, rows, more...)
	}
	colour("colour profile of noise", "[/ICCBased 7 0 R]", pdftest.Stream("/N 1", noise(600)))
	colour("colour profile of 77 parts", "[/ICCBased 7 0 R]", pdftest.Stream("/N 77", noise(600)))
	colour("colour profile that is itself", "[/ICCBased 7 0 R]", pdftest.Stream("/N 1/Alternate[/ICCBased 7 0 R]", noise(600)))
	colour("palette of 4 billion colours", "[/Indexed/DeviceRGB 4294967295 (abc)]")
	colour("palette of palettes", "[/Indexed[/Indexed/DeviceRGB 1(abcdef)] 255 (a)]")
	colour("palette that is itself", " 7 0 R", "[/Indexed 7 0 R 255 (a)]")
	colour("ink whose function is itself", "[/Separation/A/DeviceRGB 7 0 R]", "<</FunctionType 3/Domain[0 1]/Functions[7 0 R]/Bounds[]/Encode[0 1]>>")
	colour("inks 500 at once", "[/DeviceN["+strings.Repeat("/A", 500)+"]/DeviceRGB<</FunctionType 2/N 1/Domain[0 1]>>]")
	colour("function of 10^12 samples", "[/Separation/A/DeviceRGB 7 0 R]", pdftest.Stream("/FunctionType 0/Domain[0 1]/Range[0 1 0 1 0 1]/Size[1000000000000]/BitsPerSample 32", noise(60)))
	colour("Lab of no range", "[/Lab<</WhitePoint[0 0 0]/Range[9 -9 9 -9]>>]")
	colour("a pattern", "[/Pattern]")
	colour("unknown colours", "/DeviceOctarine")
	return f.all
}
