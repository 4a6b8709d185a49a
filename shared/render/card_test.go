package render

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-vcard"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// cardPage is a page of lines of text.
func cardPage(lines ...string) ocr.Page {
	p := ocr.Page{Number: 1, Width: 1000, Height: 800, DPI: 300, Origin: ocr.Recognised}
	for i, text := range lines {
		if text == "" {
			continue
		}
		p.Blocks = append(p.Blocks, block(paragraph(line(20, 30*i, 1000, strings.Fields(text)...))))
	}
	return p
}

// person is a card that says everything.
func person() ocr.Page {
	return cardPage(
		"Nordlicht, Energie; & Söhne GmbH", "Dr. Katharina von Weber", "Geschäftsführerin", "Hafenstraße 12", "20457 Hamburg", "Deutschland",
		"Tel. +49 40 5550123 ext. 7", "Fax 040 5550199", "Mobil +49 171 5550123", "k.weber@nordlicht.example.de", "www.nordlicht.example.de",
	)
}

func TestBusinessCardsAreWrittenAsTheABBYYInterfaceAnswers(t *testing.T) {
	root := parse(t, render(t, CardXML, Document{}, person()))
	if root.Name != "document" || len(root.Children) != 1 || root.Children[0].Attrs["imageRotation"] != "noRotation" {
		t.Fatalf("%+v", root)
	}
	var got []string
	for _, f := range root.Children[0].Children {
		if f.Name != "field" || len(f.Children) != 1 || f.Children[0].Name != "value" {
			t.Errorf("there is %s with %d elements", f.Name, len(f.Children))
		}
		got = append(got, f.Attrs["type"]+" "+f.Children[0].Text)
	}
	want := []string{
		"Phone +49 40 5550123 ext. 7", "Fax 040 5550199", "Mobile +49 171 5550123", "Email k.weber@nordlicht.example.de", "Web www.nordlicht.example.de",
		"Address Hafenstraße 12, 20457 Hamburg, Deutschland", "Name Dr. Katharina von Weber", "Company Nordlicht, Energie; & Söhne GmbH", "Job Geschäftsführerin",
	}
	if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := got[len(got)-1]; !strings.HasPrefix(text, "Text Nordlicht, Energie; & Söhne GmbH\nDr.") || strings.Count(text, "\n") != 10 {
		t.Errorf("%s", text)
	}
	detailed := string(render(t, CardXML, Document{Options: Options{Components: true, CharacterDetail: true}}, person()))
	for _, part := range []string{
		`<fieldComponents><fieldComponent type="PhonePrefix"><value>+</value></fieldComponent><fieldComponent type="PhoneCountryCode"><value>49</value></fieldComponent>`,
		`<fieldComponent type="City"><value>Hamburg</value></fieldComponent>`,
		`<line left="60" top="30" right="150" bottom="50"><char left="60" top="30" right="70" bottom="50">K</char>`,
	} {
		if !strings.Contains(detailed, part) {
			t.Errorf("there is no %s in\n%s", part, detailed)
		}
	}
}

func TestTurnOfABusinessCardIsTold(t *testing.T) {
	for angle, want := range map[int]string{90: "clockwise", 180: "upsideDown", 270: "counterclockwise"} {
		lying := person()
		lying.Angle = 360 - angle
		lying = upright(&lying)
		lying.Angle = angle
		root := parse(t, render(t, CardXML, Document{}, lying))
		if got := root.Children[0].Attrs["imageRotation"]; got != want || len(root.find(named("field"))) != 10 {
			t.Errorf("%d: %s, %d fields", angle, got, len(root.find(named("field"))))
		}
	}
}

func TestBusinessCardsAreRowsOfATable(t *testing.T) {
	second := after(cardPage("=cmd()|'/c calc'!A0 GmbH", "Tel. 040 555 0123 Tel. +49 40 555 0124"), 2)
	got, err := csv.NewReader(bytes.NewReader(render(t, CardCSV, Document{}, person(), second, after(model()[4], 3)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"Phone", "Fax", "Mobile", "Email", "Web", "Address", "Name", "Company", "Job"},
		{
			"'+49 40 5550123 ext. 7", "040 5550199", "+49 171 5550123", "k.weber@nordlicht.example.de", "www.nordlicht.example.de",
			"Hafenstraße 12, 20457 Hamburg, Deutschland", "Dr. Katharina von Weber", "Nordlicht, Energie; & Söhne GmbH", "Geschäftsführerin",
		},
		{"040 555 0123; +49 40 555 0124", "", "", "", "", "", "", "'=cmd()|'/c calc'!A0 GmbH", ""},
		{"", "", "", "", "", "", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// vcards reads every card of a result.
func vcards(t *testing.T, result []byte) []vcard.Card {
	t.Helper()
	var all []vcard.Card
	d := vcard.NewDecoder(bytes.NewReader(result))
	for {
		card, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, result)
		}
		all = append(all, card)
	}
}

func TestBusinessCardsAreVCards(t *testing.T) {
	all := vcards(t, render(t, VCard, Document{}, person(), after(model()[4], 2), after(cardPage("Tel. 040 555 0123"), 3)))
	if len(all) != 2 {
		t.Fatalf("%d cards", len(all))
	}
	card := all[0]
	name, address := card.Name(), card.Address()
	got := []string{
		card.Value(vcard.FieldVersion), card.PreferredValue(vcard.FieldFormattedName), name.FamilyName, name.GivenName, name.HonorificPrefix,
		card.Value(vcard.FieldOrganization), card.Value(vcard.FieldTitle), card.Value(vcard.FieldEmail), card.Value(vcard.FieldURL),
		address.StreetAddress, address.Locality, address.PostalCode, address.Country,
	}
	for _, tel := range card[vcard.FieldTelephone] {
		got = append(got, strings.Join(tel.Params.Types(), "+")+" "+tel.Value)
	}
	want := []string{
		"3.0", "Dr. Katharina von Weber", "von Weber", "Katharina", "Dr.",
		"Nordlicht, Energie, & Söhne GmbH", "Geschäftsführerin", "k.weber@nordlicht.example.de", "www.nordlicht.example.de",
		"Hafenstraße 12", "Hamburg", "20457", "Deutschland",
		"work+voice +49 40 5550123 ext. 7", "work+fax 040 5550199", "cell +49 171 5550123",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if second := all[1]; second.Value(vcard.FieldFormattedName) != "040 555 0123" || second.Get(vcard.FieldName) == nil {
		t.Errorf("a card without a name is %v", second)
	}
}

// What is printed on a card must not become a property, a formula or markup.
func FuzzCards(f *testing.F) {
	f.Add("Anna\r\nTEL:1 Berg GmbH", "anna@example.org;\nX:y", "=1+1 Ltd")
	f.Add("@SUM(1) Inc.", "+49 40 555;=1", "\x00\xff\u2028\u0085 Ltd")
	f.Add("\\n\\;END:VCARD", "www.x.de/\\,;", "20457 \"Ham\",burg\n")
	f.Fuzz(func(t *testing.T, first, second, third string) {
		p := cardPage("x")
		box := ocr.Box{X0: 10, Y0: 10, X1: 200, Y1: 30}
		for i, s := range []string{first, second, third} {
			b := box
			b.Y0, b.Y1 = 40*i, 40*i+20
			p.Blocks = append(p.Blocks, block(paragraph(ocr.Line{Box: b, Words: []ocr.Word{{Text: s, Box: b}}})))
		}
		parse(t, render(t, CardXML, Document{Options: Options{Components: true, CharacterDetail: true}}, p))
		rows, err := csv.NewReader(bytes.NewReader(render(t, CardCSV, Document{}, p))).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, value := range rows[1] {
			if formula.MatchString(value) && strings.Trim(value, "0123456789 +()./–-;,") != "" {
				t.Errorf("%q is a formula", value)
			}
		}
		known := []string{"VERSION", "FN", "N", "TEL", "EMAIL", "URL", "ORG", "TITLE", "ADR"}
		for _, card := range vcards(t, render(t, VCard, Document{}, p)) {
			for name := range card {
				if !slices.Contains(known, name) {
					t.Errorf("there is the property %s", name)
				}
			}
		}
	})
}
