package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule is one thing that must hold in every deployment. No tool checks enum values, ranges and ties: these rules do.
type rule struct {
	name   string
	check  func(stamp) []string // what is wrong
	broken func(*stamp)         // makes a sound deployment break the rule, in one case at least
}

func rules() []rule {
	return slices.Concat(
		demanded(storageDemands()), demanded(appDemands()), demanded(watchDemands()), demanded(optionDemands()),
		placeRules(), accessRules(), retentionRules(), watchRules(), optionRules(), pageRules(), tieRules(), doctorRules(),
	)
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

func TestEachRuleFailsOnABrokenDeployment(t *testing.T) {
	sound := committed(t)
	names := map[string]bool{}
	for _, r := range rules() {
		if names[r.name] {
			t.Errorf("two rules are named %q", r.name)
		}
		names[r.name] = true
		if !slices.ContainsFunc(sound, func(s stamp) bool {
			s = s.copied(t)
			r.broken(&s)
			return len(r.check(s)) > 0
		}) {
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
	return s
}

// demand is the simplest rule: a property has one of the values that are allowed, on every resource of a type.
type demand struct {
	kind, path string
	want       []any // nil among them: the property may be absent
	wrong      any
}

// demanded turns demands into rules.
func demanded(demands []demand) []rule {
	var all []rule
	for _, d := range demands {
		all = append(all, rule{
			name: d.kind[strings.Index(d.kind, ".")+1:] + " " + d.path,
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(d.kind, "") {
					if got := r.at(d.path); !slices.ContainsFunc(d.want, func(w any) bool { return same(w, got) }) {
						wrong = append(wrong, fmt.Sprintf("%s has %v, want one of %v", r.name(), got, d.want))
					}
				}
				return wrong
			},
			broken: func(s *stamp) { s.set(d.kind, "", d.path, d.wrong) },
		})
	}
	return all
}

// same compares a wanted value with one from JSON, whose numbers are floats and whose lists hold anything.
func same(want, got any) bool {
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	return errA == nil && errB == nil && string(a) == string(b)
}

// set writes a property of the first resource of a type whose name contains the text.
func (s *stamp) set(kind, name, path string, value any) {
	found := s.of(kind, name)
	if len(found) == 0 {
		return
	}
	parent, last := found[0], path
	if i := strings.LastIndex(path, "."); i >= 0 {
		last = path[i+1:]
		switch v := found[0].at(path[:i]).(type) {
		case map[string]any:
			parent = v
		case []any:
			if n, err := strconv.Atoi(last); err == nil && n < len(v) {
				v[n] = value
			}
			return
		default:
			return
		}
	}
	parent[last] = value
}

// drop removes the resources of a type whose name contains the text.
func (s *stamp) drop(kind, name string) {
	s.resources = slices.DeleteFunc(s.resources, func(r resource) bool {
		return r.kind() == kind && strings.Contains(r.name(), name)
	})
}

// add appends a copy of the first resource of a type, changed.
func (s *stamp) add(kind string, changes map[string]any) {
	twin := maps.Clone(first(*s, kind))
	maps.Copy(twin, changes)
	s.resources = append(s.resources, twin)
}

// differ says how two lists of names differ.
func differ(what string, got, want []string) []string {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %v, want %v", what, got, want)}
}
