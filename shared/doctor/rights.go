package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Level is how wide a grant reaches.
type Level string

// The levels, widest first.
const (
	Above        Level = "above the account" // a group, a subscription, a management group
	WholeAccount Level = "account"
	OneContainer Level = "container"
	OneQueue     Level = "queue"
	OneTable     Level = "table"
)

// Role is the id of a built-in role.
type Role string

// The roles of the role table on the documents account.
const (
	Reader               Role = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	BlobDataContributor  Role = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
	BlobDataReader       Role = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
	BlobDelegator        Role = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a"
	QueueDataContributor Role = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
	QueueMessageSender   Role = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
	TableDataContributor Role = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
)

// Grant is a role that somebody has on the account, or on something in or above it.
type Grant struct {
	Role   Role
	Name   string // of the role, for people
	Level  Level
	In     string // the container, queue or table of a narrow level
	Person bool   // the holder is no service: a user, a group, a guest
	Data   bool   // the role gives access to data, not only to settings
}

// allowed is the role table: what services may have, and where.
func allowed() map[Role][]Level {
	return map[Role][]Level{
		Reader:              {WholeAccount},
		BlobDataContributor: {OneContainer},
		BlobDelegator:       {WholeAccount},
		// The host names the blob trigger's inner queue after an id of its own, so there is no narrower scope to name.
		QueueDataContributor: {WholeAccount, OneQueue},
		QueueMessageSender:   {OneQueue},
		TableDataContributor: {OneTable},
	}
}

// excessive reports whether nobody should have the grant. What is granted above the account is the business of whoever
// runs the subscription, unless it opens data.
func (g Grant) excessive() bool {
	switch {
	case g.Person:
		auditor := g.Role == BlobDataReader && g.Level == OneContainer && g.In == storage.Ledger
		return g.Data && !auditor
	case g.Level == Above:
		return g.Data
	default:
		return !slices.Contains(allowed()[g.Role], g.Level)
	}
}

func (g Grant) String() string {
	who := "a service"
	if g.Person {
		who = "a person or group"
	}
	at := string(g.Level)
	if g.In != "" {
		at += " " + g.In
	}
	return fmt.Sprintf("%s has %s at %s", who, g.Name, at)
}

func (a Account) rights(u unseen) Finding {
	if a.Grants == nil {
		return u.unknown(Rights)
	}
	var wrong []string
	for _, g := range *a.Grants {
		if g.excessive() {
			wrong = append(wrong, g.String())
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return breach(Rights, "%s", strings.Join(slices.Compact(wrong), "; "))
	}
	return fine(Rights, "%d grants, none too wide", len(*a.Grants))
}
