package language_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
)

func packaged() []string {
	return strings.Fields("eng deu fra spa ita por nld pol rus ukr ara heb chi_sim chi_tra jpn kor ell tha frk jpn_vert")
}

func TestTextTellsItsLanguages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"The surveyors noted that the channel should be repaired before the winter.":                    "eng",
		"Die Anlage ist vor dem Winter zu reparieren, und der Eigentümer wird dazu nicht gehört.":       "deu",
		"Die Anlage ist vor dem Winter zu reparieren, und der Eigentumer wird dazu nicht gehort.":       "deu", // as English data reads it
		"Les travaux sont terminés et la facture est dans le dossier qui vous a été remis.":             "fra",
		"El canal que se encuentra en el límite del terreno no fue reparado por los dueños.":            "spa",
		"Il canale che si trova nel confine della proprietà non è stato riparato dai proprietari.":      "ita",
		"O canal que se encontra no limite do terreno não foi reparado pelos donos, mas será em breve.": "por",
		"Het kanaal dat op de grens van het terrein ligt is niet door de eigenaars hersteld.":           "nld",
		"Kanał, który jest na granicy działki, nie został naprawiony przez właścicieli i się zapadł.":   "pol",
		"Канал, который находится на границе участка, не был отремонтирован.":                           "rus",
		"Канал, який є на межі ділянки, не був відремонтований, що її й зруйнувало.":                    "ukr",
		"这个渠道在边界上，还没有修好。":                                                                               "chi_sim",
		"這個渠道在邊界上，還沒有修好，我們會處理。":                                                                         "chi_tra",
		"この水路は境界にあり、まだ直っていません。":                                                                         "jpn",
		"수로는 경계에 있으며 아직 수리되지 않았습니다.":                                                                    "kor",
		"القناة على الحدود لم يتم إصلاحها بعد":                                                          "ara",
		"התעלה שעל הגבול עדיין לא תוקנה":                                                                "heb",
		"Το κανάλι στο όριο δεν έχει επισκευαστεί.":                                                     "ell",
		"คลองที่อยู่บนเขตแดนยังไม่ได้รับการซ่อมแซม":                                                     "tha",
		"Инструмент MetaPost выпускается под лицензией, see the manual for details":                     "rus eng",
		"12 345,67": "", "": "",
		"Zxq Vbn Krt": "eng", // nothing tells
	} {
		if got := strings.Join(language.Guess(text, packaged()), " "); got != want {
			t.Errorf("%q is in %q, want %q", text, got, want)
		}
	}
}

func TestTextInTwoLanguagesTellsBoth(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("The tenant shall pay the rent and it is due on the first of the month. Der Mieter hat die Miete zu zahlen und sie ist an dem ersten des Monats fällig. ", 3)
	got := language.Guess(text, packaged())
	slices.Sort(got)
	if !slices.Equal(got, []string{"deu", "eng"}) {
		t.Errorf("got %q", got)
	}
}

func TestNothingButAllowedLanguagesIsGuessed(t *testing.T) {
	t.Parallel()
	const german = "Die Anlage ist vor dem Winter zu reparieren, und der Eigentümer wird dazu nicht gehört."
	for allowed, want := range map[string]string{"eng rus": "eng", "rus ara": "", "fra": "fra", "frk rus": "frk", "": ""} {
		if got := strings.Join(language.Guess(german, strings.Fields(allowed)), " "); got != want {
			t.Errorf("of %q got %q, want %q", allowed, got, want)
		}
	}
}

func TestLanguagesOfADocumentAreThoseOfItsPages(t *testing.T) {
	t.Parallel()
	failed := errors.New("no place")
	for _, test := range []struct {
		name    string
		pages   []int
		allowed string
		shown   map[int]string
		want    string
		fails   error
	}{
		{name: "one page", pages: []int{1}, allowed: "deu eng", shown: map[int]string{1: "deu"}, want: "deu"},
		{name: "first, middle and last", pages: []int{2, 4, 6, 8, 9}, allowed: "deu eng fra", shown: map[int]string{2: "fra", 4: "eng", 6: "deu", 9: "deu"}, want: "deu fra"},
		{name: "a second language on a page", pages: []int{1, 2}, allowed: "rus eng", shown: map[int]string{1: "rus eng", 2: "rus"}, want: "rus eng"},
		{name: "no more than three", pages: []int{1, 2, 3}, allowed: "a b c d", shown: map[int]string{1: "a b", 2: "c", 3: "d"}, want: "a c d"},
		{name: "blank pages", pages: []int{1, 2}, allowed: "deu eng", want: "eng"},
		{name: "blank pages without English", pages: []int{1, 2}, allowed: "rus deu", want: "rus"},
		{name: "a page that lies", pages: []int{1}, allowed: "deu eng", shown: map[int]string{1: "rus"}, want: "eng"},
		{name: "nothing to choose", pages: []int{1}, allowed: "deu", fails: failed, want: "deu"},
		{name: "a look that fails", pages: []int{1}, allowed: "deu eng", fails: failed},
	} {
		got, err := language.Choose(t.Context(), test.pages, strings.Fields(test.allowed), func(_ context.Context, n int) ([]string, error) {
			return strings.Fields(test.shown[n]), test.fails
		})
		if strings.Join(got, " ") != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}
