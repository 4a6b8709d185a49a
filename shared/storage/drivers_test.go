package storage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A driver that no suite tries might keep what it was to erase.
func TestEveryDriverRunsBothSuites(t *testing.T) {
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	drivers := 0
	for _, entry := range folders {
		folder := entry.Name()
		if !entry.IsDir() || strings.HasSuffix(folder, "test") || folder == "interleave" || folder == "dueindex" {
			continue // of the suites, of the orders in which calls can happen, and of what drivers share
		}
		drivers++
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var tests strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
		for _, suite := range []string{"storagetest.Run(t", "erasuretest.Run(t"} {
			if !strings.Contains(tests.String(), suite) {
				t.Errorf("no test of the driver %s calls %s", folder, suite)
			}
		}
	}
	if drivers == 0 {
		t.Error("there is no driver")
	}
}
