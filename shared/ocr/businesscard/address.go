package businesscard

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	// zipForm matches postal codes with what tells them from other numbers: of the United Kingdom, Canada, the Netherlands, Poland,
	// Brazil and Portugal by their form.
	zipForm = regexp.MustCompile(`\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}|\d{2}-\d{3}|\d{5}-\d{3}|\d{4}-\d{3}|\d{5}-\d{4})\b`)
	// plainZip matches postal codes that are digits alone, with a country before them or not.
	plainZip = regexp.MustCompile(`(?:^|[ ,])(?:(?:[A-Z]{1,2}|CH|FL)[-‐–])?(\d{4,6}|\d{3} \d{2})\b`)
	// cityAfter matches a capital after a postal code.
	cityAfter = regexp.MustCompile(`^,? *(?:[-–] *)?\p{Lu}`)
	// stateZip matches the end of an address in the United States.
	stateZip = regexp.MustCompile(`\b[A-Z]{2},? \d{5}(?:-\d{4})?$`)
	// countrySign matches what stands before a postal code in letters to other countries.
	countrySign = regexp.MustCompile(`(?:^|[ ,])[A-Z]{1,2}[-‐–] ?$`)
	// houseNumber matches the number of a house.
	houseNumber = regexp.MustCompile(`(?:^|[ ,])(?:\d{1,5}[a-zA-Zа-я]?(?:[-–/]\d{1,4}[a-zA-Z]?)?|s/n)(?:[ ,.]|$)`)
)

// streets are words of streets; with a hyphen before them they are ends of words.
const streets = `street st st. avenue ave ave. road rd rd. boulevard blvd blvd. lane ln drive dr dr. square sq court place way parkway pkwy highway suite ste floor building bldg house p.o. po box
 strasse straße str. -strasse -straße -str. -str weg -weg -platz platz -allee allee -gasse gasse -ring -damm -ufer postfach -markt
 rue av av. avenue bd bd. quai chemin impasse allée allee place cours route cedex bp zi
 via viale piazza piazzale corso vicolo largo strada
 calle c/ avda avda. avenida paseo plaza carrer ctra polígono carretera pº rambla
 rua r. av. travessa praça largo estrada alameda rodovia andar sala
 ul. ul ulica al. aleja aleje plac pl. os. osiedle lok.
 -straat -laan -weg -plein -kade -gracht -dijk -singel straat laan postbus
 ул ул. улица пр пр. пр-т просп. проспект пер. переулок пл. площадь наб. набережная ш. шоссе б-р бульвар д. дом оф. офис стр. корп. г. город`

// countries are names of countries in the languages that are read, without spaces.
const countries = `usa u.s.a. us unitedstates unitedstatesofamerica uk unitedkingdom england scotland wales ireland germany deutschland allemagne alemania germania alemanha niemcy duitsland германия
 austria österreich autriche áustria switzerland schweiz suisse svizzera suiza france frankreich francia frança francja франция spain españa espagne spagna spanien espanha hiszpania
 italy italia italien italie itália włochy италия portugal brasil brazil brésil brasilien netherlands thenetherlands nederland niederlande pays-bas paísesbajos paesibassi holandia
 belgium belgië belgique belgien bélgica poland polska polen pologne polonia polônia russia россия russland russie rusia рф российскаяфедерация canada kanada mexico méxico
 luxembourg luxemburg liechtenstein belarus беларусь kazakhstan казахстан argentina chile colombia perú uruguay`

func wordIn(list, word string) bool {
	return strings.Contains(" "+strings.ReplaceAll(list, "\n", " ")+" ", " "+word+" ")
}

// country returns the country that a text names, or ends in after a comma.
func country(text string) string {
	for _, candidate := range []string{text, text[strings.LastIndexByte(text, ',')+1:]} {
		compact := strings.ToLower(strings.ReplaceAll(strings.Trim(candidate, " .,"), " ", ""))
		if compact != "" && wordIn(countries, compact) {
			return strings.Trim(candidate, " .,")
		}
	}
	return ""
}

// street reports whether a text has a word of streets.
func street(text string) bool {
	for _, w := range tokens(text) {
		if wordIn(streets, w) {
			return true
		}
		if i := strings.LastIndexByte(w, '-'); i > 0 && wordIn(streets, w[i+1:]) {
			return true
		}
		for _, end := range strings.Fields(streets) {
			if end[0] == '-' && len(w) > len(end)+1 && strings.HasSuffix(w, end[1:]) {
				return true
			}
		}
	}
	return false
}

// zip returns where the postal code of a text stands; a number alone is one if a capital follows, or a state stands before.
func zip(text string) (begin, end int, ok bool) {
	if m := zipForm.FindStringIndex(text); m != nil {
		return m[0], m[1], true
	}
	if stateZip.MatchString(text) {
		return len(text) - len(text[strings.LastIndexByte(text, ' ')+1:]), len(text), true
	}
	for _, m := range plainZip.FindAllStringSubmatchIndex(text, -1) {
		after := text[m[3]:]
		if cityAfter.MatchString(after) || m[2] > 2 && strings.Trim(after, " .,") == "" && m[3]-m[2] >= 5 && strings.ContainsFunc(text, unicode.IsLower) {
			return m[2], m[3], true
		}
	}
	return 0, 0, false
}

// addressLine says how surely a segment belongs to an address: 0 no, 1 with another that does, 2 by itself.
func addressLine(text string) int {
	if countDigits(text) > 14 {
		return 0
	}
	_, _, zipped := zip(text)
	named := houseNumber.MatchString(text)
	switch {
	case zipped, street(text) && named:
		return 2
	case country(text) != "":
		return 1
	case street(text):
		return 1
	case named && strings.ContainsFunc(text, unicode.IsLetter):
		return 1
	}
	return 0
}

// addressParts divides an address.
func addressParts(lines []string) []Component {
	var street, city, code, land string
	for _, l := range lines {
		if c := country(l); c != "" && land == "" {
			land = c
			l = strings.Trim(strings.TrimSuffix(strings.TrimRight(l, " .,"), c), " ,.")
		}
		begin, end, ok := zip(l)
		if !ok || code != "" {
			street = joined(street, l)
			continue
		}
		code = strings.TrimSpace(l[begin:end])
		before, after := strings.Trim(countrySign.ReplaceAllString(l[:begin], ""), " ,-–"), strings.Trim(l[end:], " ,-–")
		if after != "" { // 10115 Berlin
			name, more, _ := strings.Cut(after, ",")
			city, street = name, joined(street, before)
			street = joined(street, strings.TrimSpace(more))
			continue
		}
		// Springfield, IL 62704
		parts := strings.Split(before, ",")
		last := len(parts) - 1
		if last > 0 && len(strings.TrimSpace(parts[last])) <= 3 {
			last--
		}
		city = strings.TrimSpace(strings.Join(parts[last:], ","))
		street = joined(street, strings.TrimSpace(strings.Join(parts[:last], ",")))
	}
	var all []Component
	for _, c := range []Component{{StreetAddress, street}, {City, city}, {ZipCode, code}, {Country, land}} {
		if c.Value != "" {
			all = append(all, c)
		}
	}
	return all
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return strings.TrimRight(a, " ,") + ", " + b
}
