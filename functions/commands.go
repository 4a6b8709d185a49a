package main

import (
	"fmt"

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
	root.AddCommand(verbs.Client(version)...)
	root.AddCommand(verbs.Proof(version)...)
	root.AddCommand(operatorCommands(env)...)
	root.AddCommand(engineCommands(env)...)
	if ledger, _, err := root.Find([]string{"ledger"}); err == nil {
		ledger.AddCommand(ledgerCommands(env)...)
	}
	root.AddCommand(newState(), newLanguages(), newVersion())
	verbs.Help(root, version)
	verbs.Strict(root)
	return root
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
