package verbs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
)

// connection is how to reach the server, from flags and environment.
type connection struct {
	version            string
	url, app           string
	tokenFile          string
	secretFile, caFile string
	insecure, jsonOut  bool

	patience time.Duration // with a server that takes nothing for now; 0: a few tries
	waits    *pause        // nil: nobody is told of it
}

// Client returns the verbs that talk to a server.
func Client(version string) []*cobra.Command {
	return []*cobra.Command{newSubmit(version), newWatch(version), newStatus(version), newGet(version), newDelete(version), newList(version), newAccessLog(version), newUsage(version), newCase(version), newWebhook(version)}
}

// connectionHelp ends the help of each of them.
func connectionHelp() string {
	return `

Server and credentials are read from LETHE_URL, LETHE_APP and LETHE_SECRET, or from LETHE_URL and LETHE_TOKEN, a token of the
identity provider. LETHE_CA_FILE names certificates to trust besides the system's. Results are written to standard output, messages to standard error.
` + SeeExits
}

func (c *connection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.url, "url", "", "address of the server (LETHE_URL)")
	f.StringVar(&c.app, "app", "", "application id (LETHE_APP)")
	f.StringVar(&c.secretFile, "secret-file", "", "file with the secret, instead of LETHE_SECRET")
	f.StringVar(&c.tokenFile, "token-file", "", "file with a token, instead of LETHE_TOKEN")
	f.StringVar(&c.caFile, "ca-file", "", "certificates (PEM) to trust besides the system's (LETHE_CA_FILE)")
	f.BoolVar(&c.insecure, "insecure-http", false, "allow plain http to another machine")
	f.BoolVar(&c.jsonOut, "json", false, "print JSON")
}

func (c *connection) dial() (*client.Client, error) {
	c.url = cmp.Or(c.url, os.Getenv("LETHE_URL"))
	c.app = cmp.Or(c.app, os.Getenv("LETHE_APP"))
	cfg := client.Config{
		URL: c.url, Application: c.app, Secret: os.Getenv("LETHE_SECRET"), Token: os.Getenv("LETHE_TOKEN"), InsecureHTTP: c.insecure, UserAgent: "lethe/" + c.version,
		Patience: c.patience,
	}
	if c.waits != nil {
		cfg.Waits = c.waits.tell
	}
	var err error
	if c.secretFile != "" {
		if cfg.Secret, err = credential("--secret-file", c.secretFile); err != nil {
			return nil, err
		}
		cfg.Token = "" // what is on the command line counts
	}
	if c.tokenFile != "" {
		if cfg.Token, err = credential("--token-file", c.tokenFile); err != nil {
			return nil, err
		}
	}
	if cfg.CACert, err = c.authorities(); err != nil {
		return nil, err
	}
	cl, err := client.New(cfg)
	if err != nil {
		return nil, Setting(err)
	}
	return cl, nil
}

// credential reads the first line of a flag's file. An empty one would let another credential count.
func credential(flag, path string) (string, error) {
	line, err := firstLine(path)
	switch {
	case err != nil:
		return "", File(fmt.Errorf("%s: %w", flag, err))
	case line == "":
		return "", File(fmt.Errorf("%s: the first line of %s is empty", flag, path))
	}
	return line, nil
}

// authorities reads the certificates to trust besides the system's; none if no file was named.
func (c *connection) authorities() ([]byte, error) {
	name := cmp.Or(c.caFile, os.Getenv("LETHE_CA_FILE"))
	if name == "" {
		return nil, nil
	}
	certificates, err := os.ReadFile(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, File(fmt.Errorf("--ca-file: %w", err))
	}
	return certificates, nil
}

// firstLine reads a secret or a password, which end with the line.
func firstLine(path string) (string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if err != nil {
		return "", err
	}
	// Editors of Windows begin a file with the mark of its encoding.
	line, _, _ := strings.Cut(strings.TrimPrefix(string(content), "\ufeff"), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// printJSON writes a value as JSON, one line.
func printJSON(w io.Writer, v any) error {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
