package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/ocr/language/naming"
	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

// languagesVerb tells which languages there are on this machine, and how others come.
type languagesVerb struct {
	jsonOut bool
	folder  traineddata.Folder
	problem error // why there is no folder that can be used
}

// languageState is a language as the verb tells it.
type languageState struct {
	Code      string `json:"code"`
	Name      string `json:"name,omitempty"` // in English
	Tag       string `json:"tag,omitempty"`  // BCP 47
	Installed bool   `json:"installed"`
	Bytes     int64  `json:"bytes,omitempty"`
	Problem   string `json:"problem,omitempty"`
	Package   string `json:"debian_package,omitempty"`
}

// languagesView is what the verb prints as JSON.
type languagesView struct {
	Folder    string          `json:"folder,omitempty"`
	Problem   string          `json:"problem,omitempty"`
	Languages []languageState `json:"languages"`
}

func newLanguages() *cobra.Command {
	v := &languagesVerb{}
	cmd := &cobra.Command{
		Use:   "languages [LANGUAGE…]",
		Short: "List the languages of this machine, or say how others come",
		Long: `List the languages that documents can be read in on this machine, with the file of each that cannot be used and why. With
languages, by code or by name, say of each whether it is installed and how to install it, on a machine and for a cloud.
A server tells its own languages in the answer to GET /v1/capabilities; "lethe help languages" lists all that there are.`,
		Example: `  lethe languages
  lethe languages hebrew jpn
  lethe languages --json | jq -r '.languages[].code'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := config.Load()
			if err != nil {
				return err
			}
			v.folder, v.problem = languageData(set)
			asked, err := v.named(args)
			if err != nil {
				return verbs.Usage(err)
			}
			return v.tell(cmd.OutOrStdout(), asked)
		},
	}
	cmd.Flags().BoolVar(&v.jsonOut, "json", false, "print JSON")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return verbs.LanguageCodes(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// named returns the codes of languages that are called by code or by name.
func (v *languagesVerb) named(called []string) ([]string, error) {
	var codes []string
	for _, name := range language.Codes(called) {
		found := naming.Codes(name)
		if len(found) == 0 && language.Tag(name) != "" || v.state(name).Installed {
			found = []string{name}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no language %q; \"lethe help languages\" lists them", name)
		}
		codes = append(codes, found...)
	}
	return codes, nil
}

func (v *languagesVerb) tell(w io.Writer, asked []string) error {
	if v.jsonOut {
		return v.tellJSON(w, asked)
	}
	if len(asked) > 0 {
		return v.tellAsked(w, asked)
	}
	if v.problem != nil {
		return v.problem
	}
	fmt.Fprintf(w, "Language data is in %s:\n\n", v.folder.Path)
	table := verbs.NewTable(w, "code", "language", "size")
	for _, s := range v.installed() {
		table.Row(s.Code, s.Name, fmt.Sprintf("%.1f MB", float64(s.Bytes)/1e6))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if !slices.Contains(v.folder.Usable(), traineddata.Orientation) {
		fmt.Fprintf(w, "\nThe model %s is missing, so pages that lie on their side or upside down are not turned: install %s.\n",
			traineddata.Orientation, language.DebianPackage(traineddata.Orientation))
	}
	for _, p := range v.folder.Problems() {
		fmt.Fprintf(w, "\nNot usable: %s.\n", verbs.Printable(p.Error()))
	}
	_, err := fmt.Fprintln(w, "\n\"lethe languages NAME\" says how another one is installed.")
	return err
}

// installed lists the languages that can be used.
func (v *languagesVerb) installed() []languageState {
	var all []languageState
	for _, m := range v.folder.Models {
		if m.Problem == nil && m.Name != traineddata.Orientation {
			all = append(all, v.state(m.Name))
		}
	}
	return all
}

func (v *languagesVerb) state(code string) languageState {
	s := languageState{Code: code, Name: naming.Name(code), Tag: language.Tag(code), Package: language.DebianPackage(code)}
	for _, m := range v.folder.Models {
		switch {
		case m.Name != code:
		case m.Problem != nil:
			s.Problem = m.Problem.Error()
		default:
			s.Installed, s.Bytes = true, m.Size
		}
	}
	return s
}

func (v *languagesVerb) tellJSON(w io.Writer, asked []string) error {
	view := languagesView{Folder: v.folder.Path, Languages: []languageState{}}
	problems := v.folder.Problems()
	if v.problem != nil {
		problems = append(problems, v.problem)
	}
	if err := errors.Join(problems...); err != nil {
		view.Problem = err.Error()
	}
	for _, code := range asked {
		view.Languages = append(view.Languages, v.state(code))
	}
	if len(asked) == 0 {
		view.Languages = append(view.Languages, v.installed()...)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(view)
}

// tellAsked says of each language whether it is there, and once how those come that are not.
func (v *languagesVerb) tellAsked(w io.Writer, asked []string) error {
	var missing, packages []string
	table := verbs.NewTable(w, "code", "language", "installed")
	for _, code := range asked {
		s := v.state(code)
		there := "yes"
		if !s.Installed {
			there = "no"
			missing = append(missing, code)
			packages = append(packages, s.Package)
		}
		if s.Problem != "" {
			there = "not usable: " + s.Problem
		}
		table.Row(code, s.Name, there)
	}
	if err := table.Flush(); err != nil || len(missing) == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "\n"+verbs.HowToInstall(), strings.Join(packages, " "), missing[0], strings.Join(missing, " "))
	return err
}
