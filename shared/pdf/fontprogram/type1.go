package fontprogram

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strconv"
)

// Type1 reads a Type 1 program (Adobe Type 1 Font Format, version 1.1).
func Type1(data []byte) (*Font, error) {
	mark := bytes.Index(data, []byte("eexec"))
	if mark < 0 {
		return nil, ErrDamaged
	}
	plain, sealed := data[:mark], bytes.TrimLeft(data[mark+len("eexec"):], " \t\r\n")
	if len(sealed) < 4 {
		return nil, ErrDamaged
	}
	if decoded := make([]byte, len(sealed)/2); isHex(sealed[:4]) {
		digits := bytes.Map(func(r rune) rune {
			if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
				return -1
			}
			return r
		}, sealed)
		n, _ := hex.Decode(decoded, digits[:len(digits)/2*2]) // up to the end of the digits
		sealed = decoded[:n]
	}
	private := unsealed(sealed, 55665, 4)
	lead := 4
	if m := regexp.MustCompile(`/lenIV\s+(-?\d+)`).FindSubmatch(private); m != nil {
		lead, _ = strconv.Atoi(string(m[1])) // it is digits
	}
	f := &Font{Names: map[string]int{}, Codes: map[int]int{}}
	scale := 1.0
	if m := regexp.MustCompile(`/FontMatrix\s*\[\s*([\d.eE+-]+)`).FindSubmatch(plain); m != nil {
		if v, err := strconv.ParseFloat(string(m[1]), 64); err == nil {
			scale = 1000 * v
		}
	}
	at := bytes.Index(private, []byte("/CharStrings"))
	if at < 0 {
		return nil, ErrDamaged
	}
	f.charstrings(private[at+len("/CharStrings"):], lead, scale)
	if len(f.widths) == 0 {
		return nil, ErrDamaged
	}
	f.ownCodes(plain)
	return f, nil
}

func isHex(b []byte) bool {
	for _, c := range b {
		if !bytes.ContainsRune([]byte("0123456789abcdefABCDEF"), rune(c)) {
			return false
		}
	}
	return true
}

// unsealed decrypts and leaves out the random bytes at the beginning.
func unsealed(data []byte, key uint16, lead int) []byte {
	out := make([]byte, len(data))
	for i, c := range data {
		out[i] = c ^ byte(key>>8) // #nosec G115 -- its upper half
		key = (uint16(c)+key)*52845 + 22719
	}
	return out[min(max(lead, 0), len(out)):]
}

// charstrings reads glyphs: a name, a length, a word that ends in a space, and so many bytes.
func (f *Font) charstrings(data []byte, lead int, scale float64) {
	head := regexp.MustCompile(`^[^/]*?/([^\s/\[\](){}<>]+)\s+(\d+)\s+\S+ `)
	for len(f.widths) < 1<<16 {
		m := head.FindSubmatchIndex(data[:min(len(data), 512)])
		if m == nil {
			return
		}
		n, err := strconv.Atoi(string(data[m[4]:m[5]]))
		if err != nil || n > len(data)-m[1] {
			return
		}
		program := data[m[1] : m[1]+n]
		if lead >= 0 {
			program = unsealed(program, 4330, lead)
		}
		f.Names[string(data[m[2]:m[3]])] = len(f.widths)
		f.widths = append(f.widths, sidebearing(program)*scale)
		data = data[m[1]+n:]
	}
}

// sidebearing returns the advance that a charstring of type 1 begins with.
func sidebearing(program []byte) float64 {
	var stack []float64
	for i := 0; i < len(program); i++ {
		b := int(program[i])
		switch {
		case b >= 32 && b <= 246:
			stack = append(stack, float64(b-139))
		case b >= 247 && b <= 250 && i+1 < len(program):
			stack = append(stack, float64((b-247)*256+int(program[i+1])+108))
			i++
		case b >= 251 && b <= 254 && i+1 < len(program):
			stack = append(stack, float64(-(b-251)*256-int(program[i+1])-108))
			i++
		case b == 255 && i+4 < len(program):
			stack = append(stack, float64(int32(int(program[i+1])<<24|int(program[i+2])<<16|int(program[i+3])<<8|int(program[i+4])))) // #nosec G115 -- 32 bits
			i += 4
		case b == 12 && i+1 < len(program) && program[i+1] == 12 && len(stack) >= 2: // div
			i++
			n := len(stack)
			stack = append(stack[:n-2], stack[n-2]/stack[n-1])
		case b == 13 && len(stack) >= 2: // hsbw
			return stack[1]
		case b == 12 && i+1 < len(program) && program[i+1] == 7 && len(stack) >= 4: // sbw
			return stack[2]
		default:
			return 0
		}
	}
	return 0
}

// ownCodes reads the program's own encoding.
func (f *Font) ownCodes(plain []byte) {
	if regexp.MustCompile(`/Encoding\s+StandardEncoding`).Match(plain) {
		for code := range 256 {
			if g, ok := f.Names[StandardName(code)]; ok {
				f.Codes[code] = g
			}
		}
		return
	}
	for _, m := range regexp.MustCompile(`dup\s+(\d+)\s*/(\S+)\s+put`).FindAllSubmatch(plain, 256) {
		code, _ := strconv.Atoi(string(m[1])) // it is digits
		if g, ok := f.Names[string(m[2])]; ok {
			f.Codes[code] = g
		}
	}
}
