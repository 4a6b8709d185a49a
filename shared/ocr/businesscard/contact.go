package businesscard

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	mailForm = regexp.MustCompile(`[\pL\pN._%+-]+ ?(?:@|\(at\)|\[at\]) ?[\pL\pN-]+(?:\.[\pL\pN-]+)+`)
	webForm  = regexp.MustCompile(`(?i)(?:https?://|www\.)[^\s,;]+|\b[\pL\pN-]+(?:\.[\pL\pN-]+)*\.(?:` + topLevels + `)(?:/[^\s,;]*)?`)
	// numberForm matches what may be a telephone number: digits with what stands between them.
	numberForm = regexp.MustCompile(`(?:\+|00)?\(?\d[\d ()./\x{2010}-\x{2013}-]{4,}\d`)
	extension  = regexp.MustCompile(`(?i)^[ ,;]*(?:ext|extn|extension|x|durchwahl|dw|poste|interno|int|ramal|доб|wewn|toestel)\.?[ :]*(\d{1,6})\b`)
	label      = regexp.MustCompile(`([\pL\pM][\pL\pM.\x{2010}\x{2011}/-]*)[ .:)\x{2010}-\x{2013}|-]*$`)
	dates      = regexp.MustCompile(`^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$`)
)

// topLevels are the domains that an address of the web may end in where nothing else shows that it is one.
const topLevels = `com|net|org|info|biz|eu|de|at|ch|fr|be|nl|lu|it|es|pt|br|mx|ar|cl|pl|ru|by|ua|kz|uk|ie|us|ca|au|io|ai|dev|app|shop|online|рф|moscow`

// labelled says which kind of number a label announces. Of two in one, such as Tel./Fax, the one that is no telephone counts.
func labelled(word string) (Kind, bool) {
	if first, second, ok := strings.Cut(strings.Trim(word, "/"), "/"); ok {
		a, known := labelled(first)
		b, also := labelled(second)
		if a == Phone {
			a = b
		}
		return a, known && also
	}
	word = strings.ToLower(strings.Trim(word, ".-‐‑/"))
	for kind, words := range map[Kind]string{
		Phone:  `t tel tél ph phone telephone telefon téléphone telefono teléfono telefone telefoon tlf tfn tfno fon office direct direkt directo diretto durchwahl büro zentrale standard fixe тел телефон раб work switchboard main centralino centralita`,
		Fax:    `f fax telefax telefaks fakt факс faks télécopie`,
		Mobile: `m mob mobile mobil mobiel mobiltelefon cell cellular cel celular cellulare cell. móvil movil handy portable gsm kom komórka tel.kom kom. моб мобильный сот сотовый telemóvel tlm port`,
	} {
		if slices.Contains(strings.Fields(words), word) {
			return kind, true
		}
	}
	return "", false
}

// registrations are what stands before numbers that nobody calls.
var registrations = regexp.MustCompile(`(?i)(?:\b(?:vat|ust|uid|iban|bic|hrb|hra|nip|regon|krs|siret|siren|rcs|tva|p\.? ?iva|c\.?f|cif|nif|kvk|btw|cnpj|reg|license|nr|no)\b|ИНН|КПП|ОГРН|р/с)[^\pL]*$`)

// mails makes a field of each mail address of a segment, and blanks it out of the rest.
func mails(s *segment, rest []byte) []Field {
	var found []Field
	for _, at := range mailForm.FindAllIndex(rest, -1) {
		value := strings.NewReplacer(" ", "", "(at)", "@", "[at]", "@").Replace(string(rest[at[0]:at[1]]))
		found = append(found, Field{Kind: Email, Value: strings.TrimRight(value, "."), Words: s.part(at[0], at[1])})
		blank(rest, at[0], at[1])
	}
	return found
}

// webs does so with addresses of the web.
func webs(s *segment, rest []byte) []Field {
	var found []Field
	for _, at := range webForm.FindAllIndex(rest, -1) {
		found = append(found, Field{Kind: Web, Value: strings.TrimRight(string(rest[at[0]:at[1]]), ".,;:"), Words: s.part(at[0], at[1])})
		blank(rest, at[0], at[1])
	}
	return found
}

// numbers does so with telephone numbers and their labels. sure is to take those alone that a label announces, or a plus sign.
func numbers(s *segment, rest []byte, sure bool) []Field {
	var found []Field
	before := Phone
	from := 0
	for _, at := range numberForm.FindAllIndex(rest, -1) {
		head := string(rest[from:at[0]])
		value := strings.Trim(string(rest[at[0]:at[1]]), " .-/–")
		value = balanced(value)
		digits := countDigits(value)
		kind, announced := before, false
		labelAt := at[0]
		if m := label.FindStringSubmatchIndex(head); m != nil {
			if k, ok := labelled(head[m[2]:m[3]]); ok {
				kind, announced, labelAt = k, true, from+m[2]
				// Two labels before one number: "Tel./Fax", "Tel. mobile".
				if m := label.FindStringSubmatchIndex(head[:m[2]]); m != nil {
					if k, ok := labelled(head[m[2]:m[3]]); ok {
						labelAt = from + m[2]
						if kind == Phone {
							kind = k
						}
					}
				}
			}
		}
		if len(found) > 0 {
			announced = announced || strings.Trim(head, " ,;/|") == ""
		}
		switch {
		case sure && !announced && !strings.HasPrefix(value, "+"):
			continue
		case digits > 15 || registrations.MatchString(head) || dates.MatchString(value):
			continue
		case !announced && (digits < 9 && !strings.HasPrefix(value, "+") || digits < 7 || strings.ContainsFunc(head, unicode.IsLetter)):
			continue
		case digits < 5:
			continue
		}
		end := at[1]
		components := phoneParts(value)
		if m := extension.FindSubmatchIndex(rest[end:]); m != nil {
			inner := string(rest[end+m[2] : end+m[3]])
			value += " ext. " + inner
			components = append(components, Component{PhoneExtension, inner})
			end += m[1]
		}
		found = append(found, Field{Kind: kind, Value: value, Components: components, Words: s.part(at[0], end)})
		blank(rest, labelAt, end)
		before, from = kind, end
	}
	return found
}

// balanced leaves out a parenthesis without its counterpart.
func balanced(s string) string {
	if strings.Count(s, "(") != strings.Count(s, ")") {
		s = strings.NewReplacer("(", "", ")", "").Replace(s)
	}
	return s
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// countryCodes are those of one and two digits (ITU-T E.164); all others have three.
const countryCodes = ` 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 `

// phoneParts divides a number: with a plus sign it has a country code. The code of the area is what stands in parentheses, or the
// first group of digits where there are more.
func phoneParts(value string) []Component {
	var parts []Component
	rest, international := strings.CutPrefix(value, "+")
	if !international {
		if rest, international = strings.CutPrefix(value, "00"); international && len(rest) > 0 && rest[0] == '0' {
			rest, international = value, false
		}
	}
	if international {
		digits := digitsOf(rest)
		n := 3
		for _, size := range []int{1, 2} {
			if len(digits) > size && strings.Contains(countryCodes, " "+digits[:size]+" ") {
				n = size
				break
			}
		}
		n = min(n, len(digits))
		parts = append(parts, Component{PhonePrefix, "+"}, Component{PhoneCountryCode, digits[:n]})
		for n > 0 && rest != "" {
			if rest[0] >= '0' && rest[0] <= '9' {
				n--
			}
			rest = rest[1:]
		}
		rest = strings.TrimLeft(strings.Replace(rest, "(0)", "", 1), " -./)")
	}
	code, body := "", rest
	if open := strings.IndexByte(rest, '('); open >= 0 {
		if end := strings.IndexByte(rest[open:], ')'); end > 0 {
			code, body = rest[open+1:open+end], rest[open+end:]
		}
	} else if i := strings.IndexAny(rest, " -./"); i > 0 && i <= 6 && countDigits(rest[i:]) >= 4 {
		code, body = rest[:i], rest[i:]
	}
	if code = digitsOf(code); code != "" {
		parts = append(parts, Component{PhoneCode, code})
	}
	if body = digitsOf(body); body != "" {
		parts = append(parts, Component{PhoneBody, body})
	}
	return parts
}

// blank takes a part of a text out without moving the rest.
func blank(text []byte, begin, end int) {
	for i := begin; i < end; i++ {
		text[i] = ' '
	}
}

// contactLabel reports whether what is left of a segment is nothing but a label of what was taken out.
func contactLabel(rest string) bool {
	for _, w := range tokens(rest) {
		w = strings.Trim(w, ".-")
		if _, ok := labelled(w); !ok && w != "" && !slices.Contains(strings.Fields(`e e-mail email mail w web website internet http url почта сайт эл и www mel site skype`), w) {
			return false
		}
	}
	return true
}
