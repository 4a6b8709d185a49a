package doctor

import (
	"slices"
	"strings"
)

// AWSRole is what was seen of the role of a function, or of ScheduleRole.
type AWSRole struct {
	Function string
	Absent   bool
	Seen     bool
	Trust    string   // JSON: who may take it
	Policies []string // JSON of each, in the role and attached to it
	Managed  []string // policies of AWS's own that are attached
	Unread   []string // attached policies that could not be read
}

func (a AWS) judgeRoles(u unseen, s StampAWS) []Finding {
	var options []AWSOption
	if slices.ContainsFunc(a.Functions, func(f AWSFunction) bool { return f.VPC }) {
		options = append(options, WithVPC)
	}
	if s.KeyARN != "" {
		options = append(options, WithKey)
	}
	if s.Webhooks {
		options = append(options, WithWebhooks)
	}
	var rights, trust examined
	for _, r := range a.Roles {
		switch {
		case r.Absent:
			rights.note("the role of " + r.Function + " is absent")
			continue
		case !r.Seen:
			rights.miss(r.Function)
			trust.miss(r.Function)
			continue
		}
		trust.note(r.trusted())
		if wrong := r.rights(s, options); wrong != "" || len(r.Unread) == 0 {
			rights.note(wrong)
			continue
		}
		rights.miss(r.Function + " (" + strings.Join(r.Unread, ", ") + ")")
	}
	return []Finding{
		rights.finding(u, RoleRights, "%d roles have what the table of rights says"),
		trust.finding(u, RoleTrust, "%d roles, each for its service alone"),
		a.identity(u, s),
	}
}

// rights holds the policies of the role against the table. What a role lacks is only told if all of them were read.
func (r AWSRole) rights(s StampAWS, options []AWSOption) string {
	var wrong []string
	for _, name := range r.Managed {
		wrong = append(wrong, r.Function+" has AWS's own policy "+name+", which names no resource of the stamp")
	}
	var granted []AWSGrant
	for _, document := range r.Policies {
		more, err := s.Grants([]byte(document))
		if err != nil {
			wrong = append(wrong, r.Function+": "+err.Error())
		}
		granted = append(granted, more...)
	}
	lacks := r.Function + " may not "
	for _, w := range WrongRights(r.Function, granted, options...) {
		if len(r.Unread) == 0 || !strings.HasPrefix(w, lacks) {
			wrong = append(wrong, w)
		}
	}
	return strings.Join(wrong, "; ")
}

// trusted wants one service to be able to take the role.
func (r AWSRole) trusted() string {
	service := "lambda.amazonaws.com"
	if r.Function == ScheduleRole {
		service = "scheduler.amazonaws.com"
	}
	statements, err := policy([]byte(r.Trust))
	if err != nil {
		return r.Function + ": " + err.Error()
	}
	for _, st := range statements {
		if st.Effect == "Allow" && (st.service() != service || !slices.Equal(st.Action, list{"sts:AssumeRole"})) {
			return st.who() + " can take the role of " + r.Function
		}
	}
	return ""
}

// identity wants the examination, and with it the program, to run as a role that was assumed: such credentials end by themselves,
// while those of a user or of the account live until somebody removes them.
func (a AWS) identity(u unseen, s StampAWS) Finding {
	c := a.Caller
	if c == nil {
		return u.unknown(Identity)
	}
	parts := strings.SplitN(c.ARN, ":", 6) // arn:aws:sts::123456789012:assumed-role/NAME/SESSION
	if len(parts) < 6 {
		return breach(Identity, "nobody known")
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	name, _, _ := strings.Cut(rest, "/")
	switch {
	case kind != "assumed-role":
		return breach(Identity, "runs as %s, not as a role that was assumed", kind)
	case !c.Session:
		return breach(Identity, "the credentials have no session token: they do not end by themselves")
	case s.Account != "" && parts[4] != s.Account:
		return breach(Identity, "runs as a role of another account")
	case s.Role != "" && name != s.Role:
		return breach(Identity, "runs as %s, the function has the role %s", name, s.Role)
	default:
		return fine(Identity, "runs as the role %s", name)
	}
}
