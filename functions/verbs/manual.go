package verbs

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page is a manual page in the language of man(7).
type page struct{ strings.Builder }

// newPage begins a page. A version says of which program it is.
func newPage(name string, section int, short, version string) *page {
	p := &page{}
	fmt.Fprintf(p, ".TH \"%s\" \"%d\" \"\" \"lethe %s\" \"Lethe\"\n", roff(strings.ToUpper(name)), section, roff(version))
	p.section("NAME")
	fmt.Fprintf(p, "%s \\- %s\n", roff(name), roff(short))
	return p
}

func (p *page) section(name string) { fmt.Fprintf(p, ".SH %s\n", name) }

// prose writes paragraphs. Lines that are indented stay as they are: they are lists and examples.
func (p *page) prose(text string) {
	indented := false
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		line = strings.ReplaceAll(line, "\t", "    ")
		list := strings.HasPrefix(line, "  ")
		switch {
		case list && !indented:
			fmt.Fprintln(p, ".nf")
		case !list && indented:
			fmt.Fprintln(p, ".fi")
		}
		if indented = list; line == "" {
			fmt.Fprintln(p, ".PP")
			continue
		}
		fmt.Fprintln(p, roff(line))
	}
	if indented {
		fmt.Fprintln(p, ".fi")
	}
}

// entry writes a name and what it is.
func (p *page) entry(name, text string) {
	fmt.Fprintf(p, ".TP\n\\fB%s\\fR\n%s\n", roff(name), roff(text))
}

// roff makes a line of text one that stands for itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// topicPage is the page of a topic.
func topicPage(t topic, version string) string {
	p := newPage("lethe-"+t.name, 7, t.short, version)
	p.section("DESCRIPTION")
	p.prose(t.text())
	p.section("SEE ALSO")
	fmt.Fprintln(p, "lethe(1)")
	return p.String()
}

// commandPage is the page of a command.
func commandPage(cmd *cobra.Command, version string) string {
	p := newPage(pageName(cmd), 1, cmd.Short, version)
	p.section("SYNOPSIS")
	fmt.Fprintln(p, roff(cmd.UseLine()))
	p.section("DESCRIPTION")
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	p.prose(text)
	var see []string
	if cmd.HasAvailableSubCommands() {
		p.section("COMMANDS")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				p.entry(sub.Name(), sub.Short)
				see = append(see, pageName(sub)+"(1)")
			}
		}
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("INHERITED OPTIONS", cmd.InheritedFlags())
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.prose(cmd.Example)
	}
	p.section("SEE ALSO")
	if cmd.HasParent() {
		see = append(see, pageName(cmd.Parent())+"(1)")
	}
	for _, t := range topics() {
		see = append(see, "lethe-"+t.name+"(7)")
	}
	fmt.Fprintln(p, roff(strings.Join(see, ", ")))
	return p.String()
}

// flags writes what flags are for.
func (p *page) flags(section string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(section)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			name += " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" {
			usage += " (default " + f.DefValue + ")"
		}
		p.entry(name, usage)
	})
}
