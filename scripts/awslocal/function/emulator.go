package function

import (
	"os"
	"path/filepath"
)

// Emulator returns where the Runtime Interface Emulator is: AWS_LAMBDA_RIE names it, else scripts/setup.sh put it into the tools
// of the project in folder root. It is empty if neither has it.
func Emulator(root string) string {
	if path := os.Getenv("AWS_LAMBDA_RIE"); path != "" {
		return path
	}
	path, err := filepath.Abs(filepath.Join(root, ".tools/aws-lambda-rie"))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
