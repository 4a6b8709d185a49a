package mrz

import (
	"image"
	"slices"
	"strings"
	"testing"
)

// with returns a text with another one from a place on.
func with(text string, place int, other string) string {
	return text[:place] + other + text[place+len(other):]
}

func TestWhatMostReadingsSayIsTaken(t *testing.T) {
	for name, rows := range map[string][][]string{
		"all the same":     {{td3[0], td3[0]}, {td3[1], td3[1]}},
		"two of three":     {{with(td3[0], 20, "K"), td3[0], td3[0]}, {td3[1], with(td3[1], 3, "B"), td3[1]}},
		"one did not read": {{with(td3[0], 30, "  "), td3[0]}, {td3[1], with(td3[1], 0, " ")}},
	} {
		lines, zone := Settle(rows)
		if zone == nil || !zone.Valid || !slices.Equal(lines, td3) {
			t.Errorf("%s: %q, %s", name, lines, told(zone))
		}
	}
}

func TestTheReadingWhoseCheckDigitHoldsIsTaken(t *testing.T) {
	wrong := with(td3[1], 5, "Z") // of the document number
	lines, zone := Settle([][]string{{td3[0], td3[0], td3[0]}, {wrong, wrong, td3[1]}})
	if zone == nil || !zone.Valid || !slices.Equal(lines, td3) {
		t.Errorf("%q, %s", lines, told(zone))
	}
}

func TestWhatNoReadingSaysIsNotMadeUp(t *testing.T) {
	wrong := with(td3[1], 2, "W") // no digit of the number is like it
	_, zone := Settle([][]string{{td3[0], td3[0]}, {wrong, wrong}})
	if zone == nil || zone.Valid || zone.Lines[1][2] != 'W' {
		t.Errorf("%s", told(zone))
	}
	if lines, zone := Settle([][]string{{strings.Repeat("A", 44)}, {strings.Repeat("B", 44)}}); zone != nil {
		t.Errorf("%q are %s", lines, told(zone))
	}
	if _, zone := Settle(nil); zone != nil {
		t.Errorf("nothing is %s", told(zone))
	}
}

// Every character has a look of its own here.
func cellsOf(lines []string) [][]*image.Gray {
	var rows [][]*image.Gray
	for _, l := range lines {
		var row []*image.Gray
		for i := range len(l) {
			im := image.NewGray(image.Rect(0, 0, 24, 46))
			for k := range im.Pix {
				if spot := k%24/6 + k/24/8*4; int(l[i])*7919>>(spot%12)&1 == 1 {
					im.Pix[k] = 200
				}
			}
			row = append(row, im)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestCharactersThatLookLikeFillersAreFillers(t *testing.T) {
	taken := with(td3[1], 38, "K") // counts as much as a filler, so that no digit tells
	rows := Compare([][]string{{td3[0], with(td3[0], 16, "X")}, {taken, taken}}, cellsOf(td3))
	for i, want := range td3 {
		for _, got := range rows[i] {
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	kept := Compare([][]string{{td3[0], td3[0]}, {td3[1], td3[1]}}, cellsOf([]string{td3[0], taken}))
	if kept[1][0] != td3[1] {
		t.Errorf("%s, want %s", kept[1][0], td3[1])
	}
}
