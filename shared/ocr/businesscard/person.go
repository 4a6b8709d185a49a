package businesscard

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// jobs are words of positions; those with a hyphen at the end are beginnings of words.
//
//nolint:misspell // words of other languages
const jobs = `manager director officer engineer developer consultant analyst architect assistant president vice- chief head lead- executive specialist representative coordinator administrator designer
 sales marketing founder co-founder owner partner attorney lawyer accountant professor researcher scientist technician supervisor advisor adviser secretary editor journalist physician dentist realtor agent broker ceo cto cfo coo cio svp vp
 geschäftsführer- leiter- -leiter -leiterin ingenieur- -ingenieur -ingenieurin berater- -berater -beraterin vorstand- prokurist- assistent- referent- rechtsanwalt- rechtsanwältin steuerberater- entwickler- -entwickler -entwicklerin vertrieb- abteilungs- projektleit- einkauf- inhaber- geschäfts- sachbearbeiter- architekt- redakteur- arzt ärztin
 directeur directrice responsable ingénieur- gérant- chargé- chef- conseiller- conseillère consultant- développeu- commercial- assistante avocat- comptable président- adjoint- médecin rédacteur
 gerente director- directora jefe- jefa ingenier- responsable consultor- abogad- asesor- técnic- comercial presidente- encargad- desarrollador- arquitect- administrador- vended-
 direttore direttrice responsabile ingegnere amministrat- consulente avvocat- titolare presidente dirigente venditor- commerciale architetto sviluppator- impiegat-
 diretor- gestor- engenheir- advogad- gerente analista coordenador- sóci- vendedor- chefe técnico
 directeur- hoofd- medewerker- adviseur- ingenieur ontwikkelaar- accountmanager projectleider- verkoop- bestuurder- eigenaar advocaat- manager-
 dyrektor- kierowni- prezes- inżynier- specjalist- doradc- konsultant- menedżer- księgow- adwokat- radca właściciel- programist- asystent- przedstawiciel- analityk
 директор- менеджер- инженер- начальник- руководитель- специалист- главный главная заместитель- бухгалтер- юрист- консультант- президент- врач- архитектор- аналитик- разработчик- представитель- советник- ведущий`

// departments are words that go with positions, and alone with nothing else.
const departments = `department abteilung service vertrieb département departamento departament dipartimento afdeling dział отдел отдела`

// forms are the legal forms of companies and what they are called after.
const forms = `gmbh ag kg ohg gbr ug e.v. mbh ltd ltd. limited inc inc. llc llp corp corp. plc co. s.a. sa s.a.s. sas sarl s.a.r.l. eurl s.l. sl s.l.u. slu s.r.l. srl s.p.a. spa snc lda lda. s.a ltda ltda. eireli bv b.v. nv n.v. vof
 z o.o. sp. s.k. ооо оао зао ао пао ип`

// businesses are words that companies have in their names.
//
//nolint:misspell // words of other languages
const businesses = `group gruppe groupe grupo gruppo grupa bank banque banco banca hotel hôtel university universität université universidad università universidade universiteit uniwersytet consulting solutions software systems technologies technology
 industries international partners associates holding institute institut clinic klinik hospital agency agentur agence agencia agenzia studio kanzlei verlag werke logistics logistik logistique transport engineering services media design labs laboratories foundation stiftung
 company компания группа банк завод университет фирма agência consultores consultoria ingenieros arquitectos abogados avvocati avocats rechtsanwälte architekten stowarzyszenie fabryka kancelaria stichting`

// titles stand before or after names.
const titles = `dr dr. prof prof. dipl.-ing. dipl.-kfm. dipl.-inf. ing ing. mag. mba ph.d. phd m.sc. b.sc. msc bsc mr mr. mrs mrs. ms ms. herr frau m. mme sr. sra. dott. dott.ssa avv. d. dña. dª drs. ir. mgr inż. inż hab. md m.d. cpa esq. jr. jr avv arch. rag. eng. dra. dra`

// particles stand in small letters in names.
const particles = `von van de der den del della da di dos das du le la el zu zur y e ter ten vom af al bin ben`

// entry reports whether a word is in a list, of which some entries are beginnings or ends of words.
func entry(list, word string) bool {
	bare := strings.Trim(word, ".")
	if wordIn(list, word) || bare != "" && wordIn(list, bare) {
		return true
	}
	for e := range strings.FieldsSeq(list) {
		if stem, ok := strings.CutSuffix(e, "-"); ok && strings.HasPrefix(word, stem) {
			return true
		}
		if end, ok := strings.CutPrefix(e, "-"); ok && strings.HasSuffix(bare, end) {
			return true
		}
	}
	return false
}

// job reports whether a text is a position.
func job(text string) bool {
	if countDigits(text) > 0 {
		return false
	}
	for _, w := range tokens(text) {
		if entry(jobs, w) {
			return true
		}
		for p := range strings.SplitSeq(w, "-") {
			if p != w && p != "" && entry(jobs, p) {
				return true
			}
		}
	}
	return false
}

// department reports whether a text goes with a position.
func department(text string) bool {
	for _, w := range tokens(text) {
		if wordIn(departments, w) {
			return true
		}
	}
	return false
}

var quotes = regexp.MustCompile(`[«„“"][^»“”"]+[»“”"]`)

// formed reports whether a text ends in the legal form of a company, or begins with it as some do.
func formed(text string) bool {
	words := strings.Fields(strings.ToLower(text))
	for i, w := range words {
		w = strings.Trim(w, `,;"«»„“”()`)
		if len(words) > 1 && (i > 0 || strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })) && wordIn(forms, w) {
			return true
		}
	}
	return false
}

// business reports whether a text has a word of companies.
func business(text string) bool {
	for _, w := range tokens(text) {
		if wordIn(businesses, w) {
			return true
		}
	}
	return quotes.MatchString(text)
}

// personal reports whether a text has the form of a name: two to five words in letters, each with a capital, titles and particles
// beside. It returns the words that are names.
func personal(text string) (names []string, ok bool) {
	if countDigits(text) > 0 || strings.ContainsAny(text, "@&/:|!?()") {
		return nil, false
	}
	for w := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
		low := strings.ToLower(w)
		first, _ := utf8.DecodeRuneInString(w)
		switch {
		case wordIn(titles, low):
		case wordIn(particles, low) && len(names) > 0 || wordIn(particles, low) && unicode.IsLower(first):
		case unicode.IsUpper(first) || !unicode.IsLower(first) && unicode.IsLetter(first):
			for _, r := range w {
				if !unicode.IsLetter(r) && !strings.ContainsRune(".-'’‐", r) && !unicode.Is(unicode.M, r) {
					return nil, false
				}
			}
			names = append(names, w)
		default:
			return nil, false
		}
	}
	return names, len(names) >= 2 && len(names) <= 5
}

// latin are Latin letters for Cyrillic ones, as mail addresses have them.
var latin = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "zh", "з", "z", "и", "i", "й", "y", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o",
	"п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "kh", "ц", "ts", "ч", "ch", "ш", "sh", "щ", "shch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya",
	"ß", "ss", "ł", "l", "ø", "o", "æ", "ae",
)

// plain returns a text in small Latin letters and digits without accents.
func plain(text string) string {
	text = latin.Replace(strings.ToLower(text))
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)))
	if s, _, err := transform.String(t, text); err == nil {
		text = s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// umlauts are as mail addresses spell them.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue")

// inMail reports how many of the names are in the local part of a mail address.
func inMail(names []string, local string) int {
	n := 0
	for _, name := range names {
		for _, spelling := range []string{plain(name), plain(umlauts.Replace(strings.ToLower(name)))} {
			if len(spelling) >= 3 && strings.Contains(local, spelling) {
				n++
				break
			}
		}
	}
	return n
}

// nameParts divides a name: what comes last is the family's, with the particles before it; what was set in capitals alone is the
// family's where the rest is not, and so is what stands before a comma.
func nameParts(text string) []Component {
	var extra, names []string
	family := -1
	before, _, comma := strings.Cut(text, ",")
	for w := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
		if wordIn(titles, strings.ToLower(w)) {
			extra = append(extra, w)
			continue
		}
		names = append(names, w)
		if family < 0 && utf8.RuneCountInString(w) > 2 && w == strings.ToUpper(w) && text != strings.ToUpper(text) {
			family = len(names) - 1
		}
	}
	var parts []Component
	add := func(p Part, words []string) {
		if len(words) > 0 {
			parts = append(parts, Component{p, strings.Join(words, " ")})
		}
	}
	last := max(0, len(names)-1)
	for last > 1 && wordIn(particles, strings.ToLower(names[last-1])) {
		last--
	}
	if _, ok := personal(before); comma && !ok && family < 0 {
		family = 0
	}
	if family == 0 && len(names) > 1 {
		names = append(names[1:len(names):len(names)], names[0])
		last = len(names) - 1
	}
	if len(names) > 1 {
		add(FirstName, names[:1])
		add(MiddleName, names[1:last])
		add(LastName, names[last:])
	} else {
		add(LastName, names)
	}
	add(ExtraName, extra)
	return parts
}
