package fontprogram

import (
	"strings"
	"unicode/utf8"
)

// standard are the names of glyphs that fonts need not spell, by the number that CFF gives them (Adobe technical note 5176,
// appendix A, without those of expert fonts), and characters the ones that they stand for.
const (
	standard = ".notdef space exclam quotedbl numbersign dollar percent ampersand quoteright parenleft parenright asterisk plus comma " +
		"hyphen period slash zero one two three four five six seven eight nine colon semicolon less equal greater question at A B C D E F " +
		"G H I J K L M N O P Q R S T U V W X Y Z bracketleft backslash bracketright asciicircum underscore quoteleft a b c d e f g h i j k " +
		"l m n o p q r s t u v w x y z braceleft bar braceright asciitilde exclamdown cent sterling fraction yen florin section currency " +
		"quotesingle quotedblleft guillemotleft guilsinglleft guilsinglright fi fl endash dagger daggerdbl periodcentered paragraph bullet " +
		"quotesinglbase quotedblbase quotedblright guillemotright ellipsis perthousand questiondown grave acute circumflex tilde macron " +
		"breve dotaccent dieresis ring cedilla hungarumlaut ogonek caron emdash AE ordfeminine Lslash Oslash OE ordmasculine ae dotlessi " +
		"lslash oslash oe germandbls onesuperior logicalnot mu trademark Eth onehalf plusminus Thorn onequarter divide brokenbar degree " +
		"thorn threequarters twosuperior registered minus eth multiply threesuperior copyright Aacute Acircumflex Adieresis Agrave Aring " +
		"Atilde Ccedilla Eacute Ecircumflex Edieresis Egrave Iacute Icircumflex Idieresis Igrave Ntilde Oacute Ocircumflex Odieresis Ograve " +
		"Otilde Scaron Uacute Ucircumflex Udieresis Ugrave Yacute Ydieresis Zcaron aacute acircumflex adieresis agrave aring atilde ccedilla " +
		"eacute ecircumflex edieresis egrave iacute icircumflex idieresis igrave ntilde oacute ocircumflex odieresis ograve otilde scaron " +
		"uacute ucircumflex udieresis ugrave yacute ydieresis zcaron"
	characters = "\x00 !\"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_‘abcdefghijklmnopqrstuvwxyz{|}~¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ–†‡·¶•‚„”»…‰¿" +
		"`´ˆ˜¯˘˙¨˚¸˝˛ˇ—ÆªŁØŒºæıłøœß¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž"

	firstOfOwn = 391 // of the names that a CFF spells itself
)

// standardCodes are the codes of StandardEncoding from the glyph 96 on; those before follow each other from 32.
const standardCodes = "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb1\xb2\xb3\xb4\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbf\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xca\xcb\xcd\xce\xcf\xd0\xe1\xe3\xe8\xe9\xea\xeb\xf1\xf5\xf8\xf9\xfa\xfb"

// StandardName returns the name that StandardEncoding gives to a code (ISO 32000-1, annex D), empty if it has none.
func StandardName(code int) string {
	names := strings.Fields(standard)
	if code >= 32 && code < 127 {
		return names[code-31]
	}
	for i := range len(standardCodes) {
		if int(standardCodes[i]) == code {
			return names[96+i]
		}
	}
	return ""
}

// CharacterOf returns the character that a glyph of a name stands for, where that is one of Latin script or the name spells it.
func CharacterOf(name string) (rune, bool) {
	chars := []rune(characters)
	for i, n := range strings.Fields(standard) {
		if n == name && i > 0 {
			return chars[i], true
		}
	}
	if name == "Euro" {
		return '€', true
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) == 4 {
		char := rune(0)
		for _, c := range hex {
			digit := strings.IndexRune("0123456789ABCDEF", c)
			if digit < 0 {
				return 0, false
			}
			char = char<<4 | rune(digit) // #nosec G115 -- below 16
		}
		return char, utf8.ValidRune(char)
	}
	return 0, false
}

// NameOf returns the name of the glyph of a character, empty for one that is none of the standard ones.
func NameOf(char rune) string {
	names := strings.Fields(standard)
	for i, c := range []rune(characters) {
		if c == char && i > 0 {
			return names[i]
		}
	}
	switch char {
	case '€':
		return "Euro"
	case '\u00a0':
		return "space"
	case '\u00ad':
		return "hyphen"
	}
	return ""
}
