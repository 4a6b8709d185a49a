package render

import (
	"context"
	"encoding/csv"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-vcard"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/businesscard"
)

const cardNamespace = "http://ocrsdk.com/schema/recognizedBusinessCard-1.0.xsd"

// cardXML writes business cards as processBusinessCard of the ABBYY interface does: one for each page. With Options.Components a
// field has its parts, with Options.CharacterDetail the characters that it was read from, with their places on the page turned
// upright.
type cardXML struct {
	*markup
	components, characters bool
}

func newCardXML(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	c := &cardXML{markup: newMarkup(w), components: doc.Options.Components, characters: doc.Options.CharacterDetail}
	c.standalone()
	c.open("document", attr("xmlns:xsi", instanceNamespace), attr("xsi:schemaLocation", cardNamespace+" "+cardNamespace), attr("xmlns", cardNamespace))
	c.newline()
	return c, c.err
}

// Page implements Writer.
func (c *cardXML) Page(p *ocr.Page) error {
	turned := upright(p)
	card := businesscard.Read(&turned)
	turn := map[int]string{90: "clockwise", 180: "upsideDown", 270: "counterclockwise"}[p.Angle]
	if turn == "" {
		turn = "noRotation"
	}
	c.open("businessCard", attr("imageRotation", turn))
	c.newline()
	for i := range card.Fields {
		c.field(&card.Fields[i])
	}
	c.open("field", attr("type", "Text"))
	c.leaf("value", card.Text)
	c.close()
	c.newline()
	c.close()
	c.newline()
	return c.flush()
}

func (c *cardXML) field(f *businesscard.Field) {
	c.open("field", attr("type", string(f.Kind)))
	c.leaf("value", f.Value)
	if c.components && len(f.Components) > 0 {
		c.open("fieldComponents")
		for _, part := range f.Components {
			c.open("fieldComponent", attr("type", string(part.Part)))
			c.leaf("value", part.Value)
			c.close()
		}
		c.close()
	}
	if c.characters {
		for i := range f.Words {
			c.open("line", sides(f.Words[i].Box)...)
			for _, char := range charactersOf(&f.Words[i], 0) {
				attrs := sides(char.Box)
				if doubtful(char) {
					attrs = append(attrs, attr("suspicious", "true"))
				}
				c.leaf("char", char.Text, attrs...)
			}
			c.close()
		}
	}
	c.close()
	c.newline()
}

// Close implements Writer.
func (c *cardXML) Close() error {
	c.close()
	c.newline()
	return c.flush()
}

// cardCSV writes business cards as a table (RFC 4180): a row for each page, a column for each kind of field. Several of one kind
// stand in one field with a semicolon between them.
type cardCSV struct {
	output
	csv *csv.Writer
}

func newCardCSV(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	c := &cardCSV{output: output{w: w}}
	c.csv = csv.NewWriter(&c.b)
	c.csv.UseCRLF = true
	header := make([]string, 0, len(businesscard.Kinds()))
	for _, k := range businesscard.Kinds() {
		header = append(header, string(k))
	}
	return c, c.csv.Write(header)
}

// Page implements Writer.
func (c *cardCSV) Page(p *ocr.Page) error {
	turned := upright(p)
	card := businesscard.Read(&turned)
	row := make([]string, len(businesscard.Kinds()))
	for i, k := range businesscard.Kinds() {
		var values []string
		for _, f := range card.Fields {
			if f.Kind == k {
				values = append(values, f.Value)
			}
		}
		if row[i] = strings.Join(values, "; "); !callable.MatchString(row[i]) {
			row[i] = harmless(row[i])
		}
	}
	if err := c.csv.Write(row); err != nil {
		return err
	}
	c.csv.Flush()
	return c.flush()
}

// callable matches telephone numbers, from which a spreadsheet can make nothing but another number.
var callable = regexp.MustCompile(`^\+?[0-9][0-9 ()./–-]*(?:; \+?[0-9][0-9 ()./–-]*)*$`)

// Close implements Writer.
func (c *cardCSV) Close() error {
	c.csv.Flush()
	return c.flush()
}

// vCards writes business cards as vCard 3.0 (RFC 2426), one for each page on which there is something of a card.
type vCards struct{ output }

func newVCard(_ context.Context, w io.Writer, _ Document) (Writer, error) {
	return &vCards{output{w: w}}, nil
}

// Page implements Writer.
func (v *vCards) Page(p *ocr.Page) error {
	turned := upright(p)
	if card := businesscard.Read(&turned); len(card.Fields) > 0 {
		if err := vcard.NewEncoder(&v.b).Encode(vCardOf(&card)); err != nil {
			return err
		}
	}
	return v.flush()
}

// vCardOf turns a card into one of the format. It must have a name: that of the person, or what else the card is of.
func vCardOf(card *businesscard.Card) vcard.Card {
	made := vcard.Card{}
	made.SetValue(vcard.FieldVersion, "3.0")
	add := func(name, value string, kinds ...string) {
		field := &vcard.Field{Value: value}
		if len(kinds) > 0 {
			field.Params = vcard.Params{vcard.ParamType: kinds}
		}
		made.Add(name, field)
	}
	shown := ""
	for _, k := range []businesscard.Kind{businesscard.Name, businesscard.Company, businesscard.Email, businesscard.Phone} {
		if f := card.First(k); f != nil && shown == "" {
			shown = f.Value
		}
	}
	if shown == "" {
		shown = card.Fields[0].Value
	}
	add(vcard.FieldFormattedName, vText(shown))
	var name businesscard.Field
	if f := card.First(businesscard.Name); f != nil {
		name = *f
	}
	add(vcard.FieldName, vParts(&name, businesscard.LastName, businesscard.FirstName, businesscard.MiddleName, businesscard.ExtraName, ""))
	for i := range card.Fields {
		f := &card.Fields[i]
		value := vText(f.Value)
		switch f.Kind {
		case businesscard.Phone:
			add(vcard.FieldTelephone, value, "WORK", "VOICE")
		case businesscard.Mobile:
			add(vcard.FieldTelephone, value, "CELL")
		case businesscard.Fax:
			add(vcard.FieldTelephone, value, "WORK", "FAX")
		case businesscard.Email:
			add(vcard.FieldEmail, value, "INTERNET")
		case businesscard.Web:
			add(vcard.FieldURL, value)
		case businesscard.Company:
			add(vcard.FieldOrganization, value)
		case businesscard.Job:
			add(vcard.FieldTitle, value)
		case businesscard.Address:
			// Post office box, extended address, street, city, region, postal code, country.
			add(vcard.FieldAddress, vParts(f, "", "", businesscard.StreetAddress, businesscard.City, "", businesscard.ZipCode, businesscard.Country), "WORK")
		case businesscard.Name: // stands above
		}
	}
	return made
}

// vParts joins parts of a field as the format's structured values have them.
func vParts(f *businesscard.Field, parts ...businesscard.Part) string {
	values := make([]string, len(parts))
	for i, wanted := range parts {
		for _, c := range f.Components {
			if c.Part == wanted {
				values[i] = vText(c.Value)
			}
		}
	}
	return strings.Join(values, ";")
}

// vText makes a value one of one line and one part. The encoder escapes what else means something.
func vText(s string) string { return strings.ReplaceAll(tidy(s), ";", ",") }

// Close implements Writer.
func (v *vCards) Close() error { return nil }
