package verbs

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/request"
)

// Strict makes a command and all below it refuse wrong command lines in plain words, each slip with its exit code. A command
// that only has others below it shows its help when it is called alone.
func Strict(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		Strict(sub)
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return Usage(flagError(cmd, err)) })
	if !cmd.Runnable() {
		cmd.Args = knownCommand
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr()) // nobody asked for it, and a script that reads the output is not to take it for one
			return errors.Join(cmd.Help(), NoArguments(fmt.Errorf("name one of the commands of %q", cmd.CommandPath())))
		}
		return
	}
	accepts := cmd.Args
	if accepts == nil {
		accepts = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if accepts(cmd, args) == nil {
			return filled(cmd, args)
		}
		return wrongArguments(cmd, args)
	}
}

// wrongArguments says what a command takes, in the words of its help.
func wrongArguments(cmd *cobra.Command, args []string) error {
	takes := strings.Fields(cmd.Use)[1:]
	if flags := slices.IndexFunc(takes, func(word string) bool { return strings.HasPrefix(word, "--") }); flags >= 0 {
		takes = takes[:flags]
	}
	see := seeHelp(cmd)
	switch {
	case cmd.HasSubCommands():
		return knownCommand(cmd, args)
	case len(takes) == 0:
		return Usage(fmt.Errorf("%q takes no arguments, and %q is one; %s", cmd.CommandPath(), args[0], see))
	case len(args) == 0:
		return NoArguments(fmt.Errorf("%q needs %s; %s", cmd.CommandPath(), strings.Join(takes, " "), see))
	default:
		return Usage(fmt.Errorf("%q takes %s, and got %d of them; %s", cmd.CommandPath(), strings.Join(takes, " "), len(args), see))
	}
}

// seeHelp says where a command is described.
func seeHelp(cmd *cobra.Command) string { return fmt.Sprintf("see %q", cmd.CommandPath()+" --help") }

// knownCommand refuses the name of a command that does not exist.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2 // letters that are wrong
	near := ""
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		near = "; did you mean " + strings.Join(names, " or ") + "?"
	}
	if stat, err := os.Stat(args[0]); near == "" && !cmd.HasParent() && err == nil && stat.Mode().IsRegular() {
		near = fmt.Sprintf("; to read the file: %s read %s", cmd.Name(), args[0])
	}
	return &coded{ExitNoCommand, fmt.Errorf("unknown command %q%s; %s", args[0], near, seeHelp(cmd))}
}

// flagError says in plain words what is wrong with a flag, and names the variable that stands for it.
func flagError(cmd *cobra.Command, err error) error {
	see := seeHelp(cmd)
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		cause := errors.Unwrap(err)
		if want := form(bad.GetFlag()); want != "" && fromLibrary(cause) {
			cause = errors.New(want)
		}
		return fmt.Errorf("--%s %s: %w; %s", bad.GetFlag().Name, bad.GetValue(), cause, see)
	}
	if without, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("--%s needs a value; %s", without.GetFlag().Name, see)
	}
	if none, ok := errors.AsType[*pflag.NotExistError](err); ok && none.GetSpecifiedShortnames() == "" {
		return fmt.Errorf("unknown flag: --%s%s; %s", none.GetSpecifiedName(), nearFlag(cmd, none.GetSpecifiedName()), see)
	}
	if none, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return fmt.Errorf("%w%s; %s", err, nearFlag(cmd, none.GetSpecifiedShortnames()), see)
	}
	return fmt.Errorf("%w; %s", err, see)
}

// fromLibrary reports whether an error is worded by what parses values, not by this program.
func fromLibrary(err error) bool {
	_, number := errors.AsType[*strconv.NumError](err)
	return number || strings.HasPrefix(err.Error(), "time: ")
}

// form says what the values of a flag look like; empty if any text will do.
func form(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64":
		return "it must be a whole number"
	case "duration":
		return "it must be a duration, such as 90s, 15m or 24h"
	case "bool":
		return "it must be true or false"
	default:
		return ""
	}
}

// nearFlag asks whether the flag of nearly that name is meant, or one of a command further down.
func nearFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	names = near(name, names)
	switch {
	case len(names) > 0:
		return "; did you mean --" + strings.Join(names, " or --") + "?"
	case cmd.HasSubCommands():
		return "; flags of a command come after its name"
	default:
		return ""
	}
}

// near returns those of the names that nearly are the one that was typed.
func near(typed string, names []string) []string {
	all := &cobra.Command{SuggestionsMinimumDistance: 2} // letters that are wrong
	for _, name := range names {
		all.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return all.SuggestionsFor(typed)
}

// Describe is what people read of the error that a command ended with, and of what it usually comes from. Where the error names a setting by its flag or by its
// variable, the other is named too.
func Describe(cmd *cobra.Command, err error) string {
	text := Message(err)
	if p, ok := errors.AsType[*client.Problem](err); ok && cmd != nil {
		text = inFlags(cmd, p.Field, text)
	}
	if hint := hint(err); hint != "" {
		text += "; " + Printable(hint)
	}
	if cmd == nil {
		return text
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		variable := variableOf(f)
		if variable == "" {
			return
		}
		flag := regexp.MustCompile(`--` + f.Name + `\b([^-]|$)`).FindStringIndex(text)
		named := regexp.MustCompile(`\b` + variable + `\b`).FindStringIndex(text)
		switch {
		case flag != nil && named == nil:
			end := flag[0] + len("--"+f.Name)
			text = text[:end] + " (" + variable + ")" + text[end:]
		case flag == nil && named != nil:
			text = text[:named[1]] + " (--" + f.Name + ")" + text[named[1]:]
		}
	})
	return text
}

// variableOf returns the variable that a flag stands for: its usage ends with it.
func variableOf(f *pflag.Flag) string {
	named := regexp.MustCompile(`(?:\(|instead of )((?:LETHE|AZURE)_[A-Z_]+)\)?$`).FindStringSubmatch(f.Usage)
	if named == nil {
		return ""
	}
	return named[1]
}

// inFlags puts the flag and its value, given or the default, into the message of a server that refused a field of a request, in place
// of the field's name.
func inFlags(cmd *cobra.Command, field, text string) string {
	rest, named := strings.CutPrefix(text, Printable(field)+": ")
	if !named {
		return text
	}
	name := field[strings.LastIndexAny(field, ".]")+1:]
	for _, setting := range request.All() {
		if setting.Name == name {
			name = setting.Flag
		}
	}
	flag := cmd.Flags().Lookup(name)
	switch {
	case flag == nil || !flag.Changed && flag.DefValue == "":
		return text
	case !flag.Changed:
		return fmt.Sprintf("--%s %s, the default: %s", name, flag.DefValue, rest)
	default:
		return Printable("--"+name+" "+givenTo(flag)) + ": " + rest
	}
}

// givenTo returns what a flag was given, as it was written.
func givenTo(flag *pflag.Flag) string {
	value := flag.Value
	if once, ok := value.(*single); ok {
		value = once.Value
	}
	if setting, ok := value.(*settingFlag); ok {
		return setting.text
	}
	return value.String()
}
