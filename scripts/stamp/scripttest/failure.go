package scripttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// Failure is one call of a script that fails in one way.
type Failure struct {
	Call
	Mode string
}

// Name says which call fails, and how.
func (f Failure) Name() string {
	return fmt.Sprintf("%d %s %s %s", f.Number, f.Mode, f.Call.Name, strings.Join(f.Args[:min(3, len(f.Args))], " "))
}

// Fault is the variable that makes the stand-in fail so.
func (f Failure) Fault() string { return fmt.Sprintf("STANDIN_FAULT=%d:%s", f.Number, f.Mode) }

// Failures lists the ways in which calls can fail: before one did anything; after it did everything, with its answer lost; in
// the middle, where it does many things; and with the script itself, which then cannot clear up.
func Failures(calls []Call, many func(Call) bool) []Failure {
	var all []Failure
	for _, c := range calls {
		modes := []string{"before"}
		if c.Changes {
			modes = append(modes, "after", "kill")
			if many(c) {
				modes = append(modes, "half")
			}
		}
		for _, mode := range modes {
			all = append(all, Failure{c, mode})
		}
	}
	return all
}

// Drawn returns a few of many, as RAPID_SEED decides, or all of them in a soak test.
func Drawn[T any](all []T, few int) []T {
	if os.Getenv("LETHE_SOAK") != "" {
		return all
	}
	seed, err := strconv.ParseUint(os.Getenv("RAPID_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	random := rand.New(rand.NewPCG(seed, seed))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:few]
}
