package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
)

// Kept are settings that a server leaves in its data folder, by the name of their variable without LETHE_. Values are JSON;
// durations are in nanoseconds.
type Kept map[string]json.RawMessage

// kept is the tag of fields that decide what becomes of documents. Verbs beside a server must decide as it does.
const kept = "kept"

// Keep returns the settings that verbs beside a server with these settings must use too.
func (s Settings) Keep() (Kept, error) {
	all := Kept{}
	err := eachKept(&s, func(name string, field reflect.Value) error {
		text, err := json.Marshal(field.Interface())
		all[name] = text
		return err
	})
	return all, err
}

// Adopt replaces settings by those that a server left. It returns the variables of the environment that say otherwise and so do
// not count. It belongs in an override of Load, which validates the whole. What a server of another version does not know stays as it is.
func (s *Settings) Adopt(left Kept) (overruled []string, err error) {
	err = eachKept(s, func(name string, field reflect.Value) error {
		text, ok := left[name]
		if !ok {
			return nil
		}
		theirs := reflect.New(field.Type())
		if err := json.Unmarshal(text, theirs.Interface()); err != nil {
			return fmt.Errorf("%s is not readable", variable(name))
		}
		if _, set := os.LookupEnv(variable(name)); set && !theirs.Elem().Equal(field) {
			overruled = append(overruled, variable(name))
		}
		field.Set(theirs.Elem())
		return nil
	})
	return overruled, err
}

// eachKept calls visit for every field that is kept.
func eachKept(s *Settings, visit func(name string, field reflect.Value) error) error {
	var errs []error
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag; tag.Get(kept) != "" {
			errs = append(errs, visit(tag.Get("envconfig"), v.Field(i)))
		}
	}
	return errors.Join(errs...)
}
