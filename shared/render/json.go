package render

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Result is the JSON format as a whole. Write streams it; clients may decode into it. Members may be added within a
// version; none changes its meaning.
type Result struct {
	Head
	// Pages are the pages of the document in order. A page that failed has the origin "failed", no blocks, and says why.
	Pages []ocr.Page `json:"pages" doc:"In order. A page that could not be read has the origin failed."`
}

// Head is what comes before the pages.
type Head struct {
	Version   int       `json:"version" doc:"Of this schema: 1."`
	ID        string    `json:"id,omitempty" doc:"Id of the task."`
	Software  string    `json:"software,omitempty" doc:"Name and version of the program."`
	Created   time.Time `json:"created,omitzero" doc:"When it was recognised."`
	Languages []string  `json:"languages" doc:"Codes of the languages that it was read in, as asked for or chosen."`
	Chosen    bool      `json:"languages_chosen,omitempty" doc:"Whether they were chosen for the document (auto), not asked for."`
}

const jsonVersion = 1

// jsonDocument writes a Result, one page a line.
type jsonDocument struct {
	output
	pages int
}

func newJSON(_ context.Context, w io.Writer, doc Document) (Writer, error) {
	j := &jsonDocument{output: output{w: w}}
	head := Head{
		Version:   jsonVersion,
		ID:        doc.ID,
		Software:  software(doc),
		Created:   doc.Created.UTC().Truncate(time.Second),
		Languages: append([]string{}, doc.Languages...),
		Chosen:    doc.Chosen,
	}
	if err := j.value(head); err != nil {
		return nil, err
	}
	// The object stays open for the pages.
	j.b.Truncate(j.b.Len() - len("}"))
	j.b.WriteString(`,"pages":[`)
	return j, nil
}

// Page implements Writer.
func (j *jsonDocument) Page(p *ocr.Page) error {
	if j.pages > 0 {
		j.b.WriteByte(',')
	}
	j.pages++
	j.b.WriteByte('\n')
	if err := j.value(p); err != nil {
		return err
	}
	return j.flush()
}

// Close implements Writer.
func (j *jsonDocument) Close() error {
	j.b.WriteString("\n]}\n")
	return j.flush()
}

// value appends v without the line break of the encoder.
func (j *jsonDocument) value(v any) error {
	e := json.NewEncoder(&j.b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	j.b.Truncate(j.b.Len() - len("\n"))
	return nil
}
