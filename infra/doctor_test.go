package infra_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// seen is what the doctor would see of the account of documents when the deployment is done.
func seen(s stamp) doctor.Account {
	documents := account(s, "doc")
	var blobs resource
	for _, r := range s.of(blobServices, documents.name()+"/") {
		blobs = r
	}
	flag := func(r resource, path string) *bool {
		if b, ok := r.at(path).(bool); ok {
			return &b
		}
		return nil
	}
	held := documents.at("properties.immutableStorageWithVersioning") != nil
	a := doctor.Account{
		BlobSoftDelete:      flag(blobs, "properties.deleteRetentionPolicy.enabled"),
		ContainerSoftDelete: flag(blobs, "properties.containerDeleteRetentionPolicy.enabled"),
		Versioning:          flag(blobs, "properties.isVersioningEnabled"),
		ChangeFeed:          flag(blobs, "properties.changeFeed.enabled"),
		Restore:             flag(blobs, "properties.restorePolicy.enabled"),
		Immutable:           &held,
		SKU:                 documents.str("sku.name"),
		CrossTenant:         flag(documents, "properties.allowCrossTenantReplication"),
		Location:            documents.str("location"),
		SharedKey:           flag(documents, "properties.allowSharedKeyAccess"),
		HTTPSOnly:           flag(documents, "properties.supportsHttpsTrafficOnly"),
		MinimumTLS:          documents.str("properties.minimumTlsVersion"),
		PublicAccess:        flag(documents, "properties.allowBlobPublicAccess"),
		Rules:               &[]doctor.Rule{},
		Grants:              &[]doctor.Grant{},
		CORS:                &[]doctor.CORSRule{},
	}
	for _, l := range blobs.list("properties.cors.corsRules") {
		r := resource(l.(map[string]any))
		*a.CORS = append(*a.CORS, doctor.CORSRule{Origins: texts(r.list("allowedOrigins")), Methods: texts(r.list("allowedMethods"))})
	}
	for _, r := range s.of(containers, documents.name()+"/") {
		a.Containers = append(a.Containers, doctor.Container{
			Name: leaf(r.name()), Public: r.str("properties.publicAccess") != "None", Region: r.str("properties.metadata.region"),
		})
	}
	for _, policy := range s.of(lifecycles, documents.name()+"/") {
		for _, l := range policy.list("properties.policy.rules") {
			r := resource(l.(map[string]any))
			days, byCreation := r.at("definition.actions.baseBlob.delete.daysAfterCreationGreaterThan").(float64)
			*a.Rules = append(*a.Rules, doctor.Rule{
				Prefixes: texts(r.list("definition.filters.prefixMatch")), BlobTypes: texts(r.list("definition.filters.blobTypes")),
				Days: int(days), ByCreation: byCreation,
			})
		}
	}
	for _, r := range s.of(assignments, "") {
		scope, _, _ := strings.Cut(r.id(), "/providers/"+assignments)
		at, ok := strings.CutPrefix(short(s, scope), "documents")
		if !ok {
			continue
		}
		id := leaf(r.str("properties.roleDefinitionId"))
		g := doctor.Grant{
			Role: doctor.Role(id), Name: roleNames()[id], Level: doctor.WholeAccount, In: leaf(at),
			Person: r.str("properties.principalType") != "ServicePrincipal", Data: doctor.Role(id) != doctor.Reader,
		}
		for part, level := range map[string]doctor.Level{"/containers/": doctor.OneContainer, "/queues/": doctor.OneQueue, "/tables/": doctor.OneTable} {
			if strings.Contains(at, part) {
				g.Level = level
			}
		}
		*a.Grants = append(*a.Grants, g)
	}
	return a
}

// page is how the settings of the program describe the page, whose address is that of the parameters.
func page(s stamp) doctor.Page {
	var p doctor.Page
	for _, r := range s.of(siteConfigs, "") {
		p = doctor.PageOf(func(name string) string { return r.str("properties." + name) })
	}
	p.Address = cmp.Or(p.Address, s.page)
	return p
}

func texts(list []any) []string {
	var all []string
	for _, e := range list {
		text, _ := e.(string)
		all = append(all, text)
	}
	return all
}

// doctorRules are the program's own expectations: what `lethe doctor` asks of a stamp, its code deploys.
func doctorRules() []rule {
	judged := func(s stamp) []string {
		policy := retention.Default()
		policy.Processed, policy.Unprocessed = s.processed, s.unprocessed
		var wrong []string
		for _, f := range seen(s).Judge(doctor.Stamp{Region: s.region, Platform: s.region, Policy: policy, Page: page(s)}) {
			if f.Outcome == doctor.Breach || (f.Outcome == doctor.Unknown && deployed(f.Check)) {
				wrong = append(wrong, string(f.Check)+": "+f.Found)
			}
		}
		return wrong
	}
	return []rule{
		{
			name:   "the doctor finds nothing to cure",
			check:  judged,
			broken: func(s *stamp) { s.set(blobServices, "doc", "properties.restorePolicy.enabled", true) },
		},
		{
			name:   "the doctor finds no role too wide",
			check:  judged,
			broken: func(s *stamp) { s.set(assignments, "", "properties.principalType", "Group") },
		},
		{
			name:  "the doctor finds that scripts of the page alone use links",
			check: judged,
			broken: func(s *stamp) {
				s.set(blobServices, "doc", "properties.cors.corsRules", []any{map[string]any{"allowedOrigins": []any{"https://example.com"}, "allowedMethods": []any{"PUT", "GET"}}})
			},
		},
		{
			name:   "the doctor finds that people who sign in are inside an application",
			check:  judged,
			broken: func(s *stamp) { s.set(siteConfigs, "", "properties.LETHE_OIDC_CLIENT_ID", "lethe-page") },
		},
	}
}

// deployed reports whether the resource manager shows what the check looks at, so that a deployment decides it.
func deployed(c doctor.Check) bool {
	return slices.ContainsFunc(doctor.Expectations(), func(e doctor.Expectation) bool {
		return e.Check == c && e.Seen(doctor.ResourceManager)
	})
}

func TestTheDoctorSeesMostOfItsChecksInADeployment(t *testing.T) {
	for _, s := range committed(t) {
		told := 0
		for _, f := range seen(s).Judge(doctor.Stamp{Region: s.region, Policy: retention.Policy{
			Processed: s.processed, Unprocessed: s.unprocessed, Margin: time.Minute,
		}}) {
			if f.Outcome == doctor.OK {
				told++
			}
		}
		if told < 15 {
			t.Errorf("%s: the doctor tells %d checks", s.name, told)
		}
	}
}
