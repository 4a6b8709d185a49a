package access

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/loopback"
	"github.com/lethe-ocr/lethe/shared/task"
)

// Identity is who sends a request, as the guard found it.
type Identity struct {
	ID        string        // the owner whose tasks it acts on: an application, or a person inside one; for others an id that owns nothing
	Caps      task.Caps     // of that application
	Ceilings  task.Ceilings // of that application
	Reprocess bool          // uploads are kept after processing, to be processed again
	Alias     string        // of that application at ABBYY; empty for none
	// Subject is stable and opaque. With a token it stands for one person or program, whichever client they use; with a
	// secret it is the application, since a secret does not identify a person.
	Subject string
	ByToken bool
	Scope   Scope // that let the request in

	scopes []Scope
}

// act makes an identity that of an application.
func (i *Identity) act(app *Application) {
	i.ID, i.Caps, i.Ceilings, i.Reprocess, i.Alias = app.ID, app.Caps, app.Ceilings, app.KeepsUploads(), app.Alias
}

// nobody is the id of an application that does not exist and owns nothing. It is no part of any key.
const nobody = "-"

// May reports whether the identity has a scope.
func (i *Identity) May(s Scope) bool { return slices.Contains(i.scopes, s) }

// String names the identity in logs and for its rate: the application if there is one, or the subject.
func (i *Identity) String() string {
	if i.ID != nobody {
		return i.ID
	}
	return i.Subject
}

// use notes the first of the scopes that the identity has.
func (i *Identity) use(scopes []Scope) bool {
	for _, s := range scopes {
		if i.May(s) {
			i.Scope = s
			return true
		}
	}
	return false
}

// Nobody is the identity of a request without valid credentials. It owns nothing and may do nothing.
func Nobody() *Identity { return &Identity{ID: nobody} }

// Claims is what a verified token says.
type Claims struct {
	Subject string  // see Identity.Subject; never a name or an address
	Client  string  // for which client of the identity provider it was made; may be empty
	Roles   []Scope // what the identity provider's roles allow here
	Program bool    // it was made for a program that acts for nobody
	Access  bool    // it says of itself that it is an access token, as no ID token does
}

// Tokens verifies the tokens of an identity provider.
type Tokens interface {
	// Verify returns what a token says. A token that is not good is Unauthenticated. If that cannot be decided now, the error
	// is Unavailable.
	Verify(ctx context.Context, token string) (Claims, error)
}

// ParseRoles reads which scope a role of the identity provider gives: pairs of role:scope, separated by commas. The scopes
// are operator, auditor, reviewer and admin: tasks belong to applications, not to people.
func ParseRoles(mapping string) (map[string]Scope, error) {
	allowed := append(roles(), Admin)
	parsed := map[string]Scope{}
	for pair := range strings.SplitSeq(mapping, ",") {
		if mapping == "" {
			break
		}
		at := strings.LastIndexByte(pair, ':') // a role may be a URI
		if at < 1 {
			return nil, fmt.Errorf("want role:scope,role:scope with the scopes %v", allowed)
		}
		role, scope := strings.TrimSpace(pair[:at]), Scope(strings.TrimSpace(pair[at+1:]))
		if _, twice := parsed[role]; role == "" || twice || !slices.Contains(allowed, scope) {
			return nil, fmt.Errorf("want role:scope,role:scope, each role once, with the scopes %v", allowed)
		}
		parsed[role] = scope
	}
	return parsed, nil
}

// CheckIssuer refuses the address of an identity provider whose keys could be replaced on the way.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !Private(u) {
		return fault.New(fault.BadField, "the issuer must be an https address such as https://login.example.org/tenant")
	}
	return nil
}

// Private reports whether what an address answers cannot be replaced on the way: by TLS, or on the machine itself.
func Private(u *url.URL) bool {
	if u.Scheme != "http" {
		return u.Scheme == "https"
	}
	return loopback.Host(u.Hostname())
}
