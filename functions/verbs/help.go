package verbs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Help adds to the program's commands those that describe them: help for people, and completion for shells.
func Help(root *cobra.Command, version string) {
	root.Long += "\n\nTopics of \"lethe help\":"
	for _, t := range topics() {
		root.Long += fmt.Sprintf("\n  %-11s %s", t.name, t.short)
	}
	root.SetHelpCommand(newHelp(root, version))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	completeFiles(root)
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Short = "Write a script that lets a shell complete commands, flags and their values"
	}
}

func newHelp(root *cobra.Command, version string) *cobra.Command {
	var man bool
	var out string
	cmd := &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Describe a command or a topic",
		Long: `Describe a command or a topic, as text or as a manual page. With --man --output every page is written to that folder, to be
installed below a folder of MANPATH.`,
		Example: `  lethe help read
  lethe help exit-codes
  lethe help --man submit | man -l -
  lethe help --man --output man`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out != "" && (!man || len(args) > 0):
				return Usage(errors.New("--output is for all manual pages: give --man with it, and no name"))
			case out != "":
				return writeManual(root, version, out)
			}
			if t := named(args); t != nil {
				text := t.text()
				if man {
					text = topicPage(*t, version)
				}
				return emit(cmd.OutOrStdout(), []byte(text))
			}
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return &coded{ExitNoCommand, fmt.Errorf("there is no command or topic %q%s; see \"lethe --help\"", strings.Join(args, " "), nearTopic(root, args))}
			}
			if man {
				return emit(cmd.OutOrStdout(), []byte(commandPage(about, version)))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			at, _, err := root.Find(args)
			if err == nil {
				for _, sub := range at.Commands() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			for _, t := range topics() {
				if len(args) == 0 {
					names = append(names, cobra.CompletionWithDesc(t.name, t.short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&man, "man", false, "write a manual page (roff)")
	cmd.Flags().StringVarP(&out, "output", "o", "", "folder for all manual pages")
	return cmd
}

// named returns the topic that arguments name; nil if they name none.
func named(args []string) *topic {
	all := topics()
	i := slices.IndexFunc(all, func(t topic) bool { return len(args) == 1 && t.name == args[0] })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// nearTopic asks whether the command or the topic of nearly that name is meant.
func nearTopic(root *cobra.Command, args []string) string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	if names = near(args[0], names); len(names) > 0 {
		return "; did you mean " + strings.Join(names, " or ") + "?"
	}
	return ""
}

// writeManual writes the pages of all commands and topics.
func writeManual(root *cobra.Command, version, folder string) error {
	if err := noFile("--output", folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // everybody may read a manual
		return fmt.Errorf("make output folder: %w", err)
	}
	pages := map[string]string{}
	for _, t := range topics() {
		pages["lethe-"+t.name+".7"] = topicPage(t, version)
	}
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		pages[pageName(cmd)+".1"] = commandPage(cmd, version)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				add(sub)
			}
		}
	}
	add(root)
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(page), 0o644); err != nil { //nolint:gosec // everybody may read a manual
			return fmt.Errorf("write manual page: %w", err)
		}
	}
	return nil
}

// pageName is what the manual page of a command is called.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }
