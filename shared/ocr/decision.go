package ocr

// Decision says where the text of a region of a page was taken from, and why. It holds no text.
type Decision struct {
	Box  Box    `json:"box" doc:"The region, in pixels of the page as displayed."`
	From Origin `json:"from,omitempty" doc:"text-layer or recognised; missing where the text was left out."`
	Why  Reason `json:"why" doc:"The reason."`
}

// Reason is why text was taken from where it was, or left out.
type Reason string

// The reasons.
const (
	Shown       Reason = "shown"       // of the text layer
	Unexplained Reason = "unexplained" // recognised
	WholePage   Reason = "whole_page"  // recognised
	Implausible Reason = "implausible" // recognised
	FontLies    Reason = "font_lies"   // left out
	Hidden      Reason = "hidden"      // left out
	Replaced    Reason = "replaced"    // left out
	Illegible   Reason = "illegible"   // left out
	Unchecked   Reason = "unchecked"   // of the text layer

	Turned       Reason = "turned"        // recognised once more
	Doubted      Reason = "doubted"       // the same
	Uncovered    Reason = "uncovered"     // the same
	Faint        Reason = "faint"         // the same
	DoubtedLines Reason = "doubted_lines" // the same
	ZoneLines    Reason = "zone_lines"    // the same
)

// reasons is what is known of each reason.
var reasons = []struct {
	reason   Reason
	sentence string
}{
	{Shown, "the page shows what the text layer says"},
	{Unexplained, "no glyph of the text layer explains what is drawn here"},
	{WholePage, "there is no text layer that shows, or the page is a picture"},
	{Implausible, "the text layer is not what people write"},
	{FontLies, "the font shows another text than it says"},
	{Hidden, "the page looks the same without this text"},
	{Replaced, "this text does not show and stands for what was recognised here"},
	{Illegible, "what was recognised here is more likely a drawing than text"},
	{Unchecked, "the page could not be drawn"},
	{Turned, "read with little confidence, so that the page was tried another way up"},
	{Doubted, "read with little confidence, so that it was read again as one block without ruled lines"},
	{Uncovered, "letters were left outside every word, so that it was read again as one block without ruled lines"},
	{Faint, "hardly legible, so that it was read again from a blurred copy with larger letters"},
	{DoubtedLines, "lines were read with little confidence, so that they were read again from a blurred copy with larger letters"},
	{ZoneLines, "it looks like a machine-readable zone, so that its lines were read again one by one"},
}

// Reasons lists the reasons in a fixed order.
func Reasons() []Reason {
	all := make([]Reason, len(reasons))
	for i, r := range reasons {
		all[i] = r.reason
	}
	return all
}

// Sentence says it for people; empty for a reason that is not known.
func (r Reason) Sentence() string {
	for _, known := range reasons {
		if known.reason == r {
			return known.sentence
		}
	}
	return ""
}
