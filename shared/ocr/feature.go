package ocr

// MRZ is a machine-readable zone of a travel document, as ICAO Doc 9303 defines it. Fields that the document leaves empty are
// missing.
type MRZ struct {
	Format MRZFormat  `json:"format" doc:"TD1, TD2, TD3, MRV-A or MRV-B."`
	Lines  []string   `json:"lines" doc:"The lines, with each filler as <, corrected where a check digit confirmed it."`
	Fields []MRZField `json:"fields" doc:"In the order of the standard."`
	Valid  bool       `json:"valid" doc:"Whether every check digit holds."`
}

// MRZFormat is the size of a machine-readable zone.
type MRZFormat string

// The formats, each with lines and characters a line.
const (
	TD1  MRZFormat = "TD1"   // 3 × 30, cards
	TD2  MRZFormat = "TD2"   // 2 × 36
	TD3  MRZFormat = "TD3"   // 2 × 44, passports
	MRVA MRZFormat = "MRV-A" // 2 × 44, visas
	MRVB MRZFormat = "MRV-B" // 2 × 36, visas
)

// MRZField is a field of a machine-readable zone.
type MRZField struct {
	Name  MRZName `json:"name" doc:"Name of the field."`
	Value string  `json:"value" doc:"Without fillers at its end, with spaces for those within it."`
	Digit string  `json:"digit,omitempty" doc:"Its check digit, if it has one."`
	Valid *bool   `json:"valid,omitempty" doc:"Whether the check digit holds; missing where there is none."`
}

// MRZName is the name of a field.
type MRZName string

// The fields. Dates are written YYMMDD.
const (
	DocumentCode   MRZName = "document_code"
	Issuer         MRZName = "issuer"
	Surname        MRZName = "surname"
	GivenNames     MRZName = "given_names"
	DocumentNumber MRZName = "document_number"
	Nationality    MRZName = "nationality"
	BirthDate      MRZName = "birth_date"
	Sex            MRZName = "sex"
	ExpiryDate     MRZName = "expiry_date"
	PersonalNumber MRZName = "personal_number"
	OptionalData   MRZName = "optional_data"
	OptionalData2  MRZName = "optional_data_2"
	Composite      MRZName = "composite" // the check digit over several fields; it has no value
)

// MRZNames lists every field.
func MRZNames() []MRZName {
	return []MRZName{
		DocumentCode, Issuer, Surname, GivenNames, DocumentNumber, Nationality, BirthDate, Sex, ExpiryDate, PersonalNumber,
		OptionalData, OptionalData2, Composite,
	}
}
