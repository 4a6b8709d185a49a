package aws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// parses lets the real aws of Debian take every command line that the scripts called, up to the request that it would send, and holds
// what the stand-in answered against AWS's own description of the answer.
func (w *world) parses(t *testing.T) {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's, which has Debian's awscli
	if err := exec.CommandContext(t.Context(), python, "-c", "import awscli.clidriver").Run(); err != nil {
		t.Skip("no awscli of Debian: apt-get install awscli")
	}
	// Files that the scripts name are gone with the scripts.
	empty := w.Path("empty.json")
	w.Must(os.WriteFile(empty, []byte(`{"Objects": [{"Key": "ledger/checkpoint", "VersionId": "null"}]}`), 0o600))
	parameters := w.Path("parameters.json")
	w.Must(os.WriteFile(parameters, []byte(`[{"ParameterKey": "Region", "ParameterValue": "eu-central-1"}, {"ParameterKey": "CodeKey", "UsePreviousValue": true}]`), 0o600))
	var lines strings.Builder
	seen := map[string]bool{}
	for _, c := range w.Calls() {
		if c.Name != "aws" {
			continue
		}
		for i, arg := range c.Args {
			switch {
			case strings.HasSuffix(arg, "/parameters.json"):
				c.Args[i] = "file://" + parameters
			case strings.HasPrefix(arg, "file:///dev/"):
			case strings.HasPrefix(arg, "file://"):
				c.Args[i] = "file://" + empty
			case i > 0 && c.Args[i-1] == "--body":
				c.Args[i] = empty
			}
		}
		line, err := json.Marshal(struct {
			Args   []string        `json:"args"`
			Answer json.RawMessage `json:"answer,omitempty"`
		}{c.Args, answered(c.Answer)})
		w.Must(err)
		if key := shape(c.Args); !seen[key] {
			seen[key] = true
			lines.WriteString(string(line) + "\n")
		}
	}
	if len(seen) < 32 {
		t.Errorf("only %d command lines", len(seen))
	}
	w.Must(os.WriteFile(w.Path("calls"), []byte(lines.String()), 0o600), os.WriteFile(w.Path("stdin"), []byte("PRIVATE+KEY+from+stdin"), 0o600))
	stdin, err := os.Open(w.Path("stdin"))
	w.Must(err)
	cmd := exec.CommandContext(t.Context(), python, "testdata/parse.py", w.Path("calls"))
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + w.Path("aws"), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true", "LC_ALL=C.UTF-8"}
	cmd.Stdin = stdin
	var complaints strings.Builder
	cmd.Stderr = &complaints
	refused, err := cmd.Output()
	if err != nil || len(refused) > 0 {
		t.Errorf("%v\n%s%s", err, refused, complaints.String())
	}
}

// answered is an answer that is an object, or nothing.
func answered(answer json.RawMessage) json.RawMessage {
	if strings.HasPrefix(string(answer), "{") {
		return answer
	}
	return nil
}

// shape is a command line without the values that only differ in their digits.
func shape(args []string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, strings.Join(args, "\x00"))
}
