package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
)

// newStateKey makes what opens saved states.
func newStateKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "Make the key that opens saved states",
		Long: `Make a key of age, write it to FILE, which must not exist, and print its public half. The public half is for
"lethe state save --recipient"; keep the file where no lost machine takes it along. "age-keygen" makes the same.`,
		Example: `  lethe state key state.key`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := age.GenerateX25519Identity()
			if err != nil {
				return fmt.Errorf("make a key: %w", err)
			}
			f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return verbs.Usage(fmt.Errorf("%s is there already: name a new file", args[0]))
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(f, id)
			if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
				return errors.Join(err, os.Remove(f.Name()))
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), id.Recipient())
			return err
		},
	}
}

// errKeys tells what opens a saved state.
var errKeys = errors.New("give either keys of age or --passphrase-file")

// recipientsOf are those that a saved state is encrypted for.
func recipientsOf(keys []string, passphrase string) ([]age.Recipient, error) {
	if (len(keys) == 0) == (passphrase == "") {
		return nil, verbs.Usage(fmt.Errorf("%w: --recipient age1…, or a passphrase", errKeys))
	}
	if passphrase != "" {
		text, err := firstLine(passphrase)
		if err != nil {
			return nil, err
		}
		to, err := age.NewScryptRecipient(text)
		if err != nil {
			return nil, verbs.File(err)
		}
		return []age.Recipient{to}, nil
	}
	to, err := age.ParseRecipients(strings.NewReader(strings.Join(keys, "\n")))
	if err != nil {
		return nil, verbs.Usage(errors.New("--recipient is a public key of age: it begins with age1, and age-keygen prints it"))
	}
	return to, nil
}

// identitiesOf are the keys that open a saved state.
func identitiesOf(file, passphrase string) ([]age.Identity, error) {
	if (file == "") == (passphrase == "") {
		return nil, verbs.Usage(fmt.Errorf("%w: --identity FILE, or a passphrase", errKeys))
	}
	if passphrase != "" {
		text, err := firstLine(passphrase)
		if err != nil {
			return nil, err
		}
		by, err := age.NewScryptIdentity(text)
		if err != nil {
			return nil, verbs.File(err)
		}
		return []age.Identity{by}, nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, verbs.File(err)
	}
	by, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, verbs.File(fmt.Errorf("%s holds no private key of age, as age-keygen writes it", file))
	}
	return by, nil
}

// firstLine reads a passphrase. It may not be empty, and what follows the line is a mistake.
func firstLine(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return "", verbs.File(err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if line == "" || strings.Contains(line, "\n") {
		return "", verbs.File(fmt.Errorf("%s does not hold one line, the passphrase", file))
	}
	return line, nil
}
