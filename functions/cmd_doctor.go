package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/account"
	"github.com/lethe-ocr/lethe/shared/doctor/resourcemanager"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// stampOf is what the settings and the platform say that the stamp is.
func stampOf(set config.Settings) doctor.Stamp {
	return doctor.Stamp{Region: set.Region, Platform: os.Getenv("REGION_NAME"), Policy: set.Policy(), Queues: queues(set.Webhooks), Page: doctor.PageOf(os.Getenv)}
}

// examination is one call of the doctor.
type examination struct {
	data                         string
	jsonOut, azure, aws, sandbox bool
	subscription, group, account string
	stack                        string
	stderr                       func() io.Writer // where people are told which folder is examined
}

func newDoctor(environment) *cobra.Command {
	e := &examination{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check that the machine or cloud account lets the program keep its promise",
		Long: `Check that the machine or cloud account lets the program keep its promise: that nothing keeps what was deleted, that nobody
else can read it, and that it stays in its region. Without flags the data folder and this machine are checked. Nothing is changed.

A stamp on Azure is checked from two sides: --azure uses the program's own rights and settings (Documents__..., LETHE_...),
--resource-group asks Resource Manager, which needs the role Reader on the documents account. Each sees
what the other cannot. What neither sees is reported as unknown, with the command that shows it. ACCOUNT, GROUP and FOLDER stand
for your names.

A stamp on AWS is checked with the credentials of a role in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: --aws
takes the stamp from its settings (LETHE_REGION, LETHE_AWS_...), --stack from those of a stack's functions. The policies ViewOnlyAccess
and SecurityAudit are enough; a right that is missing is named by the check that needs it.

Exit code 1 means that a check found a breach, or that nothing could be checked.`,
		Example: `  lethe doctor
  lethe doctor --sandbox         # before anything is stored here: would workers be confined?
  lethe doctor --azure --subscription ID --resource-group rg-lethe-westeurope
  lethe doctor --stack lethe-eu-central-1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := e.examine(cmd.Context())
			if err != nil {
				return err
			}
			if err := e.show(cmd.OutOrStdout(), found); err != nil {
				return err
			}
			return verdict(found)
		},
	}
	e.stderr = cmd.ErrOrStderr
	f := cmd.Flags()
	f.StringVar(&e.data, "data", "", "data folder (LETHE_DATA)")
	f.BoolVar(&e.jsonOut, "json", false, "print JSON")
	f.BoolVar(&e.sandbox, "sandbox", false, "check only the sandbox of worker processes on this machine; needs no data folder")
	f.BoolVar(&e.azure, "azure", false, "check the stamp on Azure that the Documents__ settings name")
	f.BoolVar(&e.aws, "aws", false, "check the stamp on AWS that the LETHE_AWS_ settings name")
	f.StringVar(&e.stack, "stack", "", "check the stamp on AWS of this stack")
	f.StringVar(&e.subscription, "subscription", "", "subscription of the stamp (AZURE_SUBSCRIPTION_ID)")
	f.StringVar(&e.group, "resource-group", "", "resource group of the stamp: ask Resource Manager too")
	f.StringVar(&e.account, "account", "", "documents account; by default the one that the Documents__ settings name")
	return cmd
}

func (e *examination) examine(ctx context.Context) (doctor.Findings, error) {
	onAzure, onAWS := e.azure || e.group != "", e.aws || e.stack != ""
	elsewhere := onAzure || onAWS
	if elsewhere && e.data != "" || onAzure && onAWS {
		return nil, verbs.Usage(errors.New("--data is for this machine, --azure and --resource-group are for a stamp on Azure, --aws and --stack for one on AWS: give one of them"))
	}
	if e.sandbox && (elsewhere || e.data != "" || e.subscription != "" || e.account != "") {
		return nil, verbs.Usage(errors.New("--sandbox checks this machine alone: give no other flag with it"))
	}
	if !elsewhere && !e.sandbox {
		return examineMachine(ctx, e.stderr(), e.data)
	}
	set, err := config.Load()
	if err != nil {
		return nil, err
	}
	if e.sandbox {
		return examineSandbox(ctx, set)
	}
	if onAWS {
		return e.examineAWS(ctx, set)
	}
	return e.examineAzure(ctx, set)
}

// examineMachine opens the folder beside a running server, or without one. It makes no folder.
func examineMachine(ctx context.Context, stderr io.Writer, data string) (found doctor.Findings, err error) {
	set, err := findFolder(stderr, data, false)
	if err != nil {
		return nil, err
	}
	// The server does this at its start. Whether it holds is for the probe to say.
	_ = hideMemory()
	now := folderClock(ctx, set.Data)
	store, err := openFolder(ctx, local.Config{Dir: set.Data, Room: roomOf(set), Now: now.Now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := examinedEngine(set)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	left, _ := readSettings(set.Data) // what no server has left is unknown
	return doctor.Run(ctx, append(machineSubjects(store, now, left.Address), doctor.Self{Workers: engine, Receivers: left.Receivers, Region: set.Region})...), nil
}

// examineSandbox needs no data folder: it checks whether this machine could have one.
func examineSandbox(ctx context.Context, set config.Settings) (doctor.Findings, error) {
	engine, err := examinedEngine(set)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	return only(doctor.Run(ctx, doctor.Self{Workers: engine}), doctor.Sandbox), nil
}

// examinedEngine starts one worker, however it is confined: the finding says how.
func examinedEngine(set config.Settings) (engine, error) {
	set.Workers, set.Sandbox = 1, config.SandboxBestEffort
	return startEngine(set, slog.New(slog.DiscardHandler))
}

func (e *examination) examineAzure(ctx context.Context, set config.Settings) (doctor.Findings, error) {
	remote := clock.NewRemote(time.Now)
	where := connection(remote)
	var probes []doctor.Probe
	if e.azure {
		store, err := openAccount(remote)
		if err != nil {
			return nil, err
		}
		probes = append(probes, account.New(store, stampOf(set), time.Now))
	}
	if e.group != "" {
		if e.account == "" {
			e.account = accountOf(where.BlobURL)
		}
		if e.subscription == "" {
			e.subscription = os.Getenv("AZURE_SUBSCRIPTION_ID")
		}
		probe, err := resourcemanager.New(resourcemanager.Config{
			Subscription: e.subscription, Group: e.group, Account: e.account, ClientID: where.ClientID, Stamp: stampOf(set),
		})
		if err != nil {
			return nil, verbs.Setting(fmt.Errorf("%w; see --subscription, --resource-group and --account", err))
		}
		probes = append(probes, probe)
	}
	return doctor.Run(ctx, probes...), nil
}

// accountOf returns the account whose blob endpoint this is: its host's first label.
func accountOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

func (e *examination) show(w io.Writer, found doctor.Findings) error {
	if e.jsonOut {
		return json.NewEncoder(w).Encode(map[string]any{
			"breaches": found.Count(doctor.Breach), "unknown": found.Count(doctor.Unknown), "findings": found,
		})
	}
	table := verbs.NewTable(w, "outcome", "check", "found")
	for _, f := range found {
		table.Row(f.Outcome, f.Check, f.Found)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, part := range []struct {
		outcome doctor.Outcome
		heading string
	}{{doctor.Breach, "Remedies"}, {doctor.Unknown, "To find out"}} {
		if found.Count(part.outcome) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", part.heading)
		for _, f := range found {
			if f.Outcome == part.outcome {
				fmt.Fprintf(w, "  %s: %s\n", f.Check, f.Remedy)
			}
		}
	}
	return nil
}

// verdict fails closed: an examination that saw nothing proves nothing.
func verdict(found doctor.Findings) error {
	switch breaches := found.Count(doctor.Breach); {
	case breaches > 0:
		return fmt.Errorf("%d of %d checks found a breach", breaches, len(found))
	case found.Count(doctor.OK) == 0:
		return errors.New("nothing could be checked")
	default:
		return nil
	}
}

// only returns the findings of one check.
func only(found doctor.Findings, check doctor.Check) doctor.Findings {
	var kept doctor.Findings
	for _, f := range found {
		if f.Check == check {
			kept = append(kept, f)
		}
	}
	return kept
}
