package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// serveVerb starts a server on this machine.
const serveVerb = "serve"

func newServe(env environment) *cobra.Command {
	var ephemeral bool
	var set config.Settings
	cmd := &cobra.Command{
		Use:   serveVerb,
		Short: "Run a server on this machine",
		Long: `Run a server with embedded storage on this machine. At its first start it prints the first administrator's id and
secret, once. Settings come from the environment and from flags, which win:

` + config.Usage(),
		Example: `  lethe serve
  lethe serve --listen 0.0.0.0:8443 --public-url https://ocr.example.org:8443 --tls-cert cert.pem --tls-key key.pem
  lethe serve --behind-proxy --public-url https://ocr.example.org --trusted-proxies 127.0.0.1
  lethe serve --ephemeral        # for test suites: prints one line of JSON, leaves nothing behind`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ephemeral {
				if err := refuseFixed(cmd); err != nil {
					return err
				}
			}
			given, err := load(cmd, set)
			if err != nil {
				return err
			}
			// The server's memory holds secrets and text: no core dump, no access by other processes of its user.
			if err := errors.Join(hideMemory(), ignoreSignals()); err != nil {
				return err
			}
			if ephemeral {
				return serveEphemeral(cmd.Context(), env, given)
			}
			return serve(cmd.Context(), env, given, newLog(env))
		},
	}
	f := cmd.Flags()
	f.StringVar(&set.Data, "data", "", "data folder (LETHE_DATA)")
	f.StringVar(&set.Listen, "listen", "", "address to listen on (LETHE_LISTEN)")
	f.StringVar(&set.PublicURL, "public-url", "", "address under which clients reach the server, with which links begin (LETHE_PUBLIC_URL)")
	f.StringVar(&set.TLSCert, "tls-cert", "", "certificate file (LETHE_TLS_CERT)")
	f.StringVar(&set.TLSKey, "tls-key", "", "key file (LETHE_TLS_KEY)")
	f.BoolVar(&set.BehindProxy, "behind-proxy", false, "a reverse proxy terminates TLS (LETHE_BEHIND_PROXY)")
	f.StringVar(&set.TrustedProxies, "trusted-proxies", "", "addresses and networks of proxies whose X-Forwarded-For names the client (LETHE_TRUSTED_PROXIES)")
	f.BoolVar(&ephemeral, "ephemeral", false, "for test suites: a private folder that is deleted with the server, a random port, an adjustable clock (POST {\"advance\": \"47h\"} to the address that it prints)")
	return cmd
}

// load reads settings and lets flags win.
func load(cmd *cobra.Command, flags config.Settings) (config.Settings, error) {
	return config.Load(func(s *config.Settings) {
		f := cmd.Flags()
		for name, set := range map[string]func(){
			"data":            func() { s.Data = flags.Data },
			"listen":          func() { s.Listen = flags.Listen },
			"public-url":      func() { s.PublicURL = flags.PublicURL },
			"tls-cert":        func() { s.TLSCert = flags.TLSCert },
			"tls-key":         func() { s.TLSKey = flags.TLSKey },
			"behind-proxy":    func() { s.BehindProxy = flags.BehindProxy },
			"trusted-proxies": func() { s.TrustedProxies = flags.TrustedProxies },
		} {
			if f.Changed(name) {
				set()
			}
		}
	})
}

// serve runs until ctx ends.
func serve(ctx context.Context, env environment, set config.Settings, log *slog.Logger) error {
	ln, scheme, err := listen(ctx, set)
	if err != nil {
		return verbs.Setting(err)
	}
	m, err := newMachine(ctx, set, baseOf(set, ln, scheme), log)
	if errors.Is(err, local.ErrInUse) {
		err = fmt.Errorf("%w: stop it, or give another folder with --data", err)
	}
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	fmt.Fprintf(env.stderr, "Links begin with %s\n", m.base)
	if err := m.firstStart(ctx, env); err != nil {
		return errors.Join(err, ln.Close(), m.close())
	}
	return m.run(ctx, ln, m.handler)
}

// firstStart makes the administrator that a new folder begins with. A database that cannot be used keeps no server from
// erasing: whether there is an administrator is checked at the next start, and /readyz names the remedy.
func (m *machine) firstStart(ctx context.Context, env environment) error {
	if m.store.Records.Check(ctx) != nil {
		return nil
	}
	if journaled(env.stderr) { // no place for a secret
		return m.missAdministrator(ctx, env)
	}
	admin, secret, err := m.registry.EnsureAdmin(ctx)
	if errors.Is(err, fault.Unavailable) {
		m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "administrator", "error", err)
		return nil
	}
	if err == nil && admin == nil {
		return m.missAdministrator(ctx, env)
	}
	if err == nil && secret != "" {
		// Not on standard output, where the log goes: a log must hold no secret.
		fmt.Fprintf(env.stderr, "First start. The administrator, shown once:\n  id      %s\n  secret  %s\n", admin.ID, secret)
	}
	return err
}
