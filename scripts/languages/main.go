// Languages copies files of language data into a folder, packed where that is possible, which makes a package smaller:
//
//	languages FOLDER FILE…
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/lethe-ocr/lethe/shared/ocr/traineddata"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: languages FOLDER FILE…")
		os.Exit(2)
	}
	for _, file := range os.Args[2:] {
		if err := pack(os.Args[1], file); err != nil {
			fmt.Fprintln(os.Stderr, "languages:", err)
			os.Exit(1)
		}
	}
}

func pack(folder, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if packed, err := traineddata.Pack(file); err == nil {
		file = packed
	} // else it holds no list of words, such as osd
	return os.WriteFile(filepath.Join(folder, filepath.Base(path)), file, 0o644) // #nosec G306 -- for everybody who runs the program
}
