package doctor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// facts are those of everything that is judged.
type facts struct {
	stamp   doctor.Stamp
	account doctor.Account
	folder  doctor.Folder
	process doctor.Process
	drift   func() time.Duration
	base    string
	aws     doctor.AWS
	onAWS   doctor.StampAWS
}

// spoiling is a case of facts that no longer keep an expectation, or still do.
type spoiling struct {
	name  string
	spoil func(*facts)
	check doctor.Check
	want  doctor.Outcome
}

func (f facts) judge() []doctor.Finding {
	return slices.Concat(f.account.Judge(f.stamp), f.aws.Judge(f.onAWS), f.folder.Judge(), f.process.Judge(), doctor.Clock{Drift: f.drift}.Inspect(context.Background()),
		doctor.Address{Base: f.base}.Inspect(context.Background()))
}

// healthy are facts that keep every expectation.
func healthy() facts {
	off := func() *bool { return new(bool) }
	rule := func(container string, days int) doctor.Rule {
		return doctor.Rule{Prefixes: []string{container + "/"}, BlobTypes: []string{"blockBlob", "appendBlob"}, Days: days, ByCreation: true}
	}
	return facts{
		stamp: doctor.Stamp{Region: "westeurope", Platform: "West Europe", Policy: retention.Default(), Page: page()},
		account: doctor.Account{
			BlobSoftDelete: off(), ContainerSoftDelete: off(), Versioning: off(), ChangeFeed: off(), Restore: off(), Immutable: off(),
			SKU: "Standard_ZRS", CrossTenant: off(), Location: "westeurope", SharedKey: off(), HTTPSOnly: new(true), MinimumTLS: "TLS1_2",
			CORS: pageRule(), PublicAccess: off(), StaticWebsite: off(), ClassicLogs: off(), Skew: new(time.Second),
			Containers: []doctor.Container{{Name: storage.Uploads, Region: "westeurope"}, {Name: storage.Ledger}},
			Tables:     []doctor.Part{{Name: "tasks"}, {Name: "due"}}, Queues: []doctor.Part{{Name: "notify"}},
			Rules: &[]doctor.Rule{rule(storage.Uploads, 2), rule(storage.Work, 2), rule(storage.Results, 1), rule(storage.DeadLetters, 2)},
			Grants: &[]doctor.Grant{
				{Role: doctor.BlobDataContributor, Level: doctor.OneContainer, In: storage.Uploads, Data: true},
				{Role: doctor.Reader, Level: doctor.WholeAccount},
				{Role: doctor.BlobDataReader, Level: doctor.OneContainer, In: storage.Ledger, Data: true, Person: true},
				{Role: "owner", Level: doctor.Above, Person: true},
			},
		},
		folder: doctor.Folder{Modes: &doctor.Modes{Looked: 5}, FileSystem: "ext4", SecureDelete: new(1), Journal: "wal",
			Space: &doctor.Space{Free: 9 << 30, Floor: 1 << 30, Reserve: 64 << 20, Wanted: 64 << 20}},
		process: doctor.Process{
			CoreLimit: new(uint64(0)), Dumpable: off(), Swaps: &[]string{"/dev/zram0"}, Gap: &effect.Gap{},
			Receivers: &[]string{"127.0.0.1"}, Region: "westeurope",
		},
		drift: func() time.Duration { return -5 * time.Minute },
		base:  "https://ocr.example.org",
		aws:   healthyAWS(),
		onAWS: doctor.StampAWS{AWSNames: names, Platform: names.Region, Role: names.Stack + "-retention", Policy: retention.Default(), Webhooks: true},
	}
}

// page is one with people who sign in at an issuer.
func page() doctor.Page {
	return doctor.Page{Setting: "on", Address: "https://ocr.example.org/", Client: "lethe-page", Application: "3b0f4c9e-2f3a-4d55-9a0e-0d5a3c1b7e21"}
}

// setPage writes a page into the settings of a function.
func setPage(environment map[string]string, p doctor.Page) {
	for name, value := range map[string]string{
		"LETHE_PAGE": p.Setting, "LETHE_PUBLIC_URL": p.Address, "LETHE_OIDC_CLIENT_ID": p.Client, "LETHE_PAGE_APP": p.Application,
	} {
		environment[name] = value
	}
}

// pageRule is the one rule that there is for it.
func pageRule() *[]doctor.CORSRule {
	return &[]doctor.CORSRule{{Origins: []string{"https://ocr.example.org"}, Methods: []string{"PUT", "GET"}}}
}

// spoiledPage are cases of the page and the rules for its scripts, which every cloud judges alike.
func spoiledPage(cors, signIn doctor.Check, of func(*facts, func(*doctor.Page, *[]doctor.CORSRule))) []spoiling {
	var all []spoiling
	add := func(name string, check doctor.Check, want doctor.Outcome, spoil func(*doctor.Page, *[]doctor.CORSRule)) {
		all = append(all, spoiling{name, func(f *facts) { of(f, spoil) }, check, want})
	}
	add("a rule without a page", cors, doctor.Breach, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Setting = "off" })
	add("neither rule nor page", cors, doctor.OK, func(p *doctor.Page, r *[]doctor.CORSRule) { p.Setting, *r = "off", nil })
	add("a page without a rule", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) { *r = nil })
	add("a rule for another origin", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) { (*r)[0].Origins[0] = "https://ocr.example.com" })
	add("a rule for the page in the clear", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) { (*r)[0].Origins[0] = "http://ocr.example.org" })
	add("a rule for two origins", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) {
		(*r)[0].Origins = append((*r)[0].Origins, "https://ocr.example.com")
	})
	add("a second rule", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) {
		*r = append(*r, doctor.CORSRule{Origins: []string{"https://ocr.example.com"}, Methods: []string{"GET"}})
	})
	add("a rule for everybody, no setting known", cors, doctor.Breach, func(p *doctor.Page, r *[]doctor.CORSRule) {
		p.Setting, (*r)[0].Origins[0] = "", "*"
	})
	add("a rule for more methods", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) { (*r)[0].Methods = []string{"GET", "PUT", "DELETE"} })
	add("a rule for too few methods", cors, doctor.Breach, func(_ *doctor.Page, r *[]doctor.CORSRule) { (*r)[0].Methods = []string{"GET"} })
	add("no setting known", cors, doctor.Unknown, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Setting = "" })
	add("a page at the address in capitals", cors, doctor.OK, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Address = "https://OCR.example.org" })
	add("a client without an application", signIn, doctor.Breach, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Application = "" })
	add("an application without a client", signIn, doctor.Breach, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Client = "" })
	add("no issuer for the page", signIn, doctor.OK, func(p *doctor.Page, _ *[]doctor.CORSRule) { p.Client, p.Application = "", "" })
	return all
}

func rule(f *facts, i int) *doctor.Rule { return &(*f.account.Rules)[i] }

func grant(f *facts, g doctor.Grant) { *f.account.Grants = append(*f.account.Grants, g) }

func TestFactsAreJudged(t *testing.T) {
	cases := []spoiling{
		{"deleted blobs are kept", func(f *facts) { *f.account.BlobSoftDelete = true }, doctor.BlobSoftDelete, doctor.Breach},
		{"deleted containers are kept", func(f *facts) { *f.account.ContainerSoftDelete = true }, doctor.ContainerSoftDelete, doctor.Breach},
		{"versions", func(f *facts) { *f.account.Versioning = true }, doctor.Versioning, doctor.Breach},
		{"change feed", func(f *facts) { *f.account.ChangeFeed = true }, doctor.ChangeFeed, doctor.Breach},
		{"restore", func(f *facts) { *f.account.Restore = true }, doctor.Restore, doctor.Breach},
		{"immutable", func(f *facts) { *f.account.Immutable = true }, doctor.Immutability, doctor.Breach},
		{"two regions", func(f *facts) { f.account.SKU = "Standard_GRS" }, doctor.Replication, doctor.Breach},
		{"one data centre", func(f *facts) { f.account.SKU = "Standard_LRS" }, doctor.Replication, doctor.OK},
		{"other tenants", func(f *facts) { *f.account.CrossTenant = true }, doctor.CrossTenant, doctor.Breach},
		{"account elsewhere", func(f *facts) { f.account.Location = "eastus" }, doctor.Region, doctor.Breach},
		{"platform elsewhere", func(f *facts) { f.stamp.Platform = "East US" }, doctor.Region, doctor.Breach},
		{"container elsewhere", func(f *facts) { f.account.Containers[1].Region = "eastus" }, doctor.Region, doctor.Breach},
		{"settings elsewhere", func(f *facts) { f.stamp.Region = "eastus" }, doctor.Region, doctor.Breach},
		{"nobody names a region", func(f *facts) {
			f.stamp.Platform, f.account.Location, f.account.Containers[0].Region = "", "", ""
		}, doctor.Region, doctor.Unknown},
		{"keys", func(f *facts) { *f.account.SharedKey = true }, doctor.SharedKey, doctor.Breach},
		{"plain HTTP", func(f *facts) { *f.account.HTTPSOnly = false }, doctor.Transport, doctor.Breach},
		{"old TLS", func(f *facts) { f.account.MinimumTLS = "TLS1_0" }, doctor.Transport, doctor.Breach},
		{"a TLS nobody knows", func(f *facts) { f.account.MinimumTLS = "TLS9" }, doctor.Transport, doctor.Breach},
		{"newest TLS", func(f *facts) { f.account.MinimumTLS = "TLS1_3" }, doctor.Transport, doctor.OK},
		{"TLS not seen", func(f *facts) { f.account.MinimumTLS = "" }, doctor.Transport, doctor.Unknown},
		{"public permitted", func(f *facts) { *f.account.PublicAccess = true }, doctor.PublicAccess, doctor.Breach},
		{"public container", func(f *facts) { f.account.Containers[0].Public = true }, doctor.PrivateContainers, doctor.Breach},
		{"one container not seen", func(f *facts) { f.account.Containers[0].Unseen = true }, doctor.PrivateContainers, doctor.OK},
		{"no container seen", func(f *facts) { f.account.Containers[0].Unseen, f.account.Containers[1].Unseen = true, true }, doctor.PrivateContainers, doctor.Unknown},
		{"a table is missing", func(f *facts) { f.account.Tables[1].Absent = true }, doctor.AccountTables, doctor.Breach},
		{"a table is not seen", func(f *facts) { f.account.Tables[1].Unseen = true }, doctor.AccountTables, doctor.Unknown},
		{"a queue is missing", func(f *facts) { f.account.Queues[0].Absent = true }, doctor.AccountQueues, doctor.Breach},
		{"website", func(f *facts) { *f.account.StaticWebsite = true }, doctor.StaticWebsite, doctor.Breach},
		{"classic logs", func(f *facts) { *f.account.ClassicLogs = true }, doctor.ClassicLogs, doctor.Breach},
		{"storage is ahead", func(f *facts) { *f.account.Skew = time.Minute }, doctor.ClockSkew, doctor.Breach},
		{"storage is behind", func(f *facts) { *f.account.Skew = -time.Minute }, doctor.ClockSkew, doctor.Breach},
		{"storage is nearly right", func(f *facts) { *f.account.Skew = -59 * time.Second }, doctor.ClockSkew, doctor.OK},

		{"no rules", func(f *facts) { *f.account.Rules = nil }, doctor.Lifecycle, doctor.Breach},
		{"a container without a rule", func(f *facts) { *f.account.Rules = (*f.account.Rules)[1:] }, doctor.Lifecycle, doctor.Breach},
		{"a day early", func(f *facts) { rule(f, 0).Days = 1 }, doctor.Lifecycle, doctor.Breach},
		{"a day late", func(f *facts) { rule(f, 0).Days = 3 }, doctor.Lifecycle, doctor.Breach},
		{"at once", func(f *facts) { rule(f, 0).Days = 0 }, doctor.Lifecycle, doctor.Breach},
		{"by modification", func(f *facts) { rule(f, 0).ByCreation = false }, doctor.Lifecycle, doctor.Breach},
		{"by tag", func(f *facts) { rule(f, 0).Narrowed = true }, doctor.Lifecycle, doctor.Breach},
		{"not for append blobs", func(f *facts) { rule(f, 0).BlobTypes = []string{"blockBlob"} }, doctor.Lifecycle, doctor.Breach},
		{"for a part of the container", func(f *facts) { rule(f, 0).Prefixes = []string{"uploads/2026"} }, doctor.Lifecycle, doctor.Breach},
		{"a second rule, early for a part", func(f *facts) {
			*f.account.Rules = append(*f.account.Rules, doctor.Rule{Prefixes: []string{"uploads/2026"}, Days: 1})
		}, doctor.Lifecycle, doctor.Breach},
		{"a second rule, late", func(f *facts) {
			*f.account.Rules = append(*f.account.Rules, doctor.Rule{Prefixes: []string{"uploads/2026"}, Days: 9})
		}, doctor.Lifecycle, doctor.OK},
		{"a prefix without slash", func(f *facts) { rule(f, 0).Prefixes = []string{"uploads"} }, doctor.Lifecycle, doctor.OK},
		{"the ledger", func(f *facts) {
			*f.account.Rules = append(*f.account.Rules, doctor.Rule{Prefixes: []string{"ledger/tile"}, Days: 3650})
		}, doctor.Lifecycle, doctor.Breach},
		{"everything", func(f *facts) { *f.account.Rules = append(*f.account.Rules, doctor.Rule{Days: 3650}) }, doctor.Lifecycle, doctor.Breach},
		{"shorter clocks, same rules", func(f *facts) { f.stamp.Policy.Unprocessed = 12 * time.Hour }, doctor.Lifecycle, doctor.Breach},
		{"an hour more than a day", func(f *facts) { f.stamp.Policy.Unprocessed = 25 * time.Hour }, doctor.Lifecycle, doctor.OK},

		{"all containers", func(f *facts) {
			grant(f, doctor.Grant{Role: doctor.BlobDataContributor, Level: doctor.WholeAccount, Data: true})
		}, doctor.Rights, doctor.Breach},
		{"all tables", func(f *facts) {
			grant(f, doctor.Grant{Role: doctor.TableDataContributor, Level: doctor.WholeAccount, Data: true})
		}, doctor.Rights, doctor.Breach},
		{"a role of no table", func(f *facts) { grant(f, doctor.Grant{Role: "contributor", Level: doctor.WholeAccount}) }, doctor.Rights, doctor.Breach},
		{"a service reads the subscription's data", func(f *facts) { grant(f, doctor.Grant{Role: doctor.BlobDataReader, Level: doctor.Above, Data: true}) }, doctor.Rights, doctor.Breach},
		{"a service manages the subscription", func(f *facts) { grant(f, doctor.Grant{Role: "contributor", Level: doctor.Above}) }, doctor.Rights, doctor.OK},
		{"a person reads results", func(f *facts) {
			grant(f, doctor.Grant{Role: doctor.BlobDataReader, Level: doctor.OneContainer, In: storage.Results, Data: true, Person: true})
		}, doctor.Rights, doctor.Breach},
		{"a person writes the ledger", func(f *facts) {
			grant(f, doctor.Grant{Role: doctor.BlobDataContributor, Level: doctor.OneContainer, In: storage.Ledger, Data: true, Person: true})
		}, doctor.Rights, doctor.Breach},
		{"a person reads messages", func(f *facts) {
			grant(f, doctor.Grant{Role: "custom", Level: doctor.OneQueue, Data: true, Person: true})
		}, doctor.Rights, doctor.Breach},

		{"entries open to others", func(f *facts) { f.folder.Modes.Open = 1 }, doctor.FolderModes, doctor.Breach},
		{"neither folder nor file", func(f *facts) { f.folder.Modes.Strange = 1 }, doctor.FolderModes, doctor.Breach},
		{"more than was looked at", func(f *facts) { f.folder.Modes.More = true }, doctor.FolderModes, doctor.OK},
		{"on a network", func(f *facts) { f.folder.FileSystem = "nfs" }, doctor.FolderPlace, doctor.Breach},
		{"synchronised", func(f *facts) { f.folder.Synced = "Dropbox" }, doctor.FolderPlace, doctor.Breach},
		{"snapshots", func(f *facts) { f.folder.FileSystem = "btrfs" }, doctor.FolderPlace, doctor.Unknown},
		{"in memory", func(f *facts) { f.folder.FileSystem = "tmpfs" }, doctor.FolderPlace, doctor.Unknown},
		{"served by a program", func(f *facts) { f.folder.FileSystem = "fuse" }, doctor.FolderPlace, doctor.Unknown},
		{"deleted values stay", func(f *facts) { *f.folder.SecureDelete = 0 }, doctor.Database, doctor.Breach},
		{"deleted values stay in free pages", func(f *facts) { *f.folder.SecureDelete = 2 }, doctor.Database, doctor.Breach},
		{"a full disk", func(f *facts) { f.folder.Space.Free = 1 << 20 }, doctor.FolderSpace, doctor.Breach},
		{"a reserve that was used", func(f *facts) { f.folder.Space.Reserve = 1 << 20 }, doctor.FolderSpace, doctor.Breach},
		{"a damaged database", func(f *facts) { f.folder.Damage = "the database is damaged" }, doctor.Database, doctor.Breach},
		{"no write-ahead log", func(f *facts) { f.folder.Journal = "delete" }, doctor.Database, doctor.Breach},

		{"ten days ahead", func(f *facts) { f.drift = func() time.Duration { return 240 * time.Hour } }, doctor.WallClock, doctor.Breach},
		{"six minutes behind", func(f *facts) { f.drift = func() time.Duration { return -6 * time.Minute } }, doctor.WallClock, doctor.Breach},

		{"in the clear", func(f *facts) { f.base = "http://ocr.example.org" }, doctor.LinkAddress, doctor.Breach},
		{"in the clear, on this machine", func(f *facts) { f.base = "http://127.0.0.1:8080" }, doctor.LinkAddress, doctor.OK},
		{"no server yet", func(f *facts) { f.base = "" }, doctor.LinkAddress, doctor.Unknown},

		{"core dumps", func(f *facts) { *f.process.CoreLimit = 1 }, doctor.CoreDumps, doctor.Breach},
		{"memory open to others", func(f *facts) { *f.process.Dumpable = true }, doctor.CoreDumps, doctor.Breach},
		{"swap", func(f *facts) { *f.process.Swaps = []string{"/dev/sda2"} }, doctor.Swap, doctor.Unknown},
		{"receivers in the region", func(f *facts) {
			*f.process.Receivers = []string{"westeurope-5.in.applicationinsights.azure.com"}
		}, doctor.Telemetry, doctor.OK},
		{"a receiver elsewhere", func(f *facts) {
			*f.process.Receivers = []string{"localhost", "eastus-8.in.applicationinsights.azure.com"}
		}, doctor.Telemetry, doctor.Breach},
		{"a receiver in a region of AWS", func(f *facts) { *f.process.Receivers = []string{"xray.us-east-1.amazonaws.com"} }, doctor.Telemetry, doctor.Breach},
		{"in the region, on AWS", func(f *facts) {
			*f.process.Receivers, f.process.Region = []string{"xray.eu-central-1.amazonaws.com"}, "eu-central-1"
		}, doctor.Telemetry, doctor.OK},
		{"a receiver whose name tells no region", func(f *facts) { *f.process.Receivers = []string{"otel.example.org"} }, doctor.Telemetry, doctor.Unknown},
		{"nothing is sent", func(f *facts) { *f.process.Receivers = nil }, doctor.Telemetry, doctor.OK},
		{"no sandbox", func(f *facts) { f.process.Gap.Missing = []effect.Effect{effect.Network} }, doctor.Sandbox, doctor.Breach},
	}
	cases = append(cases, spoiledAWS()...)
	cases = append(cases, spoiledPage(doctor.CORS, doctor.SignIn, func(f *facts, spoil func(*doctor.Page, *[]doctor.CORSRule)) {
		spoil(&f.stamp.Page, f.account.CORS)
	})...)
	cases = append(cases, spoiledPage(doctor.BucketCORS, doctor.FunctionSignIn, func(f *facts, spoil func(*doctor.Page, *[]doctor.CORSRule)) {
		p := page()
		spoil(&p, f.aws.Bucket.CORS)
		for i := range f.aws.Functions { // which have the same settings
			setPage(f.aws.Functions[i].Environment, p)
		}
	})...)
	breached := map[doctor.Check]bool{doctor.Swap: true} // an encrypted device looks like a plain one
	for _, tc := range cases {
		breached[tc.check] = breached[tc.check] || tc.want == doctor.Breach
		t.Run(tc.name, func(t *testing.T) {
			f := healthy()
			tc.spoil(&f)
			for _, got := range f.judge() {
				want := doctor.OK
				if got.Check == tc.check {
					want = tc.want
				}
				if got.Outcome != want {
					t.Errorf("%s: %s (%s), want %s", got.Check, got.Outcome, got.Found, want)
				}
			}
		})
	}
	for _, e := range doctor.Expectations() {
		if !breached[e.Check] {
			t.Errorf("no case breaches %s", e.Check)
		}
	}
}

func TestHealthyFactsKeepEveryExpectation(t *testing.T) {
	kept := map[doctor.Check]doctor.Outcome{}
	for _, f := range healthy().judge() {
		kept[f.Check] = f.Outcome
	}
	for _, e := range doctor.Expectations() {
		if kept[e.Check] != doctor.OK {
			t.Errorf("%s: %q", e.Check, kept[e.Check])
		}
	}
}

func TestWhatWasNotSeenIsUnknownWithItsReason(t *testing.T) {
	unseen := map[doctor.Check]string{doctor.Versioning: "refused"}
	for _, f := range (facts{account: doctor.Account{Unseen: unseen}, onAWS: doctor.StampAWS{AWSNames: names}}).judge() {
		if f.Outcome != doctor.Unknown {
			t.Errorf("%s is %s although nothing was seen", f.Check, f.Outcome)
		}
		if f.Check == doctor.Versioning && f.Found != "refused" {
			t.Errorf("the reason is %q", f.Found)
		}
	}
}

func TestBackstopIsNeverBeforeAClockAndLessThanADayAfter(t *testing.T) {
	const day = 24 * time.Hour
	for hours := time.Duration(1); hours <= 48; hours++ {
		p := retention.Default()
		p.Unprocessed, p.Processed = hours*time.Hour, min(hours*time.Hour, retention.ProcessedLimit)
		for container, days := range doctor.Backstop(p) {
			clock := p.Unprocessed
			if container == storage.Results {
				clock = p.Processed
			}
			if at := time.Duration(days) * day; at < clock || at >= clock+day {
				t.Errorf("%s: %d days for a clock of %v", container, days, clock)
			}
		}
	}
}
