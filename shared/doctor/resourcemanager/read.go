package resourcemanager

import (
	"path"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// ReadAccount notes what a storage account is like. A property that is absent has the value the service gives it then,
// and that is the weak one.
func ReadAccount(from armstorage.Account, a *doctor.Account) {
	p := from.Properties
	if p == nil {
		p = &armstorage.AccountProperties{}
	}
	if from.SKU != nil {
		a.SKU = text(from.SKU.Name)
	}
	a.Location = text(from.Location)
	a.CrossTenant = to.Ptr(unlessOff(p.AllowCrossTenantReplication))
	a.SharedKey = to.Ptr(unlessOff(p.AllowSharedKeyAccess))
	a.PublicAccess = to.Ptr(unlessOff(p.AllowBlobPublicAccess))
	a.HTTPSOnly = to.Ptr(isOn(p.EnableHTTPSTrafficOnly))
	a.MinimumTLS = "TLS1_0"
	if p.MinimumTLSVersion != nil {
		a.MinimumTLS = text(p.MinimumTLSVersion)
	}
	if w := p.ImmutableStorageWithVersioning; w != nil && isOn(w.Enabled) {
		a.Immutable = to.Ptr(true)
	}
}

// ReadService notes what the account keeps of what is deleted. Absent means off.
func ReadService(from armstorage.BlobServiceProperties, a *doctor.Account) {
	p := from.BlobServiceProperties
	if p == nil {
		p = &armstorage.BlobServicePropertiesProperties{}
	}
	a.BlobSoftDelete = to.Ptr(p.DeleteRetentionPolicy != nil && isOn(p.DeleteRetentionPolicy.Enabled))
	a.ContainerSoftDelete = to.Ptr(p.ContainerDeleteRetentionPolicy != nil && isOn(p.ContainerDeleteRetentionPolicy.Enabled))
	a.Versioning = to.Ptr(isOn(p.IsVersioningEnabled))
	a.ChangeFeed = to.Ptr(p.ChangeFeed != nil && isOn(p.ChangeFeed.Enabled))
	a.Restore = to.Ptr(p.RestorePolicy != nil && isOn(p.RestorePolicy.Enabled))
	a.CORS = &[]doctor.CORSRule{}
	if p.Cors == nil {
		return
	}
	for _, r := range p.Cors.CorsRules {
		var rule doctor.CORSRule
		for _, origin := range r.AllowedOrigins {
			rule.Origins = append(rule.Origins, text(origin))
		}
		for _, method := range r.AllowedMethods {
			rule.Methods = append(rule.Methods, string(*method))
		}
		*a.CORS = append(*a.CORS, rule)
	}
}

// ReadContainers notes which containers there are and what they permit. Their names are the program's or the platform's.
func ReadContainers(from []*armstorage.ListContainerItem, a *doctor.Account) {
	immutable := isOn(a.Immutable)
	for _, item := range from {
		seen := doctor.Container{Name: text(item.Name), Unseen: item.Properties == nil}
		if p := item.Properties; p != nil {
			seen.Public = p.PublicAccess != nil && *p.PublicAccess != armstorage.PublicAccessNone
			for key, v := range p.Metadata {
				if strings.EqualFold(key, "region") {
					seen.Region = text(v)
				}
			}
			immutable = immutable || isOn(p.HasImmutabilityPolicy) || isOn(p.HasLegalHold) ||
				p.ImmutableStorageWithVersioning != nil && isOn(p.ImmutableStorageWithVersioning.Enabled)
		}
		a.Containers = append(a.Containers, seen)
	}
	a.Immutable = &immutable
}

// ReadRules notes which rules of the lifecycle policy delete blobs, and when.
func ReadRules(from armstorage.ManagementPolicy, a *doctor.Account) {
	rules := []doctor.Rule{}
	if from.Properties != nil && from.Properties.Policy != nil {
		for _, r := range from.Properties.Policy.Rules {
			if rule, deletes := read(r); deletes {
				rules = append(rules, rule)
			}
		}
	}
	a.Rules = &rules
}

func read(r *armstorage.ManagementPolicyRule) (rule doctor.Rule, deletes bool) {
	d := r.Definition
	enabled := r.Enabled == nil || *r.Enabled
	if !enabled || d == nil || d.Actions == nil || d.Actions.BaseBlob == nil || d.Actions.BaseBlob.Delete == nil {
		return doctor.Rule{}, false
	}
	if f := d.Filters; f != nil {
		rule.Narrowed = len(f.BlobIndexMatch) > 0
		for _, p := range f.PrefixMatch {
			rule.Prefixes = append(rule.Prefixes, text(p))
		}
		for _, t := range f.BlobTypes {
			rule.BlobTypes = append(rule.BlobTypes, text(t))
		}
	}
	// A rule has one of these clocks.
	after := d.Actions.BaseBlob.Delete
	rule.ByCreation = after.DaysAfterCreationGreaterThan != nil
	for _, days := range []*float32{after.DaysAfterCreationGreaterThan, after.DaysAfterModificationGreaterThan, after.DaysAfterLastAccessTimeGreaterThan} {
		if days != nil {
			rule.Days = int(*days)
			return rule, true
		}
	}
	return doctor.Rule{}, false
}

// grant puts an assignment on the account with this id into the doctor's words.
func grant(account string, p armauthorization.RoleAssignmentProperties, role armauthorization.RoleDefinition) doctor.Grant {
	g := doctor.Grant{
		Role:   doctor.Role(strings.ToLower(path.Base(text(p.RoleDefinitionID)))),
		Person: p.PrincipalType == nil || *p.PrincipalType != armauthorization.PrincipalTypeServicePrincipal,
	}
	g.Name = "role " + string(g.Role)
	if role.Properties != nil {
		g.Name = text(role.Properties.RoleName)
		for _, permission := range role.Properties.Permissions {
			g.Data = g.Data || len(permission.DataActions) > 0
		}
	}
	g.Level, g.In = level(account, text(p.Scope))
	return g
}

// level says how wide a scope reaches, as seen from the account. Resource Manager does not keep the case of letters.
func level(account, scope string) (doctor.Level, string) {
	below, ok := strings.CutPrefix(strings.ToLower(scope), strings.ToLower(account))
	if !ok || below != "" && below[0] != '/' {
		return doctor.Above, ""
	}
	kind, name := path.Split(below)
	switch kind {
	case "/blobservices/default/containers/":
		return doctor.OneContainer, name
	case "/queueservices/default/queues/":
		return doctor.OneQueue, name
	case "/tableservices/default/tables/":
		return doctor.OneTable, name
	default:
		return doctor.WholeAccount, "" // a whole service of it is no narrower for what it opens
	}
}

func isOn(b *bool) bool { return b != nil && *b }

func unlessOff(b *bool) bool { return b == nil || *b }

func text[S ~string](s *S) string {
	if s == nil {
		return ""
	}
	return string(*s)
}
