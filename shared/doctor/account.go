package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
)

// Stamp is how the settings describe the stamp.
type Stamp struct {
	Region   string           // of the settings
	Platform string           // region that the platform reports (REGION_NAME); empty if it reports none
	Policy   retention.Policy // in force
	Queues   []string         // that the program sends to or takes from
	Page     Page
}

// Account is what was seen of a documents account. Nil, zero and empty mean "not seen".
type Account struct {
	BlobSoftDelete      *bool
	ContainerSoftDelete *bool
	Versioning          *bool
	ChangeFeed          *bool
	Restore             *bool
	Immutable           *bool  // the account, or the data plane any container, forbids to delete
	SKU                 string // Standard_ZRS
	CrossTenant         *bool  // copies to other tenants are allowed
	Location            string // where the account is
	SharedKey           *bool
	HTTPSOnly           *bool
	MinimumTLS          string // TLS1_2
	PublicAccess        *bool  // the account permits public containers
	Containers          []Container
	Tables, Queues      []Part
	StaticWebsite       *bool
	ClassicLogs         *bool
	Rules               *[]Rule
	CORS                *[]CORSRule
	Grants              *[]Grant
	Skew                *time.Duration   // storage's clock minus the program's
	Unseen              map[Check]string // why a check could not be made
}

// Container is what was seen of a blob container of the program.
type Container struct {
	Name   string
	Public bool
	Region string // written by the deployment; empty if it wrote none
	Unseen bool   // the program may not read it
}

// Part is what was seen of a table or a queue of the program.
type Part struct {
	Name   string
	Absent bool
	Unseen bool // the program may not read it
}

// MaximumSkew is how far storage's clock may be from the program's. The margin of the policy is an hour, so that even
// this much moves no document past its limit.
const MaximumSkew = time.Minute

// Judge holds the account against what the stamp expects.
func (a Account) Judge(s Stamp) []Finding {
	u := unseen(a.Unseen)
	return []Finding{
		u.off(BlobSoftDelete, a.BlobSoftDelete, "deleted blobs are kept"),
		u.off(ContainerSoftDelete, a.ContainerSoftDelete, "deleted containers are kept"),
		u.off(Versioning, a.Versioning, "versions of blobs are kept"),
		u.off(ChangeFeed, a.ChangeFeed, "changes of blobs are recorded"),
		u.off(Restore, a.Restore, "erased blobs can be restored"),
		u.off(Immutability, a.Immutable, "a policy or hold forbids deletion"),
		a.replication(u),
		u.off(CrossTenant, a.CrossTenant, "replication to other tenants is allowed"),
		a.region(u, s),
		u.off(SharedKey, a.SharedKey, "account keys are accepted"),
		a.transport(u),
		u.off(PublicAccess, a.PublicAccess, "public containers are permitted"),
		a.private(u),
		parts(u, AccountTables, a.Tables),
		parts(u, AccountQueues, a.Queues),
		u.off(StaticWebsite, a.StaticWebsite, "a website is served"),
		u.off(ClassicLogs, a.ClassicLogs, "requests are logged into the account"),
		a.lifecycle(u, s),
		a.rights(u),
		a.skew(u),
		s.Page.cors(u, CORS, a.CORS),
		s.Page.signIn(SignIn),
	}
}

func (a Account) replication(u unseen) Finding {
	switch a.SKU {
	case "":
		return u.unknown(Replication)
	case "Standard_LRS", "Standard_ZRS":
		return fine(Replication, "%s", a.SKU)
	default:
		return breach(Replication, "%s", a.SKU)
	}
}

// region compares every region that is known with the one of the settings.
func (a Account) region(u unseen, s Stamp) Finding {
	witnesses := []Witness{{Who: "the platform", Says: s.Platform}, {Who: "the account", Says: a.Location}}
	for _, c := range a.Containers {
		witnesses = append(witnesses, Witness{Who: "container " + c.Name, Says: c.Region})
	}
	return agreement(u, Region, s.Region, witnesses)
}

func (a Account) transport(u unseen) Finding {
	switch {
	case a.HTTPSOnly != nil && !*a.HTTPSOnly:
		return breach(Transport, "plain HTTP is accepted")
	case a.HTTPSOnly == nil || a.MinimumTLS == "":
		return u.unknown(Transport)
	case !slices.Contains([]string{"TLS1_2", "TLS1_3"}, a.MinimumTLS):
		return breach(Transport, "%s is accepted", a.MinimumTLS)
	default:
		return fine(Transport, "HTTPS only, %s or newer", a.MinimumTLS)
	}
}

func (a Account) private(u unseen) Finding {
	var public, closed []string
	for _, c := range a.Containers {
		switch {
		case c.Public:
			public = append(public, c.Name)
		case c.Unseen:
			closed = append(closed, c.Name)
		}
	}
	switch {
	case len(public) > 0:
		return breach(PrivateContainers, "public: %s", strings.Join(public, ", "))
	case len(a.Containers) == 0, len(closed) == len(a.Containers):
		return u.unknown(PrivateContainers)
	case len(closed) > 0:
		return fine(PrivateContainers, "%d private; not for this identity to see: %s", len(a.Containers)-len(closed), strings.Join(closed, ", "))
	default:
		return fine(PrivateContainers, "%d private", len(a.Containers))
	}
}

// parts names the tables or queues that are absent.
func parts(u unseen, c Check, all []Part) Finding {
	var e examined
	for _, p := range all {
		switch {
		case p.Absent:
			e.note(p.Name + " is absent")
		case p.Unseen:
			e.miss(p.Name)
		default:
			e.note("")
		}
	}
	return e.finding(u, c, "all %d are there")
}

func (a Account) skew(u unseen) Finding {
	if a.Skew == nil {
		return u.unknown(ClockSkew)
	}
	// The header that it is measured from has whole seconds.
	found := fmt.Sprintf("storage's clock minus the program's: %v", a.Skew.Round(time.Second))
	if a.Skew.Abs() >= MaximumSkew {
		return breach(ClockSkew, "%s", found)
	}
	return fine(ClockSkew, "%s", found)
}
