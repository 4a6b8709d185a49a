package verbs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

func newWebhook(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Tell an application's own server what became of its tasks",
		Long: `Register addresses at which an application is told that a task of it was completed, failed or was deleted: ids and times,
signed as Standard Webhooks says. The scope admin registers them, and the stamp must have LETHE_WEBHOOKS=true. A webhook is told
nothing before it has answered a challenge: add it, give its receiver the secret, then test it.`,
		Example: `  lethe webhook add APPLICATION https://hooks.example.org/lethe
  lethe webhook test APPLICATION WEBHOOK
  lethe webhook log --since 2026-11-01`,
	}
	cmd.AddCommand(c.newAddWebhook(), c.newListWebhooks(), c.newTestWebhook(), c.newRotateWebhook(), c.newRemoveWebhook(), c.newWebhookLog())
	return cmd
}

func (c *connection) newAddWebhook() *cobra.Command {
	var events []string
	cmd := &cobra.Command{
		Use:   "add APPLICATION ADDRESS",
		Short: "Register an address and show its secret once",
		Long: `Register an address of an application and show what its receiver verifies requests with: the secret, once, for signatures v1,
or the public key for signatures v1a.` + connectionHelp(),
		Example: `  lethe webhook add APPLICATION https://hooks.example.org/lethe --events task.completed,task.failed`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			keys, err := cl.AddWebhook(cmd.Context(), args[0], args[1], events)
			if err != nil {
				return err
			}
			return c.showWebhookKeys(cmd.OutOrStdout(), keys)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringSliceVar(&events, "events", nil, "what it is told, of "+strings.Join(Names(webhook.Types()), ", ")+"; everything if not given")
	Choice(cmd, "events", Names(webhook.Types()))
	return cmd
}

func (c *connection) showWebhookKeys(w io.Writer, keys *client.WebhookKeys) error {
	if c.jsonOut {
		return printJSON(w, keys)
	}
	_, err := fmt.Fprintf(w, "id          %s\nsecret      %s   (shown once)\npublic key  %s\n", keys.Webhook.ID, keys.Secret, keys.PublicKey)
	return err
}

func (c *connection) newListWebhooks() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list APPLICATION",
		Short: "List the webhooks of an application",
		Long:  "List the webhooks of an application, without their secrets." + connectionHelp(),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			all, err := cl.Webhooks(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.showWebhooks(cmd.OutOrStdout(), all...)
		},
	}
	c.flags(cmd)
	return cmd
}

// showWebhooks prints webhooks as a table or as lines of JSON.
func (c *connection) showWebhooks(w io.Writer, all ...client.Webhook) error {
	table := NewTable(w, "webhook", "state", "events", "address")
	for _, one := range all {
		if c.jsonOut {
			if err := printJSON(w, one); err != nil {
				return err
			}
			continue
		}
		table.Row(one.ID, one.State, strings.Join(one.Events, " "), one.URL)
	}
	return table.Flush()
}

// errUnanswered is the end of a test whose challenge did not come back.
var errUnanswered = errors.New("the challenge did not come back, so the webhook is told nothing by this test")

func (c *connection) newTestWebhook() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test APPLICATION WEBHOOK",
		Short: "Send a webhook a challenge",
		Long: `Send a webhook a signed challenge. A receiver that answers with {"challenge": …} as it got it is told of events from then
on.` + connectionHelp(),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			done, err := cl.TestWebhook(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if c.jsonOut {
				err = printJSON(cmd.OutOrStdout(), done)
			} else {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "webhook %s: %s%s after %d ms; it is %s\n", args[1], done.Outcome, statusText(done.Status), done.Milliseconds, done.Webhook.State)
			}
			if err == nil && !done.Answered {
				return errUnanswered
			}
			return err
		},
	}
	c.flags(cmd)
	return cmd
}

// statusText is what is said of a status of HTTP; nothing if there was no answer.
func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return fmt.Sprintf(" (HTTP %d)", status)
}

func (c *connection) newRotateWebhook() *cobra.Command {
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "rotate APPLICATION WEBHOOK",
		Short: "Give a webhook another secret",
		Long: `Give a webhook another secret and show it once. For the grace requests are signed with both, so that the receiver can be given
the new one without losing any.` + connectionHelp(),
		Example: `  lethe webhook rotate APPLICATION WEBHOOK --grace 24h`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			keys, err := cl.RotateWebhook(cmd.Context(), args[0], args[1], grace)
			if err != nil {
				return err
			}
			return c.showWebhookKeys(cmd.OutOrStdout(), keys)
		},
	}
	c.flags(cmd)
	cmd.Flags().DurationVar(&grace, "grace", 0, "how long the secret before signs as well, at most 168h")
	Bounds(cmd, "grace", &grace, 0, 168*time.Hour)
	return cmd
}

func (c *connection) newRemoveWebhook() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove APPLICATION WEBHOOK",
		Short: "Tell a webhook nothing any more",
		Long:  "Remove a webhook. What waits for it is not sent any more." + connectionHelp(),
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			gone, err := cl.RemoveWebhook(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return c.showWebhooks(cmd.OutOrStdout(), *gone)
		},
	}
	c.flags(cmd)
	return cmd
}

func (c *connection) newWebhookLog() *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Show what was delivered to the webhooks of the application that asks",
		Long: `Show events of the application's own tasks, and what became of their delivery, for a week after each. The scope read is
enough.` + connectionHelp(),
		Example: `  lethe webhook log --since 2026-11-01`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseTime("since", since)
			if err != nil {
				return Usage(err)
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			table := NewTable(cmd.OutOrStdout(), "event", "task", "no.", "webhook", "attempts", "outcome", "status", "next")
			return eachPage(func(after string) (string, error) {
				page, next, err := cl.Deliveries(cmd.Context(), from, after)
				if err != nil {
					return "", err
				}
				return next, c.showDeliveries(cmd.OutOrStdout(), table, page)
			})
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "only events since a day or time, such as 2026-11-01 or 2026-11-01T08:00:00Z")
	return cmd
}

// showDeliveries prints deliveries as a table or as lines of JSON.
func (c *connection) showDeliveries(w io.Writer, table *Table, page []client.Delivery) error {
	now := time.Now()
	for _, d := range page {
		if c.jsonOut {
			if err := printJSON(w, d); err != nil {
				return err
			}
			continue
		}
		next := ""
		if !d.Next.IsZero() {
			next = Instant(d.Next, now)
		}
		table.Row(d.Event, d.Task, d.Sequence, d.Webhook, d.Attempts, cmp.Or(d.Outcome, "waits"), d.Status, next)
	}
	return table.Flush()
}
