package businesscard

import "github.com/lethe-ocr/lethe/shared/ocr"

// Kind says what a field of a card is.
type Kind string

// The kinds.
const (
	Phone   Kind = "Phone"
	Fax     Kind = "Fax"
	Mobile  Kind = "Mobile"
	Email   Kind = "Email"
	Web     Kind = "Web"
	Address Kind = "Address"
	Name    Kind = "Name"
	Company Kind = "Company"
	Job     Kind = "Job"
)

// Kinds lists every kind, in the order in which fields of a card stand.
func Kinds() []Kind { return []Kind{Phone, Fax, Mobile, Email, Web, Address, Name, Company, Job} }

// Part says what a component of a field is.
type Part string

// The parts.
const (
	FirstName  Part = "FirstName"
	MiddleName Part = "MiddleName"
	LastName   Part = "LastName"
	ExtraName  Part = "ExtraName" // a title

	PhonePrefix      Part = "PhonePrefix" // a plus sign
	PhoneCountryCode Part = "PhoneCountryCode"
	PhoneCode        Part = "PhoneCode" // of the area
	PhoneBody        Part = "PhoneBody"
	PhoneExtension   Part = "PhoneExtension"

	StreetAddress Part = "StreetAddress"
	City          Part = "City"
	ZipCode       Part = "ZipCode"
	Country       Part = "Country"
)

// Component is a part of the value of a field.
type Component struct {
	Part  Part
	Value string
}

// Field is one thing that a card says.
type Field struct {
	Kind       Kind
	Value      string
	Components []Component // as far as the value divides into parts; none of companies, jobs, mails and addresses of the web
	Words      []ocr.Word  // that it was taken from, in reading order
}

// Card is what a business card says.
type Card struct {
	Fields []Field // in the order of Kinds, of one kind in reading order
	Text   string  // all words, a line for each line of the card
}

// First returns the first field of a kind, nil if there is none.
func (c *Card) First(k Kind) *Field {
	for i := range c.Fields {
		if c.Fields[i].Kind == k {
			return &c.Fields[i]
		}
	}
	return nil
}
