package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// Marker is in every text that a request makes up. No refusal and no header may hold it.
const Marker = "zq7contractmarker"

// surplus names what the description does not know. A refusal may name it.
const surplus = "surplus"

// deepest bounds how deep made-up objects nest.
const deepest = 5

// generator makes values up, the same ones for the same seed.
type generator struct {
	rnd *rand.Rand
}

func newGenerator(seed uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, 0x6c65746865))} // #nosec G404 -- the same requests for the same seed
}

// chance is true n times in a hundred.
func (g *generator) chance(n int) bool { return g.rnd.IntN(100) < n }

// pick returns one of several.
func pick[T any](g *generator, from []T) T { return from[g.rnd.IntN(len(from))] }

// names lists keys in a fixed order.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// valid makes a value that the schema allows. Without a type, text will do.
func (g *generator) valid(s *openapi3.Schema, depth int) any {
	switch {
	case len(s.Enum) > 0:
		return pick(g, s.Enum)
	case len(s.Examples) > 0 && g.chance(70):
		return pick(g, s.Examples)
	case s.Type == nil || len(*s.Type) == 0:
		return g.word(s)
	}
	switch pick(g, *s.Type) {
	case "boolean":
		return g.chance(50)
	case "integer", "number":
		var least, most int64 = 0, 10_000
		if s.Min != nil {
			least, most = int64(*s.Min), int64(*s.Min)+10_000
		}
		if s.Max != nil {
			most = int64(*s.Max)
		}
		return pick(g, []int64{least, most, least + g.rnd.Int64N(most-least+1)})
	case "array":
		list := []any{}
		for range int(s.MinItems) + g.more(depth) { // #nosec G115 -- of our own description
			list = append(list, g.valid(schemaOf(s.Items), depth+1))
		}
		return list
	case "object":
		o := map[string]any{}
		for _, name := range names(s.Properties) {
			if slices.Contains(s.Required, name) || g.more(depth) == 1 {
				o[name] = g.valid(schemaOf(s.Properties[name]), depth+1)
			}
		}
		return o
	case "null":
		return nil
	default:
		return g.word(s)
	}
}

// more is 0, 1 or 2, and 0 where values are nested as deep as they may.
func (g *generator) more(depth int) int {
	if depth >= deepest {
		return 0
	}
	return g.rnd.IntN(3)
}

// word makes a text of the wanted form and length.
func (g *generator) word(s *openapi3.Schema) string {
	switch s.Format {
	case "uuid":
		return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", g.rnd.Uint32(), g.rnd.IntN(1<<16), g.rnd.IntN(1<<12), g.rnd.IntN(1<<12), g.rnd.Int64N(1<<48))
	case "date-time":
		return time.Unix(g.rnd.Int64N(4e9), 0).UTC().Format(time.RFC3339)
	case "uri":
		return "https://" + Marker + ".example/"
	}
	n := max(len(Marker)+g.more(0)*g.rnd.IntN(75), int(s.MinLength)) // #nosec G115 -- of our own description
	if s.MaxLength != nil {
		n = min(n, int(*s.MaxLength)) // #nosec G115 -- of our own description
	}
	return (Marker + strings.Repeat("x", max(0, n-len(Marker))))[:n]
}

// hostile makes text that means something to parsers, shells, databases and browsers.
func (g *generator) hostile() string {
	const m = Marker
	return pick(g, []string{
		m, "' OR '1'='1' -- " + m, "../../../../etc/passwd" + m, m + "\r\nX-Injected: 1", "${jndi:ldap://" + m + "}", "<script>" + m + "</script>",
		m + "\x00", m + "%00", "{{7*7}}" + m, "`id`" + m, "; sleep 5 #" + m, m + "\u202e\ufeff", "\U0001f600" + m, m + "\ud7ff\ufffd",
		strings.Repeat(m, 300), "-1", "0", "99999999999999999999", "1e999", "NaN", "null", "true", " ", m + " ", "a," + m + ",,b", "[" + m + "]", "*", "%",
	})
}

// wrong makes a value that the schema most likely forbids.
func (g *generator) wrong(s *openapi3.Schema) any {
	n := uint64(300)
	if s.MaxLength != nil {
		n = min(*s.MaxLength+1, 5_000)
	}
	return pick(g, []any{
		map[string]any{surplus: Marker}, []any{Marker, []any{nil}}, json.Number("-1"), json.Number("1e400"), nil, true, false,
		strings.Repeat("é", int(n)), g.hostile(), // #nosec G115 -- at most 5,000
	})
}

// text writes a value the way a parameter carries it: items of a list have commas between them.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = text(one)
		}
		return strings.Join(parts, ",")
	case map[string]any:
		return string(encode(v))
	default:
		return fmt.Sprint(v)
	}
}
