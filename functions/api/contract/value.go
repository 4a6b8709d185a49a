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
	return &generator{rand.New(rand.NewPCG(seed, 0x6c65746865))}
}

// chance is true n times in a hundred.
func (g *generator) chance(n int) bool { return g.rnd.IntN(100) < n }

// pick returns one of several.
func pick[T any](g *generator, from []T) T { return from[g.rnd.IntN(len(from))] }

// names lists keys in a fixed order.
func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// valid makes a value that the schema allows.
func (g *generator) valid(s *openapi3.Schema, depth int) any {
	if len(s.Enum) > 0 {
		return pick(g, s.Enum)
	}
	if len(s.Examples) > 0 && g.chance(70) {
		return pick(g, s.Examples)
	}
	switch kind := g.kind(s); kind {
	case "boolean":
		return g.chance(50)
	case "integer":
		return int64(g.number(s))
	case "number":
		return g.number(s)
	case "array":
		return g.list(s, depth)
	case "object":
		return g.object(s, depth)
	case "null":
		return nil
	default:
		return g.word(s)
	}
}

// kind picks one of the types that a schema allows. Without any, text will do.
func (g *generator) kind(s *openapi3.Schema) string {
	if s.Type == nil || len(*s.Type) == 0 {
		return "string"
	}
	return pick(g, *s.Type)
}

func (g *generator) number(s *openapi3.Schema) float64 {
	least, most := 0.0, 10_000.0
	if s.Min != nil {
		least, most = *s.Min, *s.Min+10_000
	}
	if s.Max != nil {
		most = *s.Max
	}
	switch g.rnd.IntN(4) {
	case 0:
		return least
	case 1:
		return most
	default:
		return least + float64(g.rnd.Int64N(int64(most-least)+1))
	}
}

func (g *generator) list(s *openapi3.Schema, depth int) []any {
	n := int(s.MinItems)
	if depth < deepest {
		n += g.rnd.IntN(3)
	}
	list := []any{}
	for range n {
		list = append(list, g.valid(schemaOf(s.Items), depth+1))
	}
	return list
}

func (g *generator) object(s *openapi3.Schema, depth int) map[string]any {
	o := map[string]any{}
	for _, name := range names(s.Properties) {
		if slices.Contains(s.Required, name) || depth < deepest && g.chance(40) {
			o[name] = g.valid(schemaOf(s.Properties[name]), depth+1)
		}
	}
	return o
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
	w := Marker
	if g.chance(30) {
		w += strings.Repeat("x", g.rnd.IntN(150))
	}
	for uint64(len(w)) < s.MinLength {
		w += "x"
	}
	if s.MaxLength != nil && uint64(len(w)) > *s.MaxLength {
		w = w[:*s.MaxLength]
	}
	return w
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
	switch g.rnd.IntN(8) {
	case 0:
		return map[string]any{surplus: Marker}
	case 1:
		return []any{Marker, []any{nil}}
	case 2:
		return json.Number("-1")
	case 3:
		return json.Number("1e400")
	case 4:
		return nil
	case 5:
		return g.chance(50)
	case 6:
		n := uint64(300)
		if s.MaxLength != nil {
			n = *s.MaxLength + 1
		}
		return strings.Repeat("é", int(min(n, 5_000)))
	default:
		return g.hostile()
	}
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
		raw, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(raw)
	default:
		return fmt.Sprint(v)
	}
}
