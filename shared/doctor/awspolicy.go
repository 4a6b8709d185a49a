package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// AWSGrant is an action that a role may take on a resource.
type AWSGrant struct {
	Action string
	On     AWSResource
}

func (g AWSGrant) String() string { return g.Action + " on " + string(g.On) }

// WrongRights holds what the role of a function, or ScheduleRole, may do against the table of rights: what it may do beyond it,
// with every wildcard, and what it lacks. The options are those of the deployment.
func WrongRights(function string, granted []AWSGrant, options ...AWSOption) []string {
	expected := map[AWSGrant]bool{} // with whether the role must have it
	for _, r := range AWSRights(function) {
		if r.When != Always && !slices.Contains(options, r.When) {
			continue
		}
		for _, action := range r.Actions {
			for _, on := range r.On {
				g := AWSGrant{action, on}
				expected[g] = expected[g] || !r.Looking
			}
		}
	}
	var wrong []string
	for _, g := range granted {
		if _, allowed := expected[g]; !allowed {
			wrong = append(wrong, fmt.Sprintf("%s may %s", function, g))
		}
	}
	for g, must := range expected {
		if must && !slices.Contains(granted, g) {
			wrong = append(wrong, fmt.Sprintf("%s may not %s", function, g))
		}
	}
	slices.Sort(wrong)
	return slices.Compact(wrong)
}

// list is a string or a list of strings, as policies write actions and resources.
type list []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(b, &many)
	*l = many
	return err
}

// statement is one of a policy. Conditions narrow what is allowed and are not looked at.
type statement struct {
	Effect      string
	Action      list
	NotAction   list
	Resource    list
	NotResource list
	Principal   json.RawMessage
	Condition   map[string]map[string]list
}

// policy reads the statements of a policy, which may stand alone or in a list.
func policy(document []byte) ([]statement, error) {
	var p struct{ Statement json.RawMessage }
	if err := json.Unmarshal(document, &p); err != nil || len(p.Statement) == 0 {
		return nil, errors.New("the policy has no statements")
	}
	var many []statement
	if json.Unmarshal(p.Statement, &many) == nil {
		return many, nil
	}
	var one statement
	if err := json.Unmarshal(p.Statement, &one); err != nil {
		return nil, errors.New("a statement of the policy cannot be read")
	}
	return []statement{one}, nil
}

// Grants reads what a policy (JSON) allows. What it allows by exclusion is a grant that no table has.
func (n AWSNames) Grants(document []byte) ([]AWSGrant, error) {
	statements, err := policy(document)
	if err != nil {
		return nil, err
	}
	var all []AWSGrant
	for _, s := range statements {
		if s.Effect != "Allow" {
			continue
		}
		actions, resources := s.Action, []AWSResource{}
		for _, arn := range s.Resource {
			resources = append(resources, n.Resource(arn))
		}
		if len(s.NotAction) > 0 {
			actions = append(actions, "everything but "+strings.Join(s.NotAction, ", "))
		}
		if len(s.NotResource) > 0 {
			resources = append(resources, AWSResource("everything but "+strings.Join(s.NotResource, ", ")))
		}
		for _, action := range actions {
			for _, on := range resources {
				all = append(all, AWSGrant{action, on})
			}
		}
	}
	return all, nil
}

// AWSNames are the names that a deployment gave to the parts of a stamp.
type AWSNames struct {
	Stack     string // lethe-eu-central-1
	Region    string
	Account   string // twelve digits
	Bucket    string
	Tables    string // what names of tables begin with
	SecretARN string // of the signing key
	KeyARN    string // of the operator's key; empty for none
}

// LogGroup is the name of the log group of all functions.
func (n AWSNames) LogGroup() string { return "/aws/lambda/" + n.Stack }

// named is a kind of resource of which a stamp has several: how ARNs of the service end, and what the table of rights calls it.
type named struct {
	service, begins, ends string
	is                    AWSResource
}

func (n AWSNames) kinds() []named {
	return []named{
		{"s3", n.Bucket + "/", "/*", "bucket/"},
		{"dynamodb", "table/" + n.Tables, "", "table/"},
		{"sqs", n.Stack + "-", "", "queue/"},
		{"lambda", "function:" + n.Stack + "-", "", "function/"},
		{"iam", "role/" + n.Stack + "-", "", "role/"},
		{"iam", "policy/" + n.Stack + "-", "", "policy/"},
	}
}

// Resource names what an ARN of a policy stands for. What is no part of the stamp keeps its ARN, and "*" is Any.
func (n AWSNames) Resource(arn string) AWSResource {
	switch {
	case arn == "*":
		return Any
	case arn == n.SecretARN && arn != "":
		return TheSecret
	case arn == n.KeyARN && arn != "":
		return TheKey
	}
	parts := strings.SplitN(arn, ":", 6) // arn:aws:service:region:account:resource
	if len(parts) < 6 || parts[3] != "" && parts[3] != n.Region || parts[4] != "" && parts[4] != n.Account {
		return AWSResource(arn)
	}
	name := parts[5]
	for _, kind := range n.kinds() {
		rest, ours := strings.CutPrefix(name, kind.begins)
		rest, whole := strings.CutSuffix(rest, kind.ends)
		if parts[2] == kind.service && ours && whole && rest != "" && !strings.ContainsAny(rest, "*?/:") {
			return kind.is + AWSResource(rest)
		}
	}
	switch {
	case parts[2] == "s3" && name == n.Bucket:
		return TheBucket
	case parts[2] == "logs" && strings.TrimSuffix(name, ":*") == "log-group:"+n.LogGroup():
		return TheLog
	}
	return AWSResource(arn)
}

// ARN is what a policy calls a resource of the stamp: Resource the other way. It is empty for a resource that no stamp has.
func (n AWSNames) ARN(r AWSResource) string {
	write := func(service, name string) string {
		region, account := n.Region, n.Account
		switch service {
		case "s3":
			region, account = "", ""
		case "iam":
			region = ""
		}
		return strings.Join([]string{"arn", partition(n.Region), service, region, account, name}, ":")
	}
	switch r {
	case Any:
		return "*"
	case TheSecret:
		return n.SecretARN
	case TheKey:
		return n.KeyARN
	case TheBucket:
		return write("s3", n.Bucket)
	case TheLog:
		return write("logs", "log-group:"+n.LogGroup()+":*")
	}
	for _, kind := range n.kinds() {
		if rest, ours := strings.CutPrefix(string(r), string(kind.is)); ours && rest != "" {
			return write(kind.service, kind.begins+rest+kind.ends)
		}
	}
	return ""
}

// partition is that of AWS which a region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}
