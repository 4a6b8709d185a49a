//go:build cgo

package reading

import (
	"fmt"
	"image"
	"strings"
	"testing"
)

// words makes a reading of a script: block/line, then words as text:confidence@x,y+width. All are 20 pixels high.
func words(t *testing.T, script string) []Word {
	t.Helper()
	var found []Word
	for line := range strings.Lines(script) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var block, number int
		if _, err := fmt.Sscanf(fields[0], "%d/%d", &block, &number); err != nil {
			t.Fatal(err)
		}
		for _, f := range fields[1:] {
			text, rest, _ := strings.Cut(f, ":")
			var confidence, x, y, width int
			if _, err := fmt.Sscanf(rest, "%d@%d,%d+%d", &confidence, &x, &y, &width); err != nil {
				t.Fatal(err)
			}
			found = append(found, Word{
				Text: text, Confidence: float64(confidence), Box: image.Rect(x, y, x+width, y+20), Block: block, Paragraph: 1, Line: number,
			})
		}
	}
	return found
}

// told writes words as they follow each other: a bar where a block begins, a stroke where a line does.
func told(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case w.Block != words[i-1].Block:
			b.WriteString(" | ")
		case !w.follows(words[i-1]):
			b.WriteString(" / ")
		default:
			b.WriteString(" ")
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

func TestReadingsAreJoinedWordByWord(t *testing.T) {
	for _, c := range []struct{ name, first, second, want string }{
		{"the surer word is taken", "1/1 Tota1:50@0,0+100 due:95@110,0+60", "1/1 Total:90@2,1+99 dve:60@111,0+60", "Total due"},
		{"a word against its pieces", "1/1 invo:60@0,0+50 ice:60@60,0+40", "1/1 invoice:90@0,0+100", "invoice"},
		{"pieces that are surer than their whole", "1/1 twowords:45@0,0+200", "1/1 two:95@0,0+90 words:95@100,0+100", "two words"},
		{"more letters in doubt do not outweigh a word", "1/1 yes:90@0,0+50", "1/1 lyresl:45@0,0+50", "yes"},
		{"a word that the first left out of a line", "1/1 a:90@0,0+20 c:90@60,0+20", "1/1 b:90@30,0+20", "a b c"},
		{"one before the first of a line", "1/1 b:90@30,0+20", "1/1 a:90@0,0+20", "a b"},
		{"a word that is doubted is not added", "1/1 a:90@0,0+20", "1/1 x:45@30,0+20", "a"},
		{
			"a column that the first left out comes before what is below", "1/1 left:90@0,0+90\n1/2 more:90@0,30+90\n2/1 footer:90@0,300+600",
			"1/1 left:80@0,0+90 right:90@400,0+90\n1/2 more:80@0,30+90 too:90@400,30+90", "left / more | right / too | footer",
		},
		{"a line below the others", "1/1 one:90@0,0+90", "1/1 two:90@0,40+90", "one | two"},
		{"a page of which the first found nothing", "", "1/1 one:90@0,0+90\n1/2 two:90@0,30+90", "one / two"},
		{"nothing new", "1/1 one:90@0,0+90", "", "one"},
	} {
		if got := told(merge(words(t, c.first), words(t, c.second))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A second joining must not take blocks that the first made for its own.
func TestBlocksOfLaterReadingsStayApart(t *testing.T) {
	one := merge(words(t, "1/1 one:90@0,0+90"), words(t, "1/1 two:90@0,400+90"))
	if got := told(merge(one, words(t, "1/1 three:90@0,800+90"))); got != "one | two | three" {
		t.Errorf("%q", got)
	}
}

func TestWordsOfALargerPictureComeBackToTheFirst(t *testing.T) {
	w := Word{
		Box: image.Rect(20, 40, 60, 80), Height: 30, Baseline: [2]image.Point{{20, 70}, {60, 72}},
		Characters: []Character{{Box: image.Rect(20, 40, 40, 80)}},
	}
	got := w.scaled(0.5)
	if got.Box != image.Rect(10, 20, 30, 40) || got.Height != 15 || got.Baseline != [2]image.Point{{10, 35}, {30, 36}} ||
		got.Characters[0].Box != image.Rect(10, 20, 20, 40) || w.Characters[0].Box.Max.X != 40 {
		t.Errorf("%+v of %+v", got, w)
	}
}

func TestLettersOutsideEveryWordAreCounted(t *testing.T) {
	var letters []image.Point
	for i := range 40 {
		letters = append(letters, image.Pt(10*i, 100))
	}
	covered := []Word{{Box: image.Rect(0, 90, 300, 110)}}
	if got := uncovered(letters, covered); got != 0.25 {
		t.Errorf("10 of 40 letters are outside: %v", got)
	}
	if got := uncovered(letters[:20], nil); got != 0 {
		t.Errorf("a page of few letters has %v outside", got)
	}
}
