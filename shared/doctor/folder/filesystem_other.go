//go:build !linux

package folder

import "errors"

// fileSystem names the file system of a folder, on Linux.
func fileSystem(string) (string, error) { return "", errors.ErrUnsupported }
