// Package resourcemanager examines a documents account through Azure Resource Manager, which shows what the data plane does not:
// versioning, replication, keys, lifecycle rules, who has which role. The role Reader on the account is enough, and
// nothing is changed. It is apart from the driver, so that a program that does not ask does not carry the clients.
package resourcemanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
)

// Config says which account is examined, and as whom.
type Config struct {
	Subscription string // id
	Group        string // resource group
	Account      string
	ClientID     string // of a user-assigned identity; empty for the default chain of credentials
	Stamp        doctor.Stamp

	Credential azcore.TokenCredential // overrides the identity; for tests
	Transport  policy.Transporter     // overrides the HTTP client; for tests
}

// Inspection is the probe of one account.
type Inspection struct {
	cfg         Config
	id          string // of the account, as Resource Manager spells it
	accounts    *armstorage.AccountsClient
	services    *armstorage.BlobServicesClient
	containers  *armstorage.BlobContainersClient
	policies    *armstorage.ManagementPoliciesClient
	assignments *armauthorization.RoleAssignmentsClient
	roles       *armauthorization.RoleDefinitionsClient
}

var _ doctor.Probe = (*Inspection)(nil)

// New returns the probe of an account. It sends no request.
func New(cfg Config) (*Inspection, error) {
	for _, s := range []struct{ name, value string }{
		{"subscription", cfg.Subscription}, {"resource group", cfg.Group}, {"account", cfg.Account},
	} {
		if s.value == "" || strings.ContainsAny(s.value, "/?#%") {
			return nil, fmt.Errorf("the %s to inspect must be named", s.name)
		}
	}
	cred, err := azure.Credential(cfg.Credential, cfg.ClientID)
	if err != nil {
		return nil, err
	}
	opt := &arm.ClientOptions{
		ClientOptions:         policy.ClientOptions{Transport: cfg.Transport, Telemetry: policy.TelemetryOptions{Disabled: true}},
		DisableRPRegistration: true,
	}
	stores, err := armstorage.NewClientFactory(cfg.Subscription, cred, opt)
	if err != nil {
		return nil, fmt.Errorf("resource manager client: %w", err)
	}
	grants, err := armauthorization.NewClientFactory(cfg.Subscription, cred, opt)
	if err != nil {
		return nil, fmt.Errorf("resource manager client: %w", err)
	}
	return &Inspection{
		cfg: cfg,
		id: fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Storage/storageAccounts/%s",
			cfg.Subscription, cfg.Group, cfg.Account),
		accounts:    stores.NewAccountsClient(),
		services:    stores.NewBlobServicesClient(),
		containers:  stores.NewBlobContainersClient(),
		policies:    stores.NewManagementPoliciesClient(),
		assignments: grants.NewRoleAssignmentsClient(),
		roles:       grants.NewRoleDefinitionsClient(),
	}, nil
}

// Subject implements doctor.Probe.
func (i *Inspection) Subject() doctor.Subject { return doctor.OfAccount }

// Inspect implements doctor.Probe.
func (i *Inspection) Inspect(ctx context.Context) []doctor.Finding {
	a := doctor.Account{Unseen: map[doctor.Check]string{}}
	for _, look := range []struct {
		at   func(context.Context, *doctor.Account) error
		what []doctor.Check // what is not seen without
	}{
		{i.account, []doctor.Check{
			doctor.Replication, doctor.CrossTenant, doctor.Region, doctor.SharedKey, doctor.Transport, doctor.PublicAccess, doctor.Immutability,
		}},
		{i.service, []doctor.Check{
			doctor.BlobSoftDelete, doctor.ContainerSoftDelete, doctor.Versioning, doctor.ChangeFeed, doctor.Restore,
		}},
		{i.listed, []doctor.Check{doctor.PrivateContainers, doctor.Immutability}},
		{i.rules, []doctor.Check{doctor.Lifecycle}},
		{i.grants, []doctor.Check{doctor.Rights}},
	} {
		if err := look.at(ctx, &a); err != nil {
			for _, check := range look.what {
				a.Unseen[check] = refusal(err)
			}
		}
	}
	return a.Judge(i.cfg.Stamp)
}

func (i *Inspection) account(ctx context.Context, a *doctor.Account) error {
	resp, err := i.accounts.GetProperties(ctx, i.cfg.Group, i.cfg.Account, nil)
	if err != nil {
		return err
	}
	ReadAccount(resp.Account, a)
	return nil
}

func (i *Inspection) service(ctx context.Context, a *doctor.Account) error {
	resp, err := i.services.GetServiceProperties(ctx, i.cfg.Group, i.cfg.Account, nil)
	if err != nil {
		return err
	}
	ReadService(resp.BlobServiceProperties, a)
	return nil
}

// listed examines every container of the account, the program's or not.
func (i *Inspection) listed(ctx context.Context, a *doctor.Account) error {
	var all []*armstorage.ListContainerItem
	for pager := i.containers.NewListPager(i.cfg.Group, i.cfg.Account, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		all = append(all, page.Value...)
	}
	ReadContainers(all, a)
	return nil
}

// rules reads the lifecycle policy. An account without one is a finding, not an error.
func (i *Inspection) rules(ctx context.Context, a *doctor.Account) error {
	resp, err := i.policies.Get(ctx, i.cfg.Group, i.cfg.Account, armstorage.ManagementPolicyNameDefault, nil)
	var refused *azcore.ResponseError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == "ManagementPolicyNotFound":
		a.Rules = &[]doctor.Rule{}
		return nil
	case err != nil:
		return err
	}
	ReadRules(resp.ManagementPolicy, a)
	return nil
}

// grants reads who has a role on the account, above it or on something in it, and what each role opens.
func (i *Inspection) grants(ctx context.Context, a *doctor.Account) error {
	var all []doctor.Grant
	known := map[string]armauthorization.RoleDefinition{}
	for pager := i.assignments.NewListForScopePager(i.id, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, assignment := range page.Value {
			p := assignment.Properties
			if p == nil || p.RoleDefinitionID == nil || p.Scope == nil {
				return errors.New("an assignment without role or scope")
			}
			role, ok := known[*p.RoleDefinitionID]
			if !ok {
				resp, err := i.roles.GetByID(ctx, *p.RoleDefinitionID, nil)
				if err != nil {
					return err
				}
				role = resp.RoleDefinition
				known[*p.RoleDefinitionID] = role
			}
			all = append(all, grant(i.id, *p, role))
		}
	}
	a.Grants = &all
	return nil
}

// refusal says why something could not be seen, without the SDK's text, which holds addresses.
func refusal(err error) string {
	var resp *azcore.ResponseError
	switch {
	case errors.As(err, &resp) && resp.StatusCode == http.StatusForbidden:
		return "resource manager refuses: the role Reader on the account is needed"
	case errors.As(err, &resp):
		return strings.TrimSpace(fmt.Sprintf("resource manager answered %d %s", resp.StatusCode, resp.ErrorCode))
	default:
		return "resource manager did not answer as expected"
	}
}
