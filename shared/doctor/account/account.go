// Package account examines an Azure storage account with the program's own rights: settings, dates and
// properties that the data plane shows.
package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// Probe examines the account of a store. It reads no blob.
type Probe struct {
	store    *azure.Store
	service  *service.Client
	emulated bool
	stamp    doctor.Stamp
	now      func() time.Time
}

var _ doctor.Probe = (*Probe)(nil)

// New returns the probe of a store's account, which is compared with the stamp. now is the program's wall clock.
func New(store *azure.Store, stamp doctor.Stamp, now func() time.Time) *Probe {
	return &Probe{store: store, service: store.Service(), emulated: store.Emulated(), stamp: stamp, now: now}
}

// Subject implements doctor.Probe.
func (p *Probe) Subject() doctor.Subject { return doctor.OfAccount }

// Inspect implements doctor.Probe.
func (p *Probe) Inspect(ctx context.Context) []doctor.Finding {
	a := doctor.Account{Unseen: map[doctor.Check]string{}}
	p.properties(ctx, &a)
	p.sku(ctx, &a)
	p.containers(ctx, &a)
	a.Tables = p.parts(ctx, &a, doctor.AccountTables, dueindex.Tables(), p.store.HasTable)
	a.Queues = p.parts(ctx, &a, doctor.AccountQueues, p.stamp.Queues, p.store.HasQueue)
	p.changeFeed(ctx, &a)
	p.leftovers(ctx, &a)
	return a.Judge(p.stamp)
}

// properties reads the properties of the blob service, and the clock from the same answer.
func (p *Probe) properties(ctx context.Context, a *doctor.Account) {
	began := p.now()
	resp, err := p.service.GetProperties(ctx, nil)
	ended := p.now()
	if err != nil {
		for _, check := range []doctor.Check{doctor.BlobSoftDelete, doctor.StaticWebsite, doctor.ClassicLogs, doctor.ClockSkew, doctor.CORS} {
			a.Unseen[check] = refusal(err)
		}
		return
	}
	a.BlobSoftDelete = to.Ptr(resp.DeleteRetentionPolicy != nil && isSet(resp.DeleteRetentionPolicy.Enabled))
	a.StaticWebsite = to.Ptr(resp.StaticWebsite != nil && isSet(resp.StaticWebsite.Enabled))
	rules := []doctor.CORSRule{}
	for _, r := range resp.CORS {
		rules = append(rules, doctor.CORSRule{Origins: list(r.AllowedOrigins), Methods: list(r.AllowedMethods)})
	}
	a.CORS = &rules
	if logs := resp.Logging; p.emulated {
		a.Unseen[doctor.ClassicLogs] = "an emulator logs nothing into its accounts"
	} else {
		a.ClassicLogs = to.Ptr(logs != nil && (isSet(logs.Read) || isSet(logs.Write) || isSet(logs.Delete)))
	}
	if resp.Date != nil {
		a.Skew = to.Ptr(resp.Date.Sub(began.Add(ended.Sub(began) / 2)))
	}
}

func (p *Probe) sku(ctx context.Context, a *doctor.Account) {
	if p.emulated {
		a.Unseen[doctor.Replication] = "an emulator copies nothing"
		return
	}
	resp, err := p.service.GetAccountInfo(ctx, nil)
	if err != nil {
		a.Unseen[doctor.Replication] = refusal(err)
	} else if resp.SKUName != nil {
		a.SKU = string(*resp.SKUName)
	}
}

// containers examines every container of the program. The identity may be kept from some: then they are not seen.
func (p *Probe) containers(ctx context.Context, a *doctor.Account) {
	immutable, all := false, true
	for _, name := range storage.Containers() {
		seen := doctor.Container{Name: name}
		resp, err := p.service.NewContainerClient(name).GetProperties(ctx, nil)
		if err != nil {
			seen.Unseen, all = true, false
			why := fmt.Sprintf("container %s: %s", name, refusal(err))
			for _, check := range []doctor.Check{doctor.PrivateContainers, doctor.Immutability, doctor.Region} {
				a.Unseen[check] = why
			}
		} else {
			seen.Public = resp.BlobPublicAccess != nil && *resp.BlobPublicAccess != ""
			immutable = immutable || isSet(resp.HasImmutabilityPolicy) || isSet(resp.HasLegalHold) || isSet(resp.IsImmutableStorageWithVersioningEnabled)
			seen.Region = azure.RegionOf(resp.Metadata)
		}
		a.Containers = append(a.Containers, seen)
	}
	if immutable || all {
		a.Immutable = &immutable
	}
}

// parts looks for every table, or every queue, of the program. Once the service does not answer the rest is left out.
func (p *Probe) parts(
	ctx context.Context, a *doctor.Account, check doctor.Check, names []string, has func(ctx context.Context, name string) (bool, error),
) []doctor.Part {
	var all []doctor.Part
	for _, name := range names {
		there, err := has(ctx, name)
		if err != nil {
			a.Unseen[check] = name + ": " + refusal(err)
		}
		all = append(all, doctor.Part{Name: name, Absent: err == nil && !there, Unseen: err != nil})
		if !answered(err) {
			return all
		}
	}
	return all
}

// answered reports whether storage said anything, if only that it refuses.
func answered(err error) bool {
	_, ok := errors.AsType[*azcore.ResponseError](err)
	return err == nil || ok
}

// changeFeed looks for the container that the feed is kept in. It stays when the feed is switched off.
func (p *Probe) changeFeed(ctx context.Context, a *doctor.Account) {
	_, err := p.service.NewContainerClient("$blobchangefeed").GetProperties(ctx, nil)
	switch {
	case err == nil:
		a.ChangeFeed = to.Ptr(true)
	case bloberror.HasCode(err, bloberror.ContainerNotFound):
		a.ChangeFeed = to.Ptr(false)
	default:
		a.Unseen[doctor.ChangeFeed] = refusal(err)
	}
}

// sample is how many blobs of a container are checked for versions and deleted blobs. One would be enough.
const sample = 100

// leftovers looks for versions and for blobs that were deleted and are kept. Finding none proves nothing: the sample may
// be older than the setting.
func (p *Probe) leftovers(ctx context.Context, a *doctor.Account) {
	looked := 0
	for _, name := range storage.Containers() {
		page, err := p.service.NewContainerClient(name).NewListBlobsFlatPager(&container.ListBlobsFlatOptions{
			MaxResults: to.Ptr(int32(sample)),
			Include:    container.ListBlobsInclude{Versions: true, Deleted: true},
		}).NextPage(ctx)
		if err != nil {
			a.Unseen[doctor.Versioning] = fmt.Sprintf("container %s: %s", name, refusal(err))
			continue
		}
		for _, item := range page.Segment.BlobItems {
			looked++
			if isSet(item.Deleted) {
				a.BlobSoftDelete = to.Ptr(true)
			}
			if item.VersionID != nil && *item.VersionID != "" {
				a.Versioning = to.Ptr(true)
			}
		}
	}
	if a.Unseen[doctor.Versioning] == "" {
		a.Unseen[doctor.Versioning] = fmt.Sprintf("no version among the %d blobs looked at; the setting cannot be seen from here", looked)
	}
}

// list reads what a property names with commas between.
func list(names *string) []string {
	if names == nil || *names == "" {
		return nil
	}
	return strings.Split(*names, ",")
}

func isSet(b *bool) bool { return b != nil && *b }

// refusal says why something could not be seen, without the SDK's text, which holds addresses.
func refusal(err error) string {
	var resp *azcore.ResponseError
	if !errors.As(err, &resp) {
		return "storage did not answer: " + storage.Plainly(err).Error()
	}
	return strings.TrimSpace(fmt.Sprintf("storage answered %d %s", resp.StatusCode, resp.ErrorCode))
}
