//go:build linux && cgo

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// examined is what the doctor says.
type examined struct {
	Breaches int
	Unknown  int
	Findings []doctor.Finding
}

func (e examined) of(check doctor.Check) doctor.Finding {
	for _, f := range e.Findings {
		if f.Check == check {
			return f
		}
	}
	return doctor.Finding{}
}

// lethe runs a verb and returns its exit code.
func lethe(t *testing.T, env []string, args ...string) (stdout []byte, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	t.Logf("lethe %s: %d %s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), problems.String())
	return out.Bytes(), cmd.ProcessState.ExitCode()
}

// examine runs the doctor.
func examine(t *testing.T, env []string, args ...string) (examined, int) {
	t.Helper()
	out, code := lethe(t, env, append([]string{"doctor", "--json"}, args...)...)
	var e examined
	if err := json.Unmarshal(out, &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return e, code
}

func TestDoctorFindsWhatAFolderLacks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, code := lethe(t, nil, "app", "create", "--init", "--data", dir); code != 0 {
		t.Fatal("no data folder")
	}
	healthy, code := examine(t, nil, "--data", dir)
	for _, check := range []doctor.Check{doctor.FolderModes, doctor.Database, doctor.CoreDumps} {
		if f := healthy.of(check); f.Outcome != doctor.OK {
			t.Errorf("%s: %s (%s)", check, f.Outcome, f.Found)
		}
	}
	if (code != 0) != (healthy.Breaches > 0) {
		t.Errorf("code %d with %d breaches", code, healthy.Breaches)
	}

	if err := os.Chmod(filepath.Join(dir, "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	open, code := examine(t, nil, "--data", dir)
	if f := open.of(doctor.FolderModes); f.Outcome != doctor.Breach || f.Remedy == "" || code != 1 {
		t.Errorf("code %d, %+v", code, f)
	}
	table, _ := lethe(t, nil, "doctor", "--data", dir)
	for _, part := range []string{"OUTCOME  CHECK", "breach   folder-modes", "Remedies:", "chmod"} {
		if !strings.Contains(string(table), part) {
			t.Errorf("the table lacks %q:\n%s", part, table)
		}
	}
}

func TestDoctorLooksAtAStampOnAzure(t *testing.T) {
	account := azurite.Start(t).Account(t)
	settings := func(more ...string) []string {
		return append([]string{"Documents=" + account.ConnectionString, "LETHE_REGION=westeurope"}, more...)
	}
	if all, code := examine(t, settings(), "--azure"); code != 1 || all.of(doctor.PrivateContainers).Outcome != doctor.Unknown ||
		!strings.Contains(all.of(doctor.AccountTables).Found, "deliveries is absent") || !strings.Contains(all.of(doctor.AccountQueues).Found, requeue.Queue+" is absent") {
		t.Errorf("an account without anything: code %d, %+v", code, all)
	}
	store, err := azure.Open(azure.Config{ConnectionString: account.ConnectionString, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Prepare(t.Context(), "westeurope", requeue.Queue, trigger.PoisonQueue); err != nil {
		t.Fatal(err)
	}
	if all, code := examine(t, settings("REGION_NAME=West Europe"), "--azure"); code != 0 || all.of(doctor.Region).Outcome != doctor.OK {
		t.Errorf("code %d, %+v", code, all)
	}
	if all, code := examine(t, settings("REGION_NAME=East US"), "--azure"); code != 1 || all.of(doctor.Region).Outcome != doctor.Breach {
		t.Errorf("code %d, %+v", code, all)
	}
	told := settings("LETHE_WEBHOOKS=true")
	if all, code := examine(t, told, "--azure"); code != 1 || all.of(doctor.AccountQueues).Found != notify.Queue+" is absent" {
		t.Errorf("webhooks without a queue: code %d, %+v", code, all.of(doctor.AccountQueues))
	}
	if err := store.Prepare(t.Context(), "westeurope", notify.Queue); err != nil {
		t.Fatal(err)
	}
	if all, code := examine(t, told, "--azure"); code != 0 || all.of(doctor.AccountQueues).Outcome != doctor.OK {
		t.Errorf("webhooks: code %d, %+v", code, all.of(doctor.AccountQueues))
	}
	nobody := []string{"Documents=" + strings.ReplaceAll(account.ConnectionString, account.Name, "nobody"), "LETHE_REGION=westeurope"}
	if _, code := examine(t, nobody, "--azure"); code != 1 {
		t.Errorf("code %d for an account that does not answer, want 1", code)
	}
	for name, s := range map[string]slip{
		"no settings":      {verbs.ExitSetting, []string{"doctor", "--azure"}},
		"no subscription":  {verbs.ExitSetting, []string{"doctor", "--resource-group", "rg", "--account", "st"}},
		"two places":       {verbs.ExitUsage, []string{"doctor", "--azure", "--data", t.TempDir()}},
		"no account named": {verbs.ExitSetting, []string{"doctor", "--resource-group", "rg", "--subscription", "id"}},
	} {
		if _, code := lethe(t, []string{"Documents=", "AZURE_SUBSCRIPTION_ID="}, s.args...); code != s.code {
			t.Errorf("%s: code %d, want %d", name, code, s.code)
		}
	}
}

func TestDoctorWantsAStampOnAWSNamed(t *testing.T) {
	role := []string{"AWS_ACCESS_KEY_ID=ASIAX", "AWS_SECRET_ACCESS_KEY=x", "AWS_SESSION_TOKEN=x", "LETHE_REGION=", "LETHE_AWS_BUCKET="}
	for name, s := range map[string]struct {
		env  []string
		code int
		args []string
	}{
		"no settings":    {role, verbs.ExitSetting, []string{"--aws"}},
		"no credentials": {[]string{"AWS_ACCESS_KEY_ID="}, verbs.ExitSetting, []string{"--aws"}},
		"no region":      {role, verbs.ExitSetting, []string{"--stack", "mine"}},
		"two clouds":     {role, verbs.ExitUsage, []string{"--aws", "--azure"}},
		"two places":     {role, verbs.ExitUsage, []string{"--stack", "lethe-eu-central-1", "--data", t.TempDir()}},
	} {
		if _, code := lethe(t, s.env, append([]string{"doctor"}, s.args...)...); code != s.code {
			t.Errorf("%s: code %d, want %d", name, code, s.code)
		}
	}
}
