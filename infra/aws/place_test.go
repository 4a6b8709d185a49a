package aws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// untagged are types that have no tags.
func untaggedTypes() []string {
	return []string{
		bucketRules, queueRules, secretRules, topicRules, filters, policies, urls, permissions, invocations, schedules, associations, endpoints,
	}
}

func placeRules() []rule {
	return []rule{
		{
			name: "everything that can have tags says whose and where it is",
			check: func(s stamp) []string {
				var wrong []string
				for id, r := range s.resources {
					got := map[string]string{}
					for _, v := range r.list("Properties.Tags") {
						tag, _ := v.(map[string]any)
						got[text(tag["Key"])] = text(tag["Value"])
					}
					want := map[string]string{"workload": "lethe", "env": "prod", "region": s.region, "owner": "operations", "data-class": "confidential"}
					if slices.Contains(untaggedTypes(), r.kind()) {
						want = map[string]string{}
					}
					if !maps.Equal(got, want) {
						wrong = append(wrong, fmt.Sprintf("%s has %v", id, got))
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("Bucket", "Tags.2.Value", "elsewhere") },
		},
		{
			name: "no ARN and no address names another region or account",
			check: func(s stamp) []string {
				var wrong []string
				other := regexp.MustCompile(`\b(?:af|ap|ca|eu|il|me|mx|sa|us)-(?:central|east|north|northeast|northwest|south|southeast|southwest|west)-[1-9]\b|\b[0-9]{12}\b`)
				for id, r := range s.resources {
					body, err := json.Marshal(r)
					if err != nil {
						wrong = append(wrong, err.Error())
					}
					for _, found := range other.FindAllString(string(body), -1) {
						if found != s.region && found != account {
							wrong = append(wrong, id+" names "+found)
						}
					}
				}
				return wrong
			},
			broken: func(s stamp) { s.set("People", "DisplayName", "lethe-eu-west-3") },
		},
		{
			name: "the outputs are what the scripts read",
			check: func(s stamp) []string {
				names := slices.Collect(maps.Keys(s.outputs))
				return differ("outputs", names, []string{"ApiUrl", "Bucket", "TablePrefix", "RequeueQueueUrl", "SigningKeySecretArn"})
			},
			broken: func(s stamp) { delete(s.outputs, "ApiUrl") },
		},
		{
			name: "data goes with the stack and never by a replacement",
			check: func(s stamp) []string {
				var wrong []string
				for _, kind := range []string{buckets, tables, secrets, keys} {
					wrong = append(wrong, s.each(kind, func(_ string, r resource) string {
						if r.str("DeletionPolicy") != "Delete" || r.str("UpdateReplacePolicy") != "Retain" {
							return fmt.Sprint(r["DeletionPolicy"], r["UpdateReplacePolicy"])
						}
						return ""
					})...)
				}
				return wrong
			},
			broken: func(s stamp) { s.resources["TasksTable"]["UpdateReplacePolicy"] = "Snapshot" },
		},
	}
}

func TestEveryRegionHasACompleteParameterFile(t *testing.T) {
	files := regions(t)
	for _, needed := range []string{"eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2"} {
		if files[needed] == nil {
			t.Errorf("%s has no file", needed)
		}
	}
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := source(t, text)
	if err != nil {
		t.Fatal(err)
	}
	for region, values := range files {
		if err := doctor.ValidAWSRegion(region); err != nil {
			t.Error(err)
		}
		maps.Copy(values, given())
		s, err := evaluate(tmpl, options{name: region, region: region}, values)
		if err != nil || len(s.refused) > 0 || values["Region"] != region {
			t.Errorf("%s: %v %v", region, err, s.refused)
		}
		for _, finding := range findings(s) {
			t.Errorf("%s: %s", region, finding)
		}
	}
}

func TestParametersOutsideTheirTypesAreRefused(t *testing.T) {
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := source(t, text)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ parameter, value, want string }{
		"region of another stack":  {"Region", "eu-west-1", "another region"},
		"retention above a day":    {"ProcessedHours", "25", "1 to 24"},
		"retention above two days": {"UnprocessedHours", "49", "2 to 48"},
		"retention below a try":    {"UnprocessedHours", "1", "2 to 48"},
		"half an hour":             {"ProcessedHours", "0.5", ""},
		"e-mail that is none":      {"AlertEmail", "operations", "does not match"},
		"package without a hash":   {"CodeKey", "lethe.zip", "does not match"},
		"memory between cores":     {"OcrMemory", "2000", "not one of"},
		"hash without application": {"BootstrapHash", strings.Repeat("ab", 32), "come together"},
		"audience without issuer":  {"OIDCAudience", "lethe", "come together"},
		"address without TLS":      {"PublicURL", "http://ocr.example.org", "does not match"},
		"misspelt option":          {"PrivateNetwrok", "true", "not declared"},
		"option that is no option": {"CustomerKey", "yes", "not one of"},
	} {
		values := given()
		values["Region"] = "eu-central-1"
		values[c.parameter] = c.value
		s, err := evaluate(tmpl, options{region: "eu-central-1"}, values)
		if got := fmt.Sprint(err, s.refused); !strings.Contains(got, c.want) || err == nil && len(s.refused) == 0 {
			t.Errorf("%s: %s", name, got)
		}
	}
	values := given()
	values["Region"], values["Webhooks"], values["PrivateNetwork"] = "eu-central-1", "true", "true"
	if s, err := evaluate(tmpl, options{region: "eu-central-1"}, values); err != nil || len(s.refused) != 1 || !strings.Contains(s.refused[0], "way out") {
		t.Errorf("webhooks in a network without a way out are accepted: %v, %v", s.refused, err)
	}
	values = given()
	values["Region"] = "cn-north-1"
	if s, err := evaluate(tmpl, options{region: "cn-north-1"}, values); err != nil || len(s.refused) == 0 {
		t.Errorf("a region that the template does not know is accepted: %v", err)
	}
}

// promises says what is wrong with the parameters and mappings of a template: bounds, counts, and places that must be refused.
func promises(t *testing.T, text []byte) string {
	t.Helper()
	tmpl, err := source(t, text)
	if err != nil {
		return err.Error()
	}
	usual := retention.Default()
	for name, want := range map[string]struct{ limit, usual time.Duration }{
		"ProcessedHours":   {retention.ProcessedLimit, usual.Processed},
		"UnprocessedHours": {retention.UnprocessedLimit, usual.Unprocessed},
	} {
		p := resource(tmpl["Parameters"].(map[string]any)[name].(map[string]any))
		if !same(want.limit.Hours(), p["MaxValue"]) || !same(want.usual.Hours(), p["Default"]) {
			return fmt.Sprintf("%s goes up to %v and begins with %v", name, p["MaxValue"], p["Default"])
		}
	}
	hours := tmpl["Mappings"].(map[string]any)["Hours"].(map[string]any)
	for h := 1; h <= int(retention.UnprocessedLimit.Hours()); h++ {
		want := map[string]any{"Days": (h + 23) / 24, "Seconds": h * 3600}
		if !same(want, hours[fmt.Sprint(h)]) {
			return fmt.Sprintf("%d hours are %v", h, hours[fmt.Sprint(h)])
		}
	}
	values := given()
	values["Region"] = "eu-west-1"
	if s, err := evaluate(tmpl, options{region: "eu-central-1"}, values); err != nil || len(s.refused) == 0 {
		return fmt.Sprint("a stack in another region than its parameters is accepted: ", err)
	}
	return ""
}

// TestParametersKeepThePromise ties the bounds of the parameters to the retention that the program promises, as on Azure.
func TestParametersKeepThePromise(t *testing.T) {
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := promises(t, text); wrong != "" {
		t.Error(wrong)
	}
}
