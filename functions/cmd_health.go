package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// newHealth asks the server of this machine whether it is well, for supervisors that start a program to ask: an image from nothing
// has no other.
func newHealth(environment) *cobra.Command {
	var ready bool
	var set config.Settings
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the server on this machine whether it runs",
		Long: `Ask the server on this machine whether it runs, with the settings that it was started with (LETHE_LISTEN, LETHE_TLS_CERT), and
without credentials. It is what the health check of a container runs. Exit code 3 means that no server answered.

With --ready, exit code 1 means that the server accepts no documents, and each failing check is named with its remedy. A supervisor
should start a server anew for the first reason only: one that accepts no documents goes on erasing.`,
		Example: `  lethe health
  lethe health --ready`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := load(cmd, set)
			if err != nil {
				return err
			}
			return health(cmd.Context(), given, ready, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&ready, "ready", false, "ask whether the server accepts documents too")
	f.StringVar(&set.Listen, "listen", "", "address that the server listens on (LETHE_LISTEN)")
	return cmd
}

// health asks the server that the settings describe.
func health(ctx context.Context, set config.Settings, ready bool, out io.Writer) error {
	const patience = 30 * time.Second // a busy machine is no dead server; supervisors have limits of their own
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	path := "/healthz"
	if ready {
		path = "/readyz"
	}
	at, err := ownAddress(set)
	if err != nil {
		return verbs.Setting(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+path, nil)
	if err != nil {
		return verbs.Setting(fmt.Errorf("LETHE_LISTEN: %w", err))
	}
	// The certificate is for the name that clients know, and nothing is told to whoever answers on this machine's own port.
	asking := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
	resp, err := asking.Do(req)
	if err != nil {
		return verbs.Unreachable(fmt.Errorf("no server answers: %w: check that it runs, and LETHE_LISTEN or --listen", err))
	}
	defer resp.Body.Close()
	if !ready {
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the server answers with status %d", resp.StatusCode)
		}
		_, err := fmt.Fprintln(out, "the server runs")
		return err
	}
	const most = 1 << 20 // bytes of an answer
	var found client.Readiness
	if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(&found); err != nil {
		return fmt.Errorf("the server's answer, with status %d, cannot be read: %w", resp.StatusCode, err)
	}
	return tellReadiness(found, out)
}

// tellReadiness names what keeps the server from accepting documents.
func tellReadiness(found client.Readiness, out io.Writer) error {
	for _, c := range found.Checks {
		if !c.OK {
			fmt.Fprintf(out, "%s: %s\n", c.Name, c.Detail)
		}
	}
	if !found.Ready {
		return errors.New("the server accepts no documents; it goes on erasing")
	}
	_, err := fmt.Fprintln(out, "the server accepts documents")
	return err
}

// ownAddress is where the server is reached from this machine itself.
func ownAddress(set config.Settings) (string, error) {
	host, port, err := net.SplitHostPort(set.Listen)
	if err != nil {
		return "", fmt.Errorf("LETHE_LISTEN: %w", err)
	}
	if port == "0" {
		return "", errors.New("LETHE_LISTEN: with port 0 the server's port is another one at each start: name one")
	}
	if loopback.Every(host) {
		host = "127.0.0.1"
	}
	scheme := "http"
	if set.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}
