package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// newRoot returns the command line. What a build or a platform lacks is not listed.
func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "lethe",
		Short: "An OCR service that forgets",
		Long: `Lethe recognises the text of scanned documents and does not keep them: it deletes all copies
of a processed document within 24 hours of processing, of an unprocessed one within 48 hours
of upload, and at once on request.

Start with "lethe read scan.pdf" (no server) or "lethe serve" (a server on this machine).`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return verbs.Usage(fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(verbs.Client(version)...)
	root.AddCommand(verbs.Proof(version)...)
	root.AddCommand(operatorCommands(env)...)
	root.AddCommand(engineCommands(env)...)
	if ledger, _, err := root.Find([]string{"ledger"}); err == nil {
		ledger.AddCommand(ledgerCommands(env)...)
	}
	root.AddCommand(newVersion())
	refuseArguments(root)
	return root
}

// refuseArguments makes wrong arguments of a command, and of all below it, errors of the command line that name its help. A
// command that only has others below it prints its help when it is called alone.
func refuseArguments(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		refuseArguments(sub)
	}
	if !cmd.Runnable() {
		cmd.Args = knownCommand
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	accepts := cmd.Args
	if accepts == nil {
		accepts = cobra.ArbitraryArgs
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := accepts(cmd, args); err != nil {
			return verbs.Usage(fmt.Errorf("%w; see %q", err, cmd.CommandPath()+" --help"))
		}
		return nil
	}
}

// knownCommand refuses the name of a command that does not exist.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2 // letters that are wrong
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("unknown command %q, did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "lethe", version)
			return err
		},
	}
}
