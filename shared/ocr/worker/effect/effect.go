// Package effect lists what a worker process must not be able to bring about, whatever a document has made of it. What the
// worker tries, what /readyz, the doctor and the log report, and what the documents promise follow from this list.
package effect

import "strings"

// Effect is something that a worker process could bring about. By which means the kernel prevents it does not matter.
type Effect string

// The effects.
const (
	Network  Effect = "network"
	Programs Effect = "programs"
	Writing  Effect = "writing"
	Opening  Effect = "opening"
	Signals  Effect = "signals"
	Cores    Effect = "core dumps"
)

// row is an effect with what it means, after "a worker cannot".
type row struct {
	effect Effect
	means  string
}

func rows() []row {
	return []row{
		{Network, "reach the network"},
		{Programs, "start a program"},
		{Writing, "write a file"},
		{Opening, "open a file of others"},
		{Signals, "signal another process"},
		{Cores, "leave a core dump"},
	}
}

// All lists what a sandbox that is required prevents.
func All() []Effect {
	var all []Effect
	for _, r := range rows() {
		all = append(all, r.effect)
	}
	return all
}

// Sentence says in words what a worker cannot do.
func Sentence() string {
	var words []string
	for _, r := range rows() {
		words = append(words, r.means)
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Gap is what a sandbox does not prevent. The zero value is none.
type Gap struct {
	Missing []Effect // not prevented
	Lacks   []string // what the kernel lacks for it
}

// String names the effects and what the kernel lacks.
func (g Gap) String() string {
	text := "not closed: " + Join(g.Missing)
	if len(g.Lacks) > 0 {
		text += "; the kernel gives no " + strings.Join(g.Lacks, " and no ")
	}
	return text
}

// Join names effects with commas between them, "nothing" if there are none.
func Join(effects []Effect) string {
	if len(effects) == 0 {
		return "nothing"
	}
	var names []string
	for _, e := range effects {
		names = append(names, string(e))
	}
	return strings.Join(names, ", ")
}
