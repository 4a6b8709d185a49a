package task

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// Ceilings bound what the owner's tasks may ask for: an order may ask for less, never for more. The zero value bounds
// nothing.
type Ceilings struct {
	Retain        time.Duration   `json:"retain,omitempty"`          // longest retention after processing, in whole seconds; 0 for the policy's
	DeleteOnFetch bool            `json:"delete_on_fetch,omitempty"` // every task is erased once its results were fetched
	Formats       []render.Format `json:"formats,omitempty"`         // that results may have; none for all
	Languages     []string        `json:"languages,omitempty"`       // that may be read, by preference; none for all that are installed
}

// languageForm is how Tesseract names its languages and scripts.
var languageForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/-]{0,31}$`)

// maxCeilingLanguages bounds the list, so that a record stays small.
const maxCeilingLanguages = 200

// Check refuses ceilings that cannot be, naming the field.
func (c Ceilings) Check() error {
	if c.Retain < 0 || c.Retain > retention.ProcessedLimit || c.Retain%time.Second != 0 {
		return fault.New(fault.BadField, "a limit of retention must be whole seconds, 1 to %d; leave it out for the server's own", int(retention.ProcessedLimit.Seconds())).In("ceilings.retain_seconds")
	}
	for _, f := range c.Formats {
		if !f.Known() {
			return fault.New(fault.FormatUnknown, "a format is unknown; known are: %s", render.Names()).In("ceilings.formats")
		}
	}
	for _, l := range c.Languages {
		if !languageForm.MatchString(l) || l == language.Auto {
			return fault.New(fault.BadField, "a language must be a Tesseract code such as eng; list those allowed, or none to allow all").In("ceilings.languages")
		}
	}
	if len(c.Languages) > maxCeilingLanguages {
		return fault.New(fault.BadField, "%d languages given; at most %d can be listed: leave them out to allow all", len(c.Languages), maxCeilingLanguages).In("ceilings.languages")
	}
	return nil
}

// CheckLanguages refuses a language that there is no data of: neither anywhere, nor of somebody's own among those installed.
func (c Ceilings) CheckLanguages(installed []string) error {
	for _, l := range c.Languages {
		if l != language.Auto && !language.Known(l) && !slices.Contains(installed, l) {
			return fault.New(fault.LanguageUnknown, "a language is unknown; installed are: %s", spelled(installed)).In("ceilings.languages")
		}
	}
	return nil
}

// String returns the ceilings as flags of `lethe app create`; empty if there are none.
func (c Ceilings) String() string {
	var flags []string
	if c.Retain > 0 {
		flags = append(flags, "--retain "+c.Retain.String())
	}
	if c.DeleteOnFetch {
		flags = append(flags, "--delete-on-fetch")
	}
	if len(c.Formats) > 0 {
		flags = append(flags, "--formats "+strings.ReplaceAll(spelled(c.Formats), " ", ""))
	}
	if len(c.Languages) > 0 {
		flags = append(flags, "--languages "+strings.ReplaceAll(spelled(c.Languages), " ", ""))
	}
	return strings.Join(flags, " ")
}

// Allowed returns those of all languages that the ceilings allow, the preferred ones first.
func (c Ceilings) Allowed(installed []string) []string { return allowed(c.Languages, installed) }

// Among returns the languages that auto may choose from; nil for all that are installed.
func (c Ceilings) Among(installed []string) []string {
	if len(c.Languages) == 0 {
		return nil
	}
	return append([]string{}, c.Allowed(installed)...)
}

// AllowedFormats lists the formats that results may have.
func (c Ceilings) AllowedFormats() []render.Format { return allowed(c.Formats, render.Formats()) }

func allowed[T comparable](listed, all []T) []T {
	if len(listed) == 0 {
		return all
	}
	var kept []T
	for _, v := range listed {
		if slices.Contains(all, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// LongestRetention is what an order gets that does not ask for less, if longest is the policy's.
func (c Ceilings) LongestRetention(longest time.Duration) time.Duration {
	if c.Retain == 0 {
		return longest
	}
	return min(c.Retain, longest)
}

// usual returns the choice of an order that makes none: the usual one if it is allowed, or else the first that is.
func usual[T comparable](usual T, allowed []T) []T {
	if len(allowed) == 0 || slices.Contains(allowed, usual) {
		return []T{usual}
	}
	return allowed[:1]
}

// usualLanguage is what an order is read in that names no language: the first that is listed and installed, or English where none is.
func (c Ceilings) usualLanguage(installed []string) []string {
	if allowed := c.Allowed(installed); len(c.Languages) > 0 && len(allowed) > 0 {
		return allowed[:1]
	}
	return usual("eng", installed)
}

// hold holds a complete order to the owner's ceilings. A longer retention is cut, what else goes beyond them is refused.
func (c Ceilings) hold(o *Order, longest time.Duration) error {
	set := &o.Settings
	for _, l := range set.Languages {
		if len(c.Languages) > 0 && l != language.Auto && !slices.Contains(c.Languages, l) {
			return fault.New(fault.BadField, "the application may not request one of the languages; allowed are: %s", spelled(c.Languages)).In("languages")
		}
	}
	for _, f := range set.Formats {
		if len(c.Formats) > 0 && !slices.Contains(c.Formats, f) {
			return fault.New(fault.BadField, "the application may not request one of the formats; allowed are: %s", spelled(c.Formats)).In("formats")
		}
	}
	if c.Retain > 0 {
		if most := c.LongestRetention(longest); set.Retain == 0 || set.Retain > most {
			set.Retain = most
		}
	}
	if c.DeleteOnFetch {
		if o.KeepOnFetch {
			return fault.New(fault.BadField, "every task of the application is erased once its results were downloaded; leave the field out or set it to true").In("delete_on_fetch")
		}
		set.DeleteOnFetch = true
	}
	return nil
}

// spelled lists values for people.
func spelled[T ~string](values []T) string {
	names := make([]string, 0, len(values))
	for _, v := range values {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}
