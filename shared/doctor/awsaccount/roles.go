package awsaccount

import (
	"context"
	"net/url"
	"path"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// roles examines the roles of the functions and of the schedule, with what is attached to them.
func (p *Probe) roles(ctx context.Context, v *view) {
	attached := map[string]string{} // documents of policies by ARN; empty if one could not be read
	for _, function := range append(p.cfg.Stamp.Functions(), doctor.ScheduleRole) {
		r := doctor.AWSRole{Function: function}
		name := p.cfg.Stamp.Stack + "-" + function
		out, err := p.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		switch {
		case code(err) == "NoSuchEntity":
			r.Absent = true
		case err != nil:
			v.missed("iam:GetRole", err, doctor.RoleRights, doctor.RoleTrust)
		default:
			r.Trust = document(out.Role.AssumeRolePolicyDocument)
			r.Seen = p.own(ctx, v, name, &r) && p.attached(ctx, v, name, &r, attached)
		}
		v.Roles = append(v.Roles, r)
		if err != nil && code(err) == "" {
			return
		}
	}
}

// own reads the policies in the role itself.
func (p *Probe) own(ctx context.Context, v *view, role string, r *doctor.AWSRole) bool {
	for in := (&iam.ListRolePoliciesInput{RoleName: &role}); ; {
		page, err := p.iam().ListRolePolicies(ctx, in)
		if err != nil {
			v.missed("iam:ListRolePolicies", err, doctor.RoleRights)
			return false
		}
		for _, name := range page.PolicyNames {
			out, err := p.iam().GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
			if err != nil {
				r.Unread = append(r.Unread, name)
				continue
			}
			r.Policies = append(r.Policies, document(out.PolicyDocument))
		}
		if in.Marker = page.Marker; !page.IsTruncated {
			return true
		}
	}
}

// attached reads the policies that are attached to the role. Those of AWS's own are told by name: they know nothing of the stamp.
func (p *Probe) attached(ctx context.Context, v *view, role string, r *doctor.AWSRole, known map[string]string) bool {
	for in := (&iam.ListAttachedRolePoliciesInput{RoleName: &role}); ; {
		page, err := p.iam().ListAttachedRolePolicies(ctx, in)
		if err != nil {
			v.missed("iam:ListAttachedRolePolicies", err, doctor.RoleRights)
			return false
		}
		for _, a := range page.AttachedPolicies {
			arn, name := sdk.ToString(a.PolicyArn), sdk.ToString(a.PolicyName)
			if strings.Contains(arn, ":iam::aws:") {
				r.Managed = append(r.Managed, name)
				continue
			}
			text, ok := known[arn]
			if !ok {
				text = p.version(ctx, arn)
				known[arn] = text
			}
			if text == "" {
				r.Unread = append(r.Unread, path.Base(arn))
			} else {
				r.Policies = append(r.Policies, text)
			}
		}
		if in.Marker = page.Marker; !page.IsTruncated {
			return true
		}
	}
}

// version reads what a policy says now; empty if it may not be read.
func (p *Probe) version(ctx context.Context, arn string) string {
	about, err := p.iam().GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil || about.Policy == nil {
		return ""
	}
	out, err := p.iam().GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: about.Policy.DefaultVersionId})
	if err != nil || out.PolicyVersion == nil {
		return ""
	}
	return document(out.PolicyVersion.Document)
}

// document decodes a policy, which IAM writes as part of an address.
func document(encoded *string) string {
	text, err := url.PathUnescape(sdk.ToString(encoded))
	if err != nil {
		return sdk.ToString(encoded)
	}
	return text
}
