package mrz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// The specimens of ICAO Doc 9303.
var (
	td1  = []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
	td2  = []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"}
	td3  = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	mrva = []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"}
	mrvb = []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"}
)

// told writes a zone on one line.
func told(z *ocr.MRZ) string {
	if z == nil {
		return "none"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %t", z.Format, z.Valid)
	for _, f := range z.Fields {
		fmt.Fprintf(&b, "; %s %s", f.Name, f.Value)
		if f.Valid != nil {
			fmt.Fprintf(&b, " %s %t", f.Digit, *f.Valid)
		}
	}
	return b.String()
}

func TestSpecimensOfTheStandardAreRead(t *testing.T) {
	const person = "issuer UTO; surname ERIKSSON; given_names ANNA MARIA"
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{td1, "TD1 true; document_code I; " + person + "; document_number D23145890 7 true; birth_date 740812 2 true; sex F; expiry_date 120415 9 true; nationality UTO; composite  6 true"},
		{td2, "TD2 true; document_code I; " + person + "; document_number D23145890 7 true; nationality UTO; birth_date 740812 2 true; sex F; expiry_date 120415 9 true; composite  6 true"},
		{td3, "TD3 true; document_code P; " + person + "; document_number L898902C3 6 true; nationality UTO; birth_date 740812 2 true; sex F; expiry_date 120415 9 true; personal_number ZE184226B 1 true; composite  0 true"},
		{mrva, "MRV-A true; document_code V; " + person + "; document_number L8988901C 4 true; nationality XXX; birth_date 400907 8 true; sex F; expiry_date 961210 9 true; optional_data 6ZE184226B"},
		{mrvb, "MRV-B true; document_code V; " + person + "; document_number L8988901C 4 true; nationality XXX; birth_date 400907 8 true; sex F; expiry_date 961210 9 true"},
		{
			[]string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"}, // a number of twelve characters
			"TD1 true; document_code I; issuer UTO; surname STEVENSON; given_names PETER JOHN; document_number D23145890734 9 true; birth_date 340712 7 true; sex M; expiry_date 950712 2 true; nationality UTO; composite  2 true",
		},
	} {
		if got := told(Parse(c.lines)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", strings.Join(c.lines, "\n"), got, c.want)
		}
	}
}

func TestMisreadCharactersAreCorrectedWhereTheDigitHolds(t *testing.T) {
	want := told(Parse(td3))
	for name, lines := range map[string][]string{
		"letters in dates":         {td3[0], "L898902C36UTO74O8I22FI204I59ZE184226B<<<<<10"},
		"check digits as letters":  {td3[0], "L898902C3GUTO7408I22F1204159ZE184226B<<<<<IO"},
		"a zero as a letter":       {td3[0], "L8989O2C36UTO7408122F1204159ZE184226B<<<<<10"},
		"a letter as a zero":       {td3[0], "L898902C36UT07408122F1204159ZE184226B<<<<<10"},
		"digits in a name":         {"P<UT0ER1KS5ON<<ANNA<MAR1A<<<<<<<<<<<<<<<<<<<", td3[1]},
		"fillers lost":             {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<10"},
		"fillers doubled":          {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<<<10"},
		"fillers as other signs":   {"P<UTOERIKSSON«ANNA<MARIA<<<<<<KKCC<<<<<<<<S", "L898902C36UTO7408122F1204159ZE184226B({ck<10"},
		"spaces":                   {"P<UTO ERIKSSON<< ANNA<MARIA <<<<<<<<<<<<<<<<<<<", "L898902C36UTO 7408122F1204159 ZE184226B <<<<<10"},
		"fillers in small letters": {"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<ccc<<<<<<<<k", td3[1]},
	} {
		if got := told(Parse(lines)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestZonesWhoseDigitsDoNotHoldAreGivenAsRead(t *testing.T) {
	z := Parse([]string{td3[0], "L898902C36UTO7408132F1204159ZE184226B<<<<<10"})
	if z == nil || z.Valid {
		t.Fatalf("got %s", told(z))
	}
	for _, f := range z.Fields {
		if f.Valid != nil && *f.Valid != (f.Name != ocr.BirthDate && f.Name != ocr.Composite) {
			t.Errorf("%s holds: %t", f.Name, *f.Valid)
		}
	}
	if !strings.Contains(z.Lines[1], "7408132") {
		t.Errorf("a digit that no check confirmed was changed: %s", z.Lines[1])
	}
}

func TestCorrectionsThatAreNotTheOnlyOnesAreNotMade(t *testing.T) {
	// A zero and a letter O weigh the same difference at places of one weight, so that either could be the wrong one.
	text := "OAAOAAAAA"
	digit := checkDigit("0AAOAAAAA")
	if got, ok := corrected(text, digit); ok || got != text {
		t.Errorf("corrected to %s", got)
	}
}

func TestOtherTextIsNoZone(t *testing.T) {
	for name, lines := range map[string][]string{
		"nothing":      nil,
		"capitals":     {"THE QUICK BROWN FOX JUMPS OVER THE LAZY DOGS", "AND RUNS AWAY BEFORE THE HUNTER FINDS HIM OUT"},
		"small":        {strings.ToLower(td3[0]), strings.ToLower(td3[1])},
		"one line":     td3[:1],
		"first letter": {"X" + td3[0][1:], td3[1]},
		"rules":        {strings.Repeat("<", 44), strings.Repeat("<", 44)},
	} {
		if got := Parse(lines); got != nil {
			t.Errorf("%s: %s", name, told(got))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, lines := range [][]string{td1, td2, td3, mrva, mrvb} {
		f.Add(strings.Join(lines, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		z := Parse(strings.Split(text, "\n"))
		if z == nil {
			return
		}
		if again := Parse(z.Lines); told(again) != told(z) {
			t.Errorf("%q is read as\n%s and what that says as\n%s", text, told(z), told(again))
		}
	})
}
