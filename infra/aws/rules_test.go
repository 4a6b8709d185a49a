package aws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Types of resources.
const (
	buckets      = "AWS::S3::Bucket"
	bucketRules  = "AWS::S3::BucketPolicy"
	tables       = "AWS::DynamoDB::Table"
	queues       = "AWS::SQS::Queue"
	queueRules   = "AWS::SQS::QueuePolicy"
	secrets      = "AWS::SecretsManager::Secret"
	secretRules  = "AWS::SecretsManager::ResourcePolicy"
	keys         = "AWS::KMS::Key"
	logGroups    = "AWS::Logs::LogGroup"
	filters      = "AWS::Logs::MetricFilter"
	alarms       = "AWS::CloudWatch::Alarm"
	topics       = "AWS::SNS::Topic"
	topicRules   = "AWS::SNS::TopicPolicy"
	roles        = "AWS::IAM::Role"
	policies     = "AWS::IAM::ManagedPolicy"
	functions    = "AWS::Lambda::Function"
	urls         = "AWS::Lambda::Url"
	permissions  = "AWS::Lambda::Permission"
	sources      = "AWS::Lambda::EventSourceMapping"
	invocations  = "AWS::Lambda::EventInvokeConfig"
	schedules    = "AWS::Scheduler::Schedule"
	trails       = "AWS::CloudTrail::Trail"
	networks     = "AWS::EC2::VPC"
	subnets      = "AWS::EC2::Subnet"
	routes       = "AWS::EC2::RouteTable"
	associations = "AWS::EC2::SubnetRouteTableAssociation"
	groups       = "AWS::EC2::SecurityGroup"
	endpoints    = "AWS::EC2::VPCEndpoint"
)

// rule is one thing that must hold in every deployment. The validator knows types and ranges; these rules know the promise.
type rule struct {
	name   string
	check  func(stamp) []string // what is wrong
	broken func(stamp)          // makes a sound deployment break this rule and no other, in one case at least
}

func rules() []rule {
	return slices.Concat(demanded(demands()), placeRules(), documentRules(), recordRules(), queueRuleSet(), secretRuleSet(),
		functionRules(), rightRules(), watchRules(), trailRules(), networkRules())
}

func TestEveryDeploymentKeepsTheRules(t *testing.T) {
	for _, s := range committed(t) {
		t.Run(s.name, func(t *testing.T) {
			for _, finding := range findings(s) {
				t.Error(finding)
			}
		})
	}
}

// findings lists what a deployment breaks.
func findings(s stamp) []string {
	var all []string
	for _, r := range rules() {
		for _, finding := range r.check(s) {
			all = append(all, r.name+": "+finding)
		}
	}
	return all
}

func TestEachRuleAloneFindsItsBrokenDeployment(t *testing.T) {
	sound := committed(t)
	names := map[string]bool{}
	for _, r := range rules() {
		if names[r.name] {
			t.Errorf("two rules are named %q", r.name)
		}
		names[r.name] = true
		found := false
		for _, s := range sound {
			s = s.copied(t)
			r.broken(s)
			if len(r.check(s)) == 0 {
				continue
			}
			found = true
			for _, other := range findings(s) {
				if !strings.HasPrefix(other, r.name+": ") {
					t.Errorf("%s: another rule finds its broken variant too: %s", r.name, other)
				}
			}
			break
		}
		if !found {
			t.Errorf("%s: its broken variant passes in every case", r.name)
		}
	}
	t.Logf("%d rules", len(names))
}

func (s stamp) copied(t *testing.T) stamp {
	t.Helper()
	text, err := json.Marshal(s.resources)
	if err != nil {
		t.Fatal(err)
	}
	s.resources = nil
	if err := json.Unmarshal(text, &s.resources); err != nil {
		t.Fatal(err)
	}
	s.outputs = maps.Clone(s.outputs)
	return s
}

// demand is the simplest rule: a property of a resource, or of every resource of a type, has one of the values that are allowed.
type demand struct {
	on    string // type, or type and logical id with a slash between them
	path  string // below Properties
	want  []any  // nil among them: the property may be absent
	wrong any    // nil: the property goes
}

func demanded(demands []demand) []rule {
	var all []rule
	for _, d := range demands {
		kind, id, _ := strings.Cut(d.on, "/")
		all = append(all, rule{
			name: strings.TrimPrefix(d.on, "AWS::") + " " + d.path,
			check: func(s stamp) []string {
				var wrong []string
				for name, r := range s.of(kind) {
					if id != "" && name != id {
						continue
					}
					if got := r.at("Properties." + d.path); !slices.ContainsFunc(d.want, func(w any) bool { return same(w, got) }) {
						wrong = append(wrong, fmt.Sprintf("%s has %v, want one of %v", name, got, d.want))
					}
				}
				return wrong
			},
			broken: func(s stamp) {
				for _, name := range slices.Sorted(maps.Keys(s.of(kind))) {
					if id == "" || name == id {
						s.set(name, d.path, d.wrong)
						return
					}
				}
			},
		})
	}
	return all
}

// set writes a property of a resource, or removes it; a list grows by one where the index is its length.
func (s stamp) set(id, path string, value any) {
	r, ok := s.resources[id]
	if !ok {
		return
	}
	full := "Properties." + path
	i := strings.LastIndex(full, ".")
	last := strings.ReplaceAll(full[i+1:], "/", ".")
	switch parent := r.at(full[:i]).(type) {
	case map[string]any:
		if value == nil {
			delete(parent, last)
		} else {
			parent[last] = value
		}
	case []any:
		n, err := strconv.Atoi(last)
		switch {
		case err == nil && n < len(parent):
			parent[n] = value
		case err == nil:
			s.set(id, strings.TrimPrefix(full[:i], "Properties."), append(parent, value))
		}
	}
}

// statements are those of a policy document of a resource, by their Sid.
func (r resource) statements(path string) map[string]resource {
	all := map[string]resource{}
	for i, v := range r.list(path + ".Statement") {
		st, _ := v.(map[string]any)
		sid := text(st["Sid"])
		if sid == "<nil>" || all[sid] != nil {
			sid = fmt.Sprint("statement ", i)
		}
		all[sid] = st
	}
	return all
}

// texts reads a string or a list of strings.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, text(e))
		}
		return all
	}
	return nil
}

// each collects what a check finds in the resources of a type.
func (s stamp) each(kind string, check func(id string, r resource) string) []string {
	var wrong []string
	for _, id := range slices.Sorted(maps.Keys(s.of(kind))) {
		if finding := check(id, s.resources[id]); finding != "" {
			wrong = append(wrong, id+": "+finding)
		}
	}
	return wrong
}

// ids lists the logical ids of a type.
func (s stamp) ids(kind string) []string { return slices.Sorted(maps.Keys(s.of(kind))) }
