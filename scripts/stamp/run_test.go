package stamp_test

import (
	"os/exec"
	"strings"
	"testing"
)

func TestACloudThatThereIsNotIsRefusedByName(t *testing.T) {
	t.Parallel()
	for cloud, want := range map[string]string{
		"gcp": "CLOUD is 'gcp'; expected: azure | aws", "../azure": "CLOUD is '../azure'",
		"aws": "REGION is 'atlantis'; expected: ap-southeast-2 | eu-central-1",
	} {
		cmd := exec.CommandContext(t.Context(), "./run.sh", "deploy")
		cmd.Env = append(cmd.Environ(), "CLOUD="+cloud, "REGION=atlantis")
		said, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(said), want) {
			t.Errorf("%s: %v\n%s", cloud, err, said)
		}
	}
}
