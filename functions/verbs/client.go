package verbs

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
)

// connection is how to reach the server, from flags and environment.
type connection struct {
	version            string
	url, app           string
	secretFile, caFile string
	insecure, jsonOut  bool
}

// Client returns the verbs that talk to a server.
func Client(version string) []*cobra.Command {
	return []*cobra.Command{newSubmit(version), newStatus(version), newGet(version), newDelete(version), newList(version)}
}

const connectionHelp = `
The server and the credentials come from LETHE_URL, LETHE_APP and LETHE_SECRET.` + exitTable

func (c *connection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.url, "url", os.Getenv("LETHE_URL"), "address of the server")
	f.StringVar(&c.app, "app", os.Getenv("LETHE_APP"), "application id")
	f.StringVar(&c.secretFile, "secret-file", "", "file with the secret, instead of LETHE_SECRET")
	f.StringVar(&c.caFile, "ca-file", "", "certificates (PEM) to trust besides the system's")
	f.BoolVar(&c.insecure, "insecure-http", false, "allow plain http to another machine")
	f.BoolVar(&c.jsonOut, "json", false, "print JSON")
}

func (c *connection) dial() (*client.Client, error) {
	cfg := client.Config{
		URL: c.url, Application: c.app, Secret: os.Getenv("LETHE_SECRET"), InsecureHTTP: c.insecure, UserAgent: "lethe/" + c.version,
	}
	if c.secretFile != "" {
		secret, err := os.ReadFile(c.secretFile)
		if err != nil {
			return nil, fmt.Errorf("read secret: %w", err)
		}
		cfg.Secret = strings.TrimSpace(string(secret))
	}
	if c.caFile != "" {
		var err error
		if cfg.CACert, err = os.ReadFile(c.caFile); err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
	}
	cl, err := client.New(cfg)
	if err != nil {
		return nil, Usage(err)
	}
	return cl, nil
}

// print writes a value as JSON, one line.
func printJSON(w io.Writer, v any) error {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
