package verbs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Choice makes everything be refused but the values, of which a flag takes one, or a list of them, in any case of letters. Shells
// complete them.
func Choice(cmd *cobra.Command, name string, values []string) {
	f := cmd.Flags().Lookup(name)
	replace(f, &choice{f.Value, values})
	Complete(cmd, name, values)
}

// choice is the value of a flag that is one of several.
type choice struct {
	pflag.Value
	values []string
}

// Set implements pflag.Value.
func (c *choice) Set(text string) error {
	chosen := strings.Split(text, ",")
	for i, one := range chosen {
		at := slices.IndexFunc(c.values, func(v string) bool { return strings.EqualFold(v, strings.TrimSpace(one)) })
		if at < 0 {
			return notAmong(c.values)
		}
		chosen[i] = c.values[at]
	}
	if _, list := c.Value.(pflag.SliceValue); !list && len(chosen) > 1 {
		return notAmong(c.values)
	}
	return c.Value.Set(strings.Join(chosen, ","))
}

// notAmong refuses what is none of the values.
func notAmong(values []string) error {
	last := len(values) - 1
	return fmt.Errorf("it must be %s or %s", strings.Join(values[:last], ", "), values[last])
}

// Bounds makes a number or a duration of a flag be refused that is less than one or more than the other. Without the other, which is
// then 0, there is no most.
func Bounds[T int | time.Duration](cmd *cobra.Command, name string, value *T, least, most T) {
	f := cmd.Flags().Lookup(name)
	replace(f, &bounded[T]{f.Value, value, least, most})
}

// bounded is the value of a flag that has a least, and may have a most.
type bounded[T int | time.Duration] struct {
	pflag.Value
	value       *T
	least, most T
}

// Set implements pflag.Value.
func (b *bounded[T]) Set(text string) error {
	if err := b.Value.Set(text); err != nil {
		return err
	}
	switch v := *b.value; {
	case b.most != 0 && (v < b.least || v > b.most):
		return fmt.Errorf("it must be from %s to %s", measure(b.least), measure(b.most))
	case v < b.least:
		return fmt.Errorf("it must be %s or more", measure(b.least))
	}
	return nil
}

// measure says a number or a duration.
func measure[T int | time.Duration](value T) string {
	if d, ok := any(value).(time.Duration); ok && d%time.Second == 0 {
		return Duration(d)
	}
	return fmt.Sprint(value)
}

// replace gives a flag a value that looks at what it is given, and leaves its help text as it is.
func replace(f *pflag.Flag, value pflag.Value) {
	f.Value = value
	if f.DefValue == "0s" || f.DefValue == "[]" {
		f.DefValue = "0" // which help texts leave out whatever the type
	}
}

// filled refuses what is empty, as a variable of the shell leaves it that is not set: it would stand for nothing, or for everything.
func filled(cmd *cobra.Command, args []string) (err error) {
	if slices.Contains(args, "") {
		return Usage(fmt.Errorf("an argument is empty: give it a value; %s", seeHelp(cmd)))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, several := f.Value.(pflag.SliceValue)
		if f.Value.Type() == "string" && f.Value.String() == "" || several && (len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")) {
			err = Usage(fmt.Errorf("--%s is empty: give it a value, or leave it out; %s", f.Name, seeHelp(cmd)))
		}
	})
	return err
}
