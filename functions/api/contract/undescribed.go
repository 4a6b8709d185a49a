package contract

import (
	"encoding/json"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// undescribed lists what of a JSON answer its schema does not name, and every null. Answers are open to fields of later
// versions; those of this one are all described.
func undescribed(documented *openapi3.Responses, a Answer) []string {
	response := documented.Status(a.Status)
	if response == nil {
		response = documented.Default()
	}
	var body any
	if response == nil || response.Value == nil || json.Unmarshal(a.Body, &body) != nil {
		return nil
	}
	media := response.Value.Content[mediaType(a)]
	if media == nil {
		return nil
	}
	var found []string
	var walk func(v any, s *openapi3.Schema, at string)
	walk = func(v any, s *openapi3.Schema, at string) {
		switch v := v.(type) {
		case nil:
			found = append(found, at+" is null")
		case []any:
			for _, item := range v {
				walk(item, schemaOf(s.Items), at+"/items")
			}
		case map[string]any:
			for _, name := range names(v) {
				field := s.Properties[name]
				if field == nil && len(s.Properties) > 0 {
					found = append(found, at+"/"+name+" is not described")
				}
				walk(v[name], schemaOf(field), at+"/"+name)
			}
		}
	}
	walk(body, schemaOf(media.Schema), "")
	slices.Sort(found)
	return slices.Compact(found)
}
