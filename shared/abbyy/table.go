package abbyy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/task"
)

// Table writes the page that tells customers of every method, parameter, value, format and language what becomes of it, in
// Markdown. A test holds compatibility.md to it.
func Table() string {
	var b strings.Builder
	b.WriteString(`# What the ABBYY interface honours

Clients of the ABBYY Cloud OCR SDK, version 1 (XML) and version 2 (JSON), work by changing the host name and the credentials. This page is
written from the registry that reads their requests.

Names of methods and parameters, and values of lists, may be in any case. An empty value counts as not given. What is accepted without effect
or honoured in part is told in the header ` + "`" + NotHonoured + "`" + ` of the answer too, where a client gave such a value.

A name of a parameter that no method has is left out of account by version 1, as by ABBYY. Version 2 refuses it (` + "`InvalidParameterName`" + `), since a
misspelt name would change results without a word. It takes, and leaves out of account, names of parameters of other methods, those of methods that were
withdrawn, those that begin with an underscore, ` + "`code` and `clientId`" + `, and all other fields of a form, because clients, caches and hosts add
them without harm.

Fields of a form are parameters too, after those of the query, if they stand before the file: what stands behind it is not read. A file is known by its
first bytes when it is sent; that it is damaged, forbids extraction or has another password is found when it is processed, and makes the task
` + "`ProcessingFailed`" + `, where ABBYY refused the upload.

## Methods

`)
	b.WriteString("| method | version 1 | version 2 | body | right | first status | what it does |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	v2 := V2.Methods()
	for i, m := range V1.Methods() {
		row(&b, code(m.Name), verbs(m), verbs(v2[i]), m.Body.String(), code(string(m.Right)), dash(string(m.First)), m.does)
	}
	b.WriteString("\nWithdrawn methods are answered as unknown ones are, with 404: " + listed(Withdrawn()) + ".\n")
	b.WriteString("\n## Parameters\n\n| parameter | methods | values | usual value | effect |\n| --- | --- | --- | --- | --- |\n")
	for _, p := range parameters() {
		row(&b, code(p.name), methodsOf(p), valuesOf(p), dash(p.usual), effectOf(p.effect, p.note))
	}
	b.WriteString("\nParameters marked with ¹ are elements of the settings of `processFields` too, where `barcodeType` and `checkmarkType` are called `type`.\n")
	b.WriteString("\nValues of which there is more to say:\n\n| parameter | methods | value | effect |\n| --- | --- | --- | --- |\n")
	for _, p := range parameters() {
		for _, v := range p.values {
			if (v.effect != honoured || v.note != "") && (v.note != "" || p.effect != v.effect) {
				row(&b, code(p.name), methodsOf(p), code(v.name), effectOf(v.effect, v.note))
			}
		}
	}
	b.WriteString("\n## Formats\n\n| `exportFormat` | methods | ending of its name | media type | result |\n| --- | --- | --- | --- | --- |\n")
	for _, group := range []struct {
		formats []format
		methods string
	}{{pageFormats(), listed(documents())}, {cardFormats(), code(ProcessBusinessCard)}} {
		for _, f := range group.formats {
			row(&b, code(f.name), group.methods, f.is.Extension(), f.mediaType(), dash(f.note))
		}
	}
	b.WriteString("\n`processFields`, the methods of one field and `processMRZ` answer with XML of their own. Several formats are told in the order asked for.\n")
	fmt.Fprintf(&b, `
## Limits

| what | most |
| --- | --- |
| a file | %d MB; 4.4 MB on AWS, where requests are no larger: use Azure or `+"`lethe serve`"+` for larger ones |
| files of a task | %d |
| formats of a task | %d |
| text of a description | %d characters |
| settings of `+"`processFields`"+` | %d bytes, and %d bytes of what is said of fields |
| tasks in a list | %d, or %d of `+"`listFinishedTasks`"+` |

Of more tasks, `+"`listTasks`"+` tells those that were made first, and the header `+"`Link`"+` of the answer leads to the next list.

A result link is good until a full hour in UTC, about 10 hours after processing ended and no longer than the task; then getTaskStatus tells the next one.
`, MaxFile>>20, task.MaxPictures, mostFormats, task.MaxDescription, MostSettings, mostClientText, MostListed, mostFinished)
	b.WriteString(`
Of several files of a task the formats of PDF show pictures as they were sent; pages of PDFs among them are drawn as pictures.

A deleted task is told with its times and a ` + "`filesCount`" + ` of 1, however many files it had; nothing else is known of it.

ABBYY's sample for Node fetches results by https alone, whatever the link says: it needs a server with a certificate, or behind a proxy that has one.

On AWS a function URL sends no challenge with a 401: clients that send credentials only after one, such as ABBYY's library of version 2 for .NET, do not
work there.
`)
	b.WriteString("\n## Languages\n\nA language can be used where its model is installed. One without a model, or whose model is not installed, is refused with the names of those that\nare; none takes its place. Older spellings are taken too.\n\n| language | model |\n| --- | --- |\n")
	var missing []string
	for _, l := range languages() {
		name := l.name
		if l.also != "" {
			name += " (" + l.also + ")"
		}
		switch {
		case l.code == "":
			missing = append(missing, name)
		case l.name == digits:
			row(&b, name, code(l.code)+", digits alone")
		case l.near != "":
			row(&b, name, code(l.code)+", an approximation: "+l.near)
		default:
			row(&b, name, code(l.code))
		}
	}
	fmt.Fprintf(&b, "\nThere is no model of %s.\n", strings.Join(missing, ", "))
	return b.String()
}

// String names what a body holds.
func (c Content) String() string {
	switch c {
	case Picture:
		return "file"
	case Settings:
		return "settings in XML"
	default:
		return "–"
	}
}

// mediaType is that of a result, without parameters, as clients compare it.
func (f format) mediaType() string {
	bare, _, _ := strings.Cut(f.is.MediaType(), ";")
	return bare
}

func row(b *strings.Builder, cells ...string) {
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", "\\|")
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func listed(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, code(n))
	}
	return strings.Join(all, ", ")
}

// verbs lists those that a method is served for, the documented one alone first.
func verbs(m Method) string {
	if len(m.Verbs) == 1 {
		return m.Verbs[0]
	}
	return m.Verbs[0] + " (or " + strings.Join(m.Verbs[1:], ", ") + ")"
}

func methodsOf(p parameter) string {
	s := listed(p.methods)
	for _, group := range []struct {
		name  string
		names []string
	}{{"all that process", processes()}, {"all with a file", uploads()}} {
		if slices.Equal(p.methods, group.names) {
			s = group.name
		}
	}
	if p.element != "" {
		s += " ¹"
	}
	return s
}

func valuesOf(p parameter) string {
	s := p.form
	if s == "" || p.list && len(p.values) > 0 {
		var names []string
		for _, v := range p.values {
			names = append(names, code(v.name))
		}
		s = strings.Join(names, ", ")
		if p.list {
			s = "list of " + s
		}
	}
	return s
}

func effectOf(e effect, note string) string {
	if note == "" {
		return string(e)
	}
	return string(e) + ": " + note
}
