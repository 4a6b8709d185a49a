package verbs

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Once makes flags be refused that are given more than once, where the last one would count and the others be dropped.
func Once(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		f := cmd.Flags().Lookup(name)
		replace(f, &single{Value: f.Value})
	}
}

// single is the value of a flag that is given once.
type single struct {
	pflag.Value
	given bool
}

// Set implements pflag.Value.
func (s *single) Set(value string) error {
	if s.given {
		return errors.New("it is given more than once; give it once")
	}
	s.given = true
	return s.Value.Set(value)
}
