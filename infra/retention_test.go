package infra_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
)

// limit is how long an object of a container may exist, by the retention of the stamp.
func (o options) limit(container string) time.Duration {
	if container == storage.Results {
		return o.processed // what is rendered ends the processing
	}
	return o.unprocessed
}

// swept lists the containers that lifecycle rules clear, and nothing but them: the ledger stays.
func swept() []string {
	return slices.DeleteFunc(storage.Containers(), func(name string) bool { return name == storage.Ledger })
}

func retentionRules() []rule {
	const rule0 = "properties.policy.rules.0."
	return []rule{
		{
			name: "lifecycle rules erase a document never before its deadline and as soon after as whole days allow",
			check: func(s stamp) []string {
				return eachSweep(s, func(container string, r resource) string {
					days, _ := r.at("definition.actions.baseBlob.delete.daysAfterCreationGreaterThan").(float64)
					life := time.Duration(days) * 24 * time.Hour
					if limit := s.limit(container); life < limit || life-24*time.Hour >= limit {
						return fmt.Sprintf("%v days for a limit of %v", days, limit)
					}
					return ""
				})
			},
			broken: func(s *stamp) {
				s.set(lifecycles, "", rule0+"definition.actions.baseBlob.delete.daysAfterCreationGreaterThan", 3.0)
			},
		},
		{
			name: "lifecycle rules delete and do nothing else",
			check: func(s stamp) []string {
				return eachSweep(s, func(_ string, r resource) string {
					base := r.at("definition.actions.baseBlob.delete.daysAfterCreationGreaterThan")
					if !same(r.at("definition.actions"), map[string]any{
						"baseBlob": map[string]any{"delete": map[string]any{"daysAfterCreationGreaterThan": base}},
						"snapshot": map[string]any{"delete": map[string]any{"daysAfterCreationGreaterThan": 1}},
						"version":  map[string]any{"delete": map[string]any{"daysAfterCreationGreaterThan": 1}},
					}) {
						return fmt.Sprint(r.at("definition.actions"))
					}
					return ""
				})
			},
			broken: func(s *stamp) { s.set(lifecycles, "", rule0+"definition.actions.snapshot", nil) },
		},
		{
			name: "lifecycle rules are on and cover every kind of blob that a link can create, by prefix alone",
			check: func(s stamp) []string {
				return eachSweep(s, func(container string, r resource) string {
					if r.at("enabled") != true || r.str("type") != "Lifecycle" || !same(r.at("definition.filters"), map[string]any{
						"blobTypes": []string{"blockBlob", "appendBlob"}, "prefixMatch": []string{container + "/"},
					}) {
						return fmt.Sprint(r)
					}
					return ""
				})
			},
			broken: func(s *stamp) { s.set(lifecycles, "", rule0+"enabled", false) },
		},
		{
			name: "lifecycle rules cover what holds documents and spare ledger and records",
			check: func(s stamp) []string {
				var names []string
				for _, r := range s.of(lifecycles, account(s, "doc").name()) {
					for _, l := range r.list("properties.policy.rules") {
						for _, prefix := range resource(l.(map[string]any)).list("definition.filters.prefixMatch") {
							names = append(names, prefix.(string))
						}
					}
				}
				var want []string
				for _, c := range swept() {
					want = append(want, c+"/")
				}
				return differ("prefixes", names, want)
			},
			broken: func(s *stamp) {
				s.set(lifecycles, "", rule0+"definition.filters.prefixMatch", []any{storage.Ledger + "/"})
			},
		},
		{
			name: "there is one lifecycle policy, the account's default",
			check: func(s stamp) []string {
				return differ("policies", s.leaves(lifecycles, ""), []string{"default"})
			},
			broken: func(s *stamp) { s.drop(lifecycles, "") },
		},
	}
}

// eachSweep looks at every lifecycle rule with the container that it is named after.
func eachSweep(s stamp, check func(container string, r resource) string) []string {
	var wrong []string
	for _, policy := range s.of(lifecycles, "") {
		for _, l := range policy.list("properties.policy.rules") {
			r := resource(l.(map[string]any))
			if finding := check(r.name(), r); finding != "" {
				wrong = append(wrong, r.name()+": "+finding)
			}
		}
	}
	return wrong
}

// TestRetentionCanBeAskedForUpToTheLimitsOfTheProgramAndNoFurther ties the bounds of the parameters to the promise.
func TestRetentionCanBeAskedForUpToTheLimitsOfTheProgramAndNoFurther(t *testing.T) {
	text, err := os.ReadFile("azure/main.json")
	if err != nil {
		t.Fatal(err)
	}
	var compiled struct {
		Definitions map[string]struct {
			Properties map[string]struct{ MinValue, MaxValue *int }
		}
		Parameters map[string]struct {
			Ref          string `json:"$ref"`
			DefaultValue any
		}
	}
	if err := json.Unmarshal(text, &compiled); err != nil {
		t.Fatal(err)
	}
	bounds := compiled.Definitions["retention"].Properties
	limits := map[string]time.Duration{"processedHours": retention.ProcessedLimit, "unprocessedHours": retention.UnprocessedLimit}
	for name, limit := range limits {
		b, ok := bounds[name]
		if !ok || b.MaxValue == nil || b.MinValue == nil {
			t.Fatalf("%s has no bounds in %v", name, compiled.Definitions)
		}
		if got := time.Duration(*b.MaxValue) * time.Hour; got != limit {
			t.Errorf("%s goes up to %v, the program's limit is %v", name, got, limit)
		}
		if *b.MinValue < 1 {
			t.Errorf("%s goes down to %d hours", name, *b.MinValue)
		}
	}
	usual := retention.Default()
	want := map[string]any{"processedHours": usual.Processed.Hours(), "unprocessedHours": usual.Unprocessed.Hours()}
	if got := compiled.Parameters["clocks"].DefaultValue; !same(want, got) {
		t.Errorf("the stamp begins with %v, the program with %v", got, want)
	}
}
