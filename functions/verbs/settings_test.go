package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/request/requesttest"
)

func parse(args ...string) (s request.Settings, err error) {
	cmd := &cobra.Command{}
	SettingsFlags(cmd, &s)
	err = cmd.ParseFlags(args)
	return s, err
}

func TestEverySettingHasAFlag(t *testing.T) {
	t.Parallel()
	for _, f := range request.All() {
		if f.Flag == "" {
			continue // the command line finds it out by itself
		}
		text := requesttest.Example(t, f)
		switch f.Place(&request.Settings{}).(type) {
		case *[]string:
			text = strings.ReplaceAll(text, ",", f.Separator)
		case *request.Seconds:
			text += "s"
		}
		if strings.HasSuffix(f.Flag, "-file") {
			path := filepath.Join(t.TempDir(), "value")
			if err := os.WriteFile(path, []byte(text+"\r\nsecond line"), 0o600); err != nil {
				t.Fatal(err)
			}
			text = path
		}
		got, err := parse("--" + f.Flag + "=" + text)
		if diff := cmp.Diff(requesttest.Only(t, f), got); err != nil || diff != "" {
			t.Errorf("--%s: %v (-want +got):\n%s", f.Flag, err, diff)
		}
		if _, list := f.Place(&got).(*[]string); list {
			continue
		}
		if _, err := parse("--"+f.Flag+"="+text, "--"+f.Flag+"="+text); err == nil {
			t.Errorf("--%s is taken twice", f.Flag)
		}
	}
}

// People join languages with the one sign or the other, and write formats as they please.
func TestFlagsTakeListsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want []string }{
		{[]string{"--lang", "eng,deu"}, []string{"eng", "deu"}},
		{[]string{"--lang", "eng+deu"}, []string{"eng", "deu"}},
		{[]string{"--lang", "chi_sim, Latin+eng", "--lang=eng"}, []string{"chi_sim", "Latin", "eng"}},
		{[]string{"--format", "PDF,Txt", "--format", "pdf"}, []string{"pdf", "txt"}},
	} {
		s, err := parse(c.args...)
		if diff := cmp.Diff(c.want, append(s.Languages, s.Formats...)); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", c.args, err, diff)
		}
	}
}
