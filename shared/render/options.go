package render

// Options says how results are written beyond their format. The zero value is what every format does by default; a format for
// which an option means nothing leaves it out of account.
type Options struct {
	Formatting      bool `json:"formatting,omitempty"`       // of XML of the ABBYY interface: fonts, sizes and styles
	CharVariants    bool `json:"char_variants,omitempty"`    // of the same and of fields: what else a character may read
	WordVariants    bool `json:"word_variants,omitempty"`    // of the same: what else a word may read
	JoinLines       bool `json:"join_lines,omitempty"`       // of plain text in reading order: a paragraph is one line
	Components      bool `json:"components,omitempty"`       // of business cards: the parts of names, numbers and addresses
	CharacterDetail bool `json:"character_detail,omitempty"` // of business cards: characters with their positions
}
