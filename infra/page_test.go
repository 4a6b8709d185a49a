package infra_test

import (
	"fmt"
	"strings"
)

// pageRules hold for the page for people.
func pageRules() []rule {
	return []rule{
		{
			name: "the page is served if and only if it has an origin, and scripts of this one alone may use links",
			check: func(s stamp) []string {
				var wrong []string
				for _, r := range s.of(siteConfigs, "") {
					if got, want := r.str("properties.LETHE_PAGE"), map[bool]string{true: "on", false: "off"}[s.page != ""]; got != want {
						wrong = append(wrong, fmt.Sprintf("LETHE_PAGE is %q", got))
					}
				}
				for _, r := range s.of(blobServices, "") {
					want := []any{}
					if s.page != "" && strings.Contains(r.name(), account(s, "doc").name()) {
						want = []any{map[string]any{
							"allowedOrigins": []any{s.page}, "allowedMethods": []any{"PUT", "GET"},
							"allowedHeaders": []any{"content-type", "range", "x-ms-blob-type"}, "exposedHeaders": []any{}, "maxAgeInSeconds": 300,
						}}
					}
					if got := r.at("properties.cors.corsRules"); !same(want, got) {
						wrong = append(wrong, fmt.Sprint(r.name(), " allows ", got))
					}
				}
				return wrong
			},
			broken: func(s *stamp) {
				s.set(blobServices, account(*s, "run").name(), "properties.cors.corsRules", []any{map[string]any{"allowedOrigins": []any{"*"}}})
			},
		},
	}
}
