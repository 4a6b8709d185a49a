package verbs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/language/naming"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/telemetry"
)

// topic is something that help tells about beside the commands.
type topic struct {
	name, short string
	text        func() string
}

// topics lists them all. Each text is made from the table that the program itself goes by.
func topics() []topic {
	return []topic{
		{"deadlines", "By when copies of documents are deleted", deadlinesTopic},
		{"errors", "Codes of errors, of documents and of requests", errorsTopic},
		{"exit-codes", "Exit codes of all commands", exitsTopic},
		{"formats", "Formats of results", formatsTopic},
		{"languages", "Languages and their codes", languagesTopic},
		{"settings", "Variables of the environment", settingsTopic},
	}
}

func exitsTopic() string {
	var b strings.Builder
	b.WriteString("Exit codes are the same for all commands, and scripts may rely on them:\n\n")
	for _, e := range Exits() {
		fmt.Fprintf(&b, "  %-4d %s\n", e.Code, e.Meaning)
	}
	return b.String()
}

func settingsTopic() string {
	var b strings.Builder
	b.WriteString("Commands that talk to a server read these variables. A flag, where there is one, wins:\n\n")
	for _, v := range [][2]string{
		{"LETHE_URL", "address of the server (--url)"},
		{"LETHE_APP", "application id (--app)"},
		{"LETHE_SECRET", "its secret (--secret-file)"},
		{"LETHE_TOKEN", "a token of the identity provider, in place of application and secret (--token-file)"},
		{"LETHE_CA_FILE", "certificates (PEM) to trust besides the system's (--ca-file)"},
	} {
		fmt.Fprintf(&b, "  %-26s %s\n", v[0], v[1])
	}
	b.WriteString("\nThe server, and commands that work on its data folder, read these:\n\n")
	b.WriteString(config.Usage())
	b.WriteString("\nThe server sends traces and metrics by OTLP as these variables of OpenTelemetry say; one of an exporter that is misspelt is refused:\n\n")
	b.WriteString(telemetry.Usage())
	return b.String()
}

func formatsTopic() string {
	var b strings.Builder
	b.WriteString("Results can have these formats, by the names that --format takes:\n\n")
	for _, f := range render.Formats() {
		fmt.Fprintf(&b, "  %-9s %-12s %s\n", f, f.Extension(), f.MediaType())
	}
	return b.String()
}

func languagesTopic() string {
	var b strings.Builder
	b.WriteString(`Languages have Tesseract's codes, joined by a plus sign or a comma: --lang rus+eng. The first counts most. With --lang auto
the script and the languages are chosen for each document, from pieces of its first, middle and last page, among those that are installed
and that the application may use; the result, the task and the command line tell them. Each language costs time, so name those that you know. A server lists the
ones that it has in its answer to GET /v1/capabilities, "lethe languages" those of this machine. Historic German prints in Fraktur are
read with frk (deu_latf where the data is newer than Debian's), which costs more and reads modern print worse than deu; auto takes it where it reads a piece better.

`)
	for _, l := range naming.All() {
		fmt.Fprintf(&b, "  %-8s %s\n", l.Code, l.Name)
	}
	b.WriteString("\nTo add one, here for Hebrew and Japanese:\n\n")
	fmt.Fprintf(&b, HowToInstall(), "tesseract-ocr-heb tesseract-ocr-jpn", "heb", "heb jpn")
	return b.String()
}

// HowToInstall says how languages come to a machine and to a stamp. It formats Debian's packages of the missing ones, the code of
// one, and the codes of all.
func HowToInstall() string {
	return `On Debian and Ubuntu:
  apt-get install %s
On another machine put the file, such as %s.traineddata, into the folder of the language data (LETHE_TESSDATA), readable
for the server. Either way start the server again. The file or the folder may be a link.
In the packages for Azure and AWS, from the source tree, and then into a stamp:
  make package LANGUAGES='%s' && make upgrade CLOUD=azure REGION=westeurope
`
}

func errorsTopic() string {
	var b strings.Builder
	b.WriteString("Errors of documents, pages and requests have codes that do not change:\n\n")
	codes := slices.Sorted(slices.Values(fault.Codes()))
	for _, c := range codes {
		fmt.Fprintf(&b, "  %-32s %s\n", c, c.Meaning())
	}
	return b.String()
}

func deadlinesTopic() string {
	p := retention.Default()
	return fmt.Sprintf(`Everything of a document is deleted at the first of these times, by elapsed time, whatever the wall clock says:

  at once, when its client asks for it (lethe delete, lethe erase)
  %s after processing ended
  %s after its upload began
  %s after the task was created, if no document came
  after the time of --retain, if that is shorter, and after the last result was downloaded, with --delete-on-fetch

Deletion begins %s earlier, so that it is over by then. "lethe list" shows by when the last copy of each task is deleted.
What remains is a record of times and reasons for %s, and a signed receipt. LETHE_RETAIN_PROCESSED, LETHE_RETAIN_UNPROCESSED and
LETHE_RETAIN_MARGIN shorten these times; nothing makes them longer. "lethe inventory" lists every kind of copy.
`, Duration(p.Processed), Duration(p.Unprocessed), Duration(p.Submission), Duration(p.Margin), Duration(p.Tombstone))
}
