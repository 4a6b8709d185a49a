package aws_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// names are those that the doctor knows a stamp by.
func (s stamp) names() doctor.AWSNames {
	n := doctor.AWSNames{
		Stack: "lethe-" + s.region, Region: s.region, Account: account, Bucket: s.resources["Bucket"].str("Properties.BucketName"),
		Tables: fmt.Sprint(s.outputs["TablePrefix"]), SecretARN: fmt.Sprint(s.outputs["SigningKeySecretArn"]),
	}
	if s.key() {
		n.KeyARN = arn(keys, s.region, "Key")
	}
	return n
}

// documents are the policies of a role as JSON: its own and those that are attached.
func (s stamp) documents(role string) []string {
	var all []string
	add := func(v any) {
		if body, err := json.Marshal(v); err == nil && v != nil {
			all = append(all, string(body))
		}
	}
	r := s.resources[role]
	for i := range r.list("Properties.Policies") {
		add(r.at(fmt.Sprintf("Properties.Policies.%d.PolicyDocument", i)))
	}
	for _, attached := range texts(r.at("Properties.ManagedPolicyArns")) {
		for _, p := range s.of(policies) {
			if attached == arn(policies, s.region, p.str("Properties.ManagedPolicyName")) {
				add(p.at("Properties.PolicyDocument"))
			}
		}
	}
	return all
}

// rightsOptions are the choices that the table of rights depends on.
func (s stamp) rightsOptions() []doctor.AWSOption {
	var options []doctor.AWSOption
	if s.key() {
		options = append(options, doctor.WithKey)
	}
	if s.private() {
		options = append(options, doctor.WithVPC)
	}
	if s.told() {
		options = append(options, doctor.WithWebhooks)
	}
	return options
}

func rightRules() []rule {
	return []rule{
		{
			name: "each role has the rights of the table of rights and no other",
			check: func(s stamp) []string {
				var wrong []string
				for _, f := range append(s.functions(), doctor.ScheduleRole) {
					var granted []doctor.AWSGrant
					for _, document := range s.documents(named(f, "Role")) {
						more, err := s.names().Grants([]byte(document))
						if err != nil {
							return []string{f + ": " + err.Error()}
						}
						granted = append(granted, more...)
					}
					wrong = append(wrong, doctor.WrongRights(f, granted, s.rightsOptions()...)...)
					for _, r := range doctor.AWSRights(f) { // the doctor can do without these, its stamp gives them all the same
						if r.When == doctor.WithWebhooks && !s.told() {
							continue
						}
						for _, action := range r.Actions {
							for _, on := range r.On {
								if r.Looking && !contains(granted, doctor.AWSGrant{Action: action, On: on}) {
									wrong = append(wrong, fmt.Sprintf("%s may not look: %s on %s", f, action, on))
								}
							}
						}
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("OcrRole", "Policies.0.PolicyDocument.Statement.0.Action.0", "s3:*") },
		},
		{
			name: "objects are reached in the bucket of this account alone, and the network by the platform alone",
			check: func(s stamp) []string {
				var wrong []string
				for id := range s.of(roles) {
					for _, document := range s.documents(id) {
						var p struct{ Statement []resource }
						if err := json.Unmarshal([]byte(document), &p); err != nil {
							return []string{err.Error()}
						}
						for _, st := range p.Statement {
							actions := strings.Join(texts(st["Action"]), " ")
							var want any
							switch {
							case strings.Contains(actions, "Object") && !strings.Contains(actions, "Configuration") || strings.Contains(actions, "ListBucket"):
								want = map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": account}}
							case strings.Contains(actions, "ec2:"):
								want = map[string]any{"Null": map[string]any{"lambda:SourceFunctionArn": "true"}}
							}
							if !same(want, st["Condition"]) {
								wrong = append(wrong, fmt.Sprint(id, " ", st["Sid"], " ", st["Condition"]))
							}
						}
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("StorePolicy", "PolicyDocument.Statement.0.Condition", nil) },
		},
		{
			name: "each role is for its service alone",
			check: func(s stamp) []string {
				service := func(id string) (string, any) {
					switch id {
					case "ScheduleRole":
						return "scheduler.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}}
					case "TrailRole":
						return "cloudtrail.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceArn": "arn:aws:cloudtrail:" + s.region + ":" + account + ":trail/lethe-" + s.region}}
					}
					return "lambda.amazonaws.com", nil
				}
				return s.each(roles, func(id string, r resource) string {
					who, condition := service(id)
					want := map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": who}, "Action": "sts:AssumeRole"}
					if condition != nil {
						want["Condition"] = condition
					}
					if got := r.at("Properties.AssumeRolePolicyDocument.Statement"); !same([]any{want}, got) {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) {
				s.set("ApiRole", "AssumeRolePolicyDocument.Statement.0.Principal", map[string]any{"AWS": account})
			},
		},
		{
			name: "there are no other roles than of functions, schedule and trail, and no user or group",
			check: func(s stamp) []string {
				want := []string{"ScheduleRole"}
				for _, f := range s.functions() {
					want = append(want, named(f, "Role"))
				}
				if s.watched() {
					want = append(want, "TrailRole")
				}
				var got []string
				for id, r := range s.resources {
					if strings.HasPrefix(r.kind(), "AWS::IAM::") && r.kind() != policies {
						got = append(got, id)
					}
				}
				return differ("roles", got, want)
			},
			broken: func(s stamp) {
				s.resources["Administrator"] = resource{"Type": "AWS::IAM::User", "Properties": map[string]any{"Tags": s.resources["Bucket"].at("Properties.Tags")}}
			},
		},
	}
}

func contains(granted []doctor.AWSGrant, g doctor.AWSGrant) bool {
	for _, have := range granted {
		if have == g {
			return true
		}
	}
	return false
}
