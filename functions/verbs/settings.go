package verbs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/request"
)

// SettingsFlags gives a verb a flag for each setting of a task, or only for those named. What the settings hold are the
// defaults. A flag of a list may be repeated, the others may not: the last one would count and the rest be dropped.
func SettingsFlags(cmd *cobra.Command, s *request.Settings, only ...string) {
	for _, setting := range request.All() {
		if setting.Flag == "" || len(only) > 0 && !slices.Contains(only, setting.Name) {
			continue
		}
		value := &settingFlag{setting: setting, settings: s}
		f := cmd.Flags().VarPF(value, setting.Flag, "", setting.Usage)
		if value.Type() == "bool" {
			f.NoOptDefVal = "true"
		}
		if values := completions(setting); len(values) > 0 {
			Complete(cmd, setting.Flag, values)
		}
		if value.Type() != "strings" {
			Once(cmd, setting.Flag)
		}
	}
}

// serverLanguages says in the help of a verb that the server chooses where no language is named.
func serverLanguages(cmd *cobra.Command) {
	cmd.Flags().Lookup("lang").Usage += "; without it the first that the application is limited to, or eng"
}

// settingFlag is the flag of one setting. It implements pflag.Value.
type settingFlag struct {
	setting  request.Setting
	settings *request.Settings
	given    bool
	text     string // as it was given
}

// Type is what help texts call the value.
func (f *settingFlag) Type() string {
	switch f.setting.Place(f.settings).(type) {
	case *[]string:
		return "strings"
	case *request.Seconds:
		return "duration"
	case **bool:
		return "bool"
	case *request.Percent:
		return "number"
	default:
		return "string"
	}
}

// String is what was given or, in help texts, the default. No setting but a list has one: the server's holds.
func (f *settingFlag) String() string {
	if f.settings == nil { // as the library makes one to compare with
		return ""
	}
	if list, ok := f.setting.Place(f.settings).(*[]string); ok {
		return strings.Join(*list, f.setting.Separator)
	}
	return f.text
}

// Set takes the text of a flag.
func (f *settingFlag) Set(text string) error {
	f.text = text
	if f.setting.AnyCase {
		text = strings.ToLower(text)
	}
	switch place := f.setting.Place(f.settings).(type) {
	case *[]string:
		list := values(text)
		if f.setting.Name == "languages" {
			list = language.Codes(list)
		}
		closed := valuesOf(f.setting)
		if i := slices.IndexFunc(list, func(v string) bool { return v != "" && len(closed) > 0 && !slices.Contains(closed, v) }); i >= 0 {
			return fmt.Errorf("there is no %q: %w", list[i], notAmong(closed))
		}
		return f.add(place, list)
	case *request.Seconds:
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second || d%time.Second != 0 {
			return errors.New("it must be whole seconds, such as 90s or 1h")
		}
		text = strconv.Itoa(int(d / time.Second))
	case **bool:
		if _, err := strconv.ParseBool(text); err != nil {
			return errors.New("it must be true or false")
		}
	}
	if strings.HasSuffix(f.setting.Flag, "-file") {
		var err error
		if text, err = firstLine(text); err != nil {
			return File(err)
		}
		if text == "" {
			return errors.New("the first line of the file is empty")
		}
	}
	if closed := valuesOf(f.setting); len(closed) > 0 && !slices.Contains(closed, text) {
		return notAmong(closed)
	}
	if err := f.setting.Parse(f.settings, text); err != nil {
		return err
	}
	return f.setting.Check(*f.settings)
}

// values takes a list apart: people join names with the one sign or with the other.
func values(text string) []string {
	list := strings.Split(strings.ReplaceAll(text, "+", ","), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// add puts values into a list, each once.
func (f *settingFlag) add(list *[]string, values []string) error {
	if slices.Contains(values, "") {
		return fmt.Errorf("a name is missing: give one, or several with %s between them", f.setting.Separator)
	}
	if !f.given {
		f.given, *list = true, nil
	}
	for _, v := range values {
		if !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	return nil
}
