package doctor

import (
	"net/url"
	"slices"
	"strings"
)

// Page is how the settings describe the page for people.
type Page struct {
	Setting     string // of LETHE_PAGE: on or off; empty if it is not known
	Address     string // at which people open it; empty if it is not known
	Client      string // of the issuer, with which people sign in; empty for none
	Application string // that people are inside of; empty for none
}

// PageOf reads the variables of the program that describe the page. They are taken as they are: where some are wrong, the program goes on
// with defaults that say nothing of them.
func PageOf(variable func(name string) string) Page {
	p := Page{
		Setting: variable("LETHE_PAGE"), Address: variable("LETHE_PUBLIC_URL"),
		Client: variable("LETHE_OIDC_CLIENT_ID"), Application: variable("LETHE_PAGE_APP"),
	}
	if host := variable("WEBSITE_HOSTNAME"); p.Address == "" && host != "" { // of a function app, as Azure says
		p.Address = "https://" + host
	}
	return p
}

// CORSRule says which pages of other sites a browser lets use a storage, by which methods.
type CORSRule struct {
	Origins, Methods []string
}

// pageMethods are those by which scripts of the page use links.
func pageMethods() []string { return []string{"GET", "PUT"} }

// origin is that of the page's address, as browsers tell it.
func (p Page) origin() string {
	u, err := url.Parse(p.Address)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// cors holds the rules of a storage against the page: one for its origin alone where there is a page, and none where there is not.
func (p Page) cors(u unseen, c Check, rules *[]CORSRule) Finding {
	if rules == nil {
		return u.unknown(c)
	}
	var origins, methods []string
	for _, r := range *rules {
		origins, methods = append(origins, r.Origins...), append(methods, r.Methods...)
	}
	slices.Sort(methods)
	named := strings.Join(origins, ", ")
	switch want := p.origin(); {
	case len(origins) > 1 || strings.Contains(named, "*"):
		return breach(c, "scripts of more than one origin may use links: %s", named)
	case p.Setting == "on" && len(origins) == 0:
		return breach(c, "there is a page (LETHE_PAGE), and its scripts may not use links")
	case p.Setting == "off" && len(origins) > 0:
		return breach(c, "there is no page (LETHE_PAGE), and scripts of %s may use links", named)
	case len(origins) > 0 && !slices.Equal(slices.Compact(methods), pageMethods()):
		return breach(c, "scripts of %s may use %s, and the page uses %s", named, orNone(strings.Join(methods, ", ")), strings.Join(pageMethods(), ", "))
	case p.Setting == "on" && want != "" && origins[0] != want:
		return breach(c, "scripts of %s may use links, and the page is at %s", named, want)
	case p.Setting == "":
		return Finding{Check: c, Outcome: Unknown, Found: "whether there is a page is not known here"}
	case len(origins) == 0:
		return fine(c, "no page, and no script of another origin")
	case want == "":
		return Finding{Check: c, Outcome: Unknown, Found: "where the page is is not known here; scripts of " + named + " may use links"}
	default:
		return fine(c, "scripts of %s alone", named)
	}
}

// signIn wants the issuer's client and the application that people are inside of named together.
func (p Page) signIn(c Check) Finding {
	switch {
	case p.Client != "" && p.Application == "":
		return breach(c, "LETHE_OIDC_CLIENT_ID names a client of the issuer, and LETHE_PAGE_APP no application")
	case p.Client == "" && p.Application != "":
		return breach(c, "LETHE_PAGE_APP names an application, and LETHE_OIDC_CLIENT_ID no client of the issuer")
	case p.Client != "":
		return fine(c, "people sign in at the issuer, and are inside one application")
	case p.Setting == "":
		return Finding{Check: c, Outcome: Unknown, Found: "the settings of the program are not known here"}
	default:
		return fine(c, "nobody signs in at an issuer with a client of the page")
	}
}
