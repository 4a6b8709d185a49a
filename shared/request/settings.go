// Package request is what clients ask for with a task. The bodies and queries of the API, the client and the flags of the
// command line follow from the one type Settings.
package request

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/render"
)

// MaxBatch is how many tasks one request may create.
const MaxBatch = 1000

// Settings is how a document is to be treated. A new setting is a new field; its tags say everything about it:
//
//   - json: its name in bodies, in queries and in refusals;
//   - header: the header it travels in when the body is the document itself and the others travel in the query, because
//     addresses reach logs;
//   - flag and usage: its flag of `lethe submit`; {formats} stands for the names of all formats. A flag whose name ends
//     in -file names a file that holds the value in its first line. What the command line finds out by itself has none;
//   - separator: what help texts put between the values of a list on the command line, a comma if not given. A comma and a
//     plus sign are both understood there; in a query it is a comma always;
//   - case: any, if the command line takes the value in capitals too;
//   - doc, example, minimum, maxLength, writeOnly: for the description of the API. Which values there are is the domain's to
//     say. What is writeOnly is not shown again, so that a client cannot check it.
type Settings struct {
	Languages      []string `json:"languages,omitempty" flag:"lang" separator:"+" usage:"Tesseract language codes, joined by + or a comma, or auto to have them chosen" doc:"Tesseract's codes in order of preference, by default the first that the application is limited to, or else eng; GET /v1/capabilities lists those installed. auto, alone, has them chosen for the document from a look at some of its pages, among those that the application may use; the languages of the task say what was chosen." example:"[\"eng\"]"`
	Formats        []string `json:"formats,omitempty" flag:"format" case:"any" usage:"results: {formats}" doc:"Results wanted, by default txt where the application may use it; GET /v1/capabilities lists their media types." example:"[\"txt\",\"pdf\"]"`
	Profile        string   `json:"profile,omitempty" flag:"profile" case:"any" usage:"accurate or fast" doc:"accurate (default) recognises doubtful pages a second time, fast does not." example:"fast"`
	Password       string   `json:"password,omitempty" header:"Document-Password" flag:"password-file" usage:"file with the documents' password in its first line" writeOnly:"true" doc:"Password of an encrypted document. It is never returned or logged, and is erased when processing ends."`
	Subject        string   `json:"subject,omitempty" header:"Document-Subject" flag:"subject" usage:"opaque tag of the person or case that the documents are about, for lethe erase --subject" maxLength:"200" writeOnly:"true" doc:"Opaque tag of the person or case that the document is about, for POST /v1/erasures. Only a digest is stored, until the erasure."`
	OnPageError    string   `json:"on_page_error,omitempty" flag:"on-page-error" case:"any" usage:"continue or fail" doc:"What happens if a page cannot be recognised: continue (default) marks the page, fail ends the task." example:"fail"`
	KeepHidden     *bool    `json:"keep_hidden,omitempty" flag:"keep-hidden" usage:"leave text that does not show in the searchable PDF" doc:"Leave text of the original that does not show, such as text under a black box, in the searchable PDF. By default it is taken out where that does not change what a page looks like."`
	KeepActive     *bool    `json:"keep_active,omitempty" flag:"keep-active" usage:"leave scripts, actions and attached files in the searchable PDF" doc:"Leave scripts, actions that run or send something, media, attached files and XFA forms of the original in the searchable PDF. By default they are taken out. It is refused with the format pdfa, which cannot hold them."`
	Pages          string   `json:"pages,omitempty" flag:"pages" usage:"pages to read, such as 1-3,7; all without it" doc:"Pages to read, by number and by range in ascending order with commas between them; all if left out. Results hold these pages under their numbers in the document, and the searchable PDF has them alone, unless keep_pages is set. A list of more than 200 numbers and ranges is refused; a document without one of the pages fails with document_page_missing." example:"1-3,7"`
	KeepPages      *bool    `json:"keep_pages,omitempty" flag:"keep-pages" usage:"leave pages that are not read in the searchable PDF, as they are" doc:"Leave the pages that pages does not name in the searchable PDF, as they are, hidden text included. By default it has only those that were read, without bookmarks, page labels and the structure of the whole document."`
	ReviewBelow    Percent  `json:"review_below,omitempty" flag:"review-below" usage:"confidence from 0 to 100 under which a document or a page of it needs review" doc:"Confidence from 0 to 100. The task's needs_review is true if the mean confidence of the document or that of any page is under it, or a page could not be read; doubtful_pages lists these pages." minimum:"0" maximum:"100" example:"90"`
	RemovePassword *bool    `json:"remove_password,omitempty" flag:"remove-password" usage:"searchable PDF of a document that needs a password: needs none" doc:"Write the searchable PDF of a document that needs a password so that it needs none. By default it is encrypted (AES-256) with the password that was given, as pdfimages is; pdfa is refused, as a PDF/A is never encrypted. Other results are never encrypted."`
	Signature      string   `json:"signature,omitempty" flag:"signature" case:"any" usage:"searchable PDF of a signed document: rewrite, refuse or keep" doc:"What becomes of a digitally signed document as a searchable PDF: rewrite (default) writes a changed copy, for which the signatures do not hold; refuse ends the task; keep appends the text to the unchanged original where possible, so that hidden text and active content stay in it, and else does as rewrite; it is refused with the format pdfa, which is always a changed copy." example:"keep"`
	RetainSeconds  Seconds  `json:"retain_seconds,omitempty" flag:"retain" usage:"shorter retention after processing, such as 1h" doc:"Retention after processing in seconds, shorter than the default. A value above the limit of the application is reduced to it; the answer contains the value that applies." minimum:"1"`
	Size           Bytes    `json:"size,omitempty" doc:"Size of the document in bytes, if it is known. One that is too large is refused at once, and only a document of this very size is taken: the link refuses any other where storage can, and what arrives with another fails with document_size_mismatch and is erased." minimum:"1" example:"48213"`
	DeleteOnFetch  *bool    `json:"delete_on_fetch,omitempty" flag:"delete-on-fetch" usage:"let the server erase a task once its results were downloaded" doc:"Erase the task once every result was downloaded; results are then streamed, not linked. Must not be false if the application requires it."`
}

// Seconds is the longest time that something may last: who grants less has granted it, who grants more has not.
type Seconds int

// Bytes is the size of a document. It holds exactly.
type Bytes int64

// Percent is a share of a hundred, which may have a fraction; 0 is none.
type Percent float64

// Setting is one of the settings.
type Setting struct {
	Name      string // in JSON and in a query
	Header    string // in place of the query; may be empty
	Flag      string // of `lethe submit`; empty for what it finds out by itself
	Usage     string // of the flag
	Separator string // of a list in help texts of the command line
	AnyCase   bool   // on the command line
	WriteOnly bool   // not shown again

	index int // of the field
}

// All lists the settings in the order of the fields.
func All() []Setting {
	t := reflect.TypeFor[Settings]()
	all := make([]Setting, 0, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		separator := f.Tag.Get("separator")
		if separator == "" {
			separator = ","
		}
		all = append(all, Setting{
			Name: name, Header: f.Tag.Get("header"), Flag: f.Tag.Get("flag"), Usage: strings.ReplaceAll(f.Tag.Get("usage"), "{formats}", render.Names()), Separator: separator,
			AnyCase:   f.Tag.Get("case") == "any",
			WriteOnly: f.Tag.Get("writeOnly") == "true", index: f.Index[0],
		})
	}
	return all
}

// Place returns a pointer to the setting's field: a *[]string, *string, *Seconds, *Bytes, *Percent or **bool.
func (f Setting) Place(s *Settings) any {
	return reflect.ValueOf(s).Elem().Field(f.index).Addr().Interface()
}

// errForm refuses a text that says nothing of a setting's kind.
var errForm = errors.New("the value has the wrong form")

// Parse sets the setting as a text says it: a list with commas between its values.
func (f Setting) Parse(s *Settings, text string) (err error) {
	switch place := f.Place(s).(type) {
	case *[]string:
		*place = strings.Split(text, ",")
	case *string:
		*place = text
	case *Seconds:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errForm
		}
		if *place = Seconds(n); n < 1 {
			return errors.New("expected number >= 1")
		}
	case *Bytes:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errForm
		}
		if *place = Bytes(n); n < 1 {
			return errors.New("expected number >= 1")
		}
	case *Percent:
		v, err := strconv.ParseFloat(text, 64)
		if *place = Percent(v); err != nil || !place.possible() {
			return errors.New("expected number from 0 to 100")
		}
	case **bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errForm
		}
		*place = &b
	default:
		return fmt.Errorf("the setting %s is described and not read", f.Name)
	}
	return nil
}

// Check refuses what cannot be.
func (s Settings) Check() error {
	for _, f := range All() {
		if err := f.Check(s); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// Check refuses what the setting cannot be. The error does not name it.
func (f Setting) Check(s Settings) error {
	switch place := f.Place(&s).(type) {
	case *[]string:
		if slices.Contains(*place, "") {
			return errors.New("a value is empty; give it a name, or leave it out")
		}
	case *Seconds:
		if *place < 0 {
			return fmt.Errorf("%d seconds cannot be: give a second or longer, or leave it out", *place)
		}
	case *Bytes:
		if *place < 0 {
			return fmt.Errorf("%d bytes cannot be: give a byte or more, or leave it out", *place)
		}
	case *Percent:
		if !place.possible() {
			return errors.New("a confidence is a number from 0 to 100: give one, or leave it out")
		}
	}
	if f.Name == "pages" {
		return ocr.PageRanges(s.Pages).Check()
	}
	return nil
}

func (p Percent) possible() bool { return p >= 0 && p <= 100 }

// Dropped returns the name of the first setting that does not hold, of those that were asked for and are shown again; nothing
// if all hold. Where nothing was asked for, the server's default holds.
func (s Settings) Dropped(held Settings) string {
	for _, f := range All() {
		if !f.WriteOnly && !holds(f.Place(&s), f.Place(&held)) {
			return f.Name
		}
	}
	return ""
}

// holds compares one setting.
func holds(asked, held any) bool {
	switch asked := asked.(type) {
	case *[]string:
		held, _ := held.(*[]string)
		return len(*asked) == 0 || same(*asked, *held)
	case *string:
		held, _ := held.(*string)
		return *asked == "" || *asked == *held
	case *Seconds:
		held, _ := held.(*Seconds)
		return *asked == 0 || *held > 0 && *held <= *asked
	case *Bytes:
		held, _ := held.(*Bytes)
		return *asked == 0 || *held == *asked
	case *Percent:
		held, _ := held.(*Percent)
		return *asked == 0 || *held == *asked
	case **bool:
		held, _ := held.(**bool)
		return *asked == nil || **asked == (*held != nil && **held)
	default:
		return false
	}
}

// same compares lists in which order and repetitions say nothing.
func same(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
	}
	return within(a, b) && within(b, a)
}
