package field_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr/field"
)

func parsed(t testing.TB, text string) *field.Pattern {
	t.Helper()
	p, err := field.ParsePattern(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return p
}

func TestPatternsMatchWholeWords(t *testing.T) {
	date := `(((|0)[1-9])|([12][0-9])|(30)|(31))\.(((|0)[1-9])|(10)|(11)|(12))\.((((19)|(20))[0-9][0-9])|([0-9][0-9]))`
	for pattern, words := range map[string]struct{ yes, no string }{
		"c.t":             {"cat cot cёt", "ct cart cat's"},
		"[b-d]ell":        {"bell cell dell", "ell aell bells"},
		"[ty]ell":         {"tell yell", "sell"},
		"[^y]ell":         {"dell -ell", "yell ell"},
		"[^n-s]ell":       {"bell", "nell oell sell"},
		"c(a|u)t":         {"cat cut", "cot caut"},
		"10*":             {"1 10 1000", "0 101"},
		"10+":             {"10 1000", "1"},
		"[0-9a-zA-Z]+":    {"a1B", "a-b"},
		"[А-Я][а-я]+":     {"Москва", "москва Moskva"},
		`[t-v]x+`:         {"tx uxx", "[t-v]x x"},
		`\[t-v\]x+`:       {"[t-v]x [t-v]xx", "tx"},
		"(a|b)+|c":        {"c abbba", "ac"},
		"a|b+|c":          {"a bb c", "ab"},
		date:              {"1.03.1999 31.12.99 01.1.2026", "32.01.1999 1.13.1999 0.1.99 1-03-1999"},
		"[0-9]{3}":        {"123", "12 1234"},
		"[0-9]{1-3}":      {"1 123", "1234 a"},
		"[0-9]{2,3}":      {"12 123", "1 1234"},
		"x{2-}":           {"xx xxxxx", "x"},
		"x{-2}y":          {"y xy xxy", "xxxy"},
		"colou?r":         {"color colour", "colouur"},
		"(ab?){2}":        {"aa aba abab", "a ab abb"},
		"a{b}":            {"a{b}", "ab"},
		"a@b":             {"a@b", "ab"},
		`[\-\]a-]+`:       {"a-] -", "b"},
		"[0-9]{4}-[0-9]+": {"1234-5", "1234 12345"},
		"(a*)*b":          {"b aaab", "a"},
		"x|":              {"x", "y xx"},
	} {
		p := parsed(t, pattern)
		for w := range strings.FieldsSeq(words.yes) {
			if !p.Match(w) {
				t.Errorf("%q does not match %q", w, pattern)
			}
		}
		for w := range strings.FieldsSeq(words.no) {
			if p.Match(w) {
				t.Errorf("%q matches %q", w, pattern)
			}
		}
	}
	if p := parsed(t, "x|"); !p.Match("") {
		t.Error("an empty alternative does not match nothing")
	}
	if p := parsed(t, `[A-Z]+\s[0-9]+`); !p.Spaces() || !p.Match("AB 12") || p.Match("AB12") {
		t.Error("a space between words is not matched")
	}
	if parsed(t, ".+").Spaces() {
		t.Error("any character is taken for a space")
	}
}

func TestTextsThatAreNoPatternsAreRefused(t *testing.T) {
	for _, text := range []string{
		"(", "a)", "[", "[]", "[a", "]", "*a", "+", "?", "a||*", "[z-a]", `a\`, "@(names)", "x{3-2}", "x{0}", "x{999}", "\xff",
		strings.Repeat("(", 60) + strings.Repeat(")", 60), strings.Repeat("a", 1001), strings.Repeat("a", 257),
		"((a{100}){100}){100}", "((((()*{200}){200}){200}){200})", "(a|b){1-129}",
	} {
		_, err := field.ParsePattern(text)
		var wrong *field.PatternError
		if !errors.As(err, &wrong) {
			t.Errorf("%.20q: %v", text, err)
		} else if len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the pattern: %v", err)
		}
	}
}

func TestAPatternNamesItsLetters(t *testing.T) {
	for pattern, want := range map[string]string{"[0-3]+x": "0123x", ".a": "", "[^a]": "", `a\sb`: "ab", "[\u4e00-\u9fff]": ""} {
		if got := parsed(t, pattern).Letters(); strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("%q names %q, want %q", pattern, got, want)
		}
	}
}

func candidates(texts ...string) [][]field.Candidate {
	var all [][]field.Candidate
	for _, text := range texts {
		var one []field.Candidate
		for i, c := range strings.Split(text, ",") {
			one = append(one, field.Candidate{Text: c, Confidence: 90 / float64(1+2*i)})
		}
		all = append(all, one)
	}
	return all
}

func TestTheLikeliestCandidatesThatMatchAreChosen(t *testing.T) {
	for _, c := range []struct {
		pattern string
		texts   []string
		want    []int
	}{
		{"[0-9]+", []string{"O,0", "1", "S,8,5"}, []int{1, 0, 1}},
		{"[0-9]+", []string{"1", "2"}, []int{0, 0}},
		{"[A-Z]{2}[0-9]{2}", []string{"A", "0,O", "O,0", "l,1"}, []int{0, 1, 1, 1}},
		{"(AB|CD)", []string{"A,C", "D"}, []int{1, 0}},
		{"fi+", []string{"fi,f", "1,i"}, []int{0, 1}},
		{"[0-9]+", []string{"A", "1"}, nil},
	} {
		got, ok := parsed(t, c.pattern).Best(candidates(c.texts...))
		if ok != (c.want != nil) || !slices.Equal(got, c.want) {
			t.Errorf("%q of %q: %v, want %v", c.pattern, c.texts, got, c.want)
		}
	}
}

// A backtracking matcher would need longer than the world is old.
func TestPatternsThatExplodeTakeLittleTime(t *testing.T) {
	p := parsed(t, "("+strings.Repeat("(a*)*", 40)+")*b")
	began := time.Now()
	if p.Match(strings.Repeat("a", 500) + "c") {
		t.Error("it matches")
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"[0-9]{1-3}", "(a|b)+|c", `\[t-v\]x+`, "x{,2}", "((|0)[1-9])", "(a*)*b", "a{b}"} {
		f.Add(s, "a1")
	}
	f.Fuzz(func(t *testing.T, text, word string) {
		p, err := field.ParsePattern(text)
		if err != nil {
			return
		}
		var letters [][]field.Candidate
		for _, r := range word[:min(len(word), 50)] {
			letters = append(letters, []field.Candidate{{Text: string(r), Confidence: 50}, {Text: "0", Confidence: 10}})
		}
		chosen, ok := p.Best(letters)
		if !ok {
			return
		}
		var s strings.Builder
		for i, c := range chosen {
			s.WriteString(letters[i][c].Text)
		}
		if !p.Match(s.String()) {
			t.Errorf("%q was chosen for %q and does not match", s.String(), text)
		}
	})
}
