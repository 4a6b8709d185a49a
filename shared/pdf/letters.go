package pdf

import (
	_ "embed"
	"math"
	"strings"
	"unicode"
)

// shapeLetters are the letters and digits of which letterShapes holds the shapes.
const shapeLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// referenceFonts are the standard fonts whose shapes stand for all fonts.
var referenceFonts = []string{"Helvetica", "Helvetica-Bold", "Times-Roman", "Times-Bold", "Times-Italic", "Courier"}

// letterShapes holds the shapes of shapeLetters in each of referenceFonts, as the outlines that PDFium brings along give them.
//
//go:generate go test -count=1 -run ^TestReferenceShapesAreThoseOfTheStandardFonts$ . -update
//go:embed letters.bin
var letterShapes string

// letterBytes is the length of a shape in letterShapes: two cells a byte, and the aspect.
const letterBytes = shapeSide*shapeSide/2 + 1

// Steps of the aspect in letterShapes, and the one for a square.
const aspectSteps, aspectZero = 32, 128

// packed returns a shape as letterShapes holds it.
func (s *shape) packed() []byte {
	b := make([]byte, 0, letterBytes)
	for i := 0; i < len(s.cells); i += 2 {
		b = append(b, s.cells[i]&0xf0|s.cells[i+1]>>4)
	}
	return append(b, byte(max(0, min(255, math.Round(s.aspect*aspectSteps)+aspectZero))))
}

// unpack returns shape i of letterShapes.
func unpack(i int) shape {
	var s shape
	from := letterShapes[i*letterBytes:][:letterBytes]
	for j := range shapeSide * shapeSide / 2 {
		s.cells[2*j], s.cells[2*j+1] = from[j]>>4*17, from[j]&0xf*17
	}
	s.aspect = (float64(from[letterBytes-1]) - aspectZero) / aspectSteps
	return s
}

// alike are letters that some font draws alike; a difference between two of a group says nothing.
var alike = []string{"il1j|", "0oq", "gq9", "pr", "ft", "jd3", "ao", "5s", "lj7", "uv", "vy", "tl", "ij", "lk", "gy"}

// lookalike returns the Latin letter that a letter of another script looks like, or the letter itself.
func lookalike(char rune) rune {
	if latin, ok := lookalikes[char]; ok {
		return latin
	}
	return char
}

// lookalikes are letters of Cyrillic and Greek with the Latin letters or digits that they look like.
var lookalikes = map[rune]rune{
	'А': 'A', 'В': 'B', 'Е': 'E', 'К': 'K', 'М': 'M', 'Н': 'H', 'О': 'O', 'Р': 'P', 'С': 'C', 'Т': 'T', 'Х': 'X', 'З': '3',
	'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'І': 'I', 'і': 'i', 'ѕ': 's',
	'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y',
	'Χ': 'X', 'ο': 'o',
}

// known reports whether the shape of a character can be judged.
func known(char rune) bool {
	char = lookalike(char)
	return char < unicode.MaxASCII && (unicode.IsLetter(char) || unicode.IsDigit(char))
}

// shapes are shapes of letters, font by font in the order of shapeLetters.
type shapes []shape

// unpackShapes returns the shapes of letterShapes.
func unpackShapes() shapes {
	all := make(shapes, len(letterShapes)/letterBytes)
	for i := range all {
		all[i] = unpack(i)
	}
	return all
}

// readAs returns the letter or digit, in lower case, that a shape looks like, if that is clearly not the character for which it
// stands, in whatever case; 0 otherwise.
func (r shapes) readAs(s *shape, char rune) rune {
	claim := unicode.ToLower(lookalike(char))
	near := math.Inf(1)
	for i := range r {
		if r.letter(i) == claim {
			near = min(near, s.distance(&r[i], near))
		}
	}
	near *= clearly
	var as rune
	for i := range r {
		if letter := r.letter(i); letter != claim {
			if d := s.distance(&r[i], near); d < near {
				near, as = d, letter
			}
		}
	}
	if lookAlike(claim, as) {
		return 0
	}
	return as
}

// letter returns the letter or digit of a shape, in lower case.
func (r shapes) letter(i int) rune { return unicode.ToLower(rune(shapeLetters[i%len(shapeLetters)])) }

// clearly is the share of the distance to the letter that is claimed, at which another letter is clearly nearer.
const clearly = 0.8

// lookAlike reports whether two letters or digits, in lower case, are drawn alike by some font.
func lookAlike(a, b rune) bool {
	for _, group := range alike {
		if strings.ContainsRune(group, a) && strings.ContainsRune(group, b) {
			return true
		}
	}
	return false
}
