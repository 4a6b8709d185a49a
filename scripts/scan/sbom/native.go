package sbom

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// implied are the libraries that the compiler adds to every static program.
func implied() []string { return []string{"c", "gcc", "gcc_eh"} }

// nativeLicences are those of the source packages whose libraries are linked in, as their copyright files have them.
func nativeLicences() map[string]string {
	return map[string]string{
		"gcc-12":         "GPL-3.0-or-later WITH GCC-exception-3.1",
		"giflib":         "MIT",
		"glibc":          "LGPL-2.1-or-later",
		"leptonlib":      "BSD-2-Clause",
		"lerc":           "Apache-2.0",
		"libdeflate":     "MIT",
		"libjpeg-turbo":  "IJG AND BSD-3-Clause AND Zlib",
		"libpng1.6":      "libpng-2.0",
		"libwebp":        "BSD-3-Clause",
		"libzstd":        "BSD-3-Clause",
		"openjpeg2":      "BSD-2-Clause",
		"tesseract-lang": "Apache-2.0",
		"tiff":           "libtiff",
		"xz-utils":       "LicenseRef-public-domain",
		"zlib":           "Zlib",
	}
}

var linked = regexp.MustCompile(`(?m)^libraries="([^"]*)"`)

// libraries lists what scripts/package.sh links into the program: each library by the Debian package that it comes from.
func libraries(ctx context.Context, from Sources) ([]Component, error) {
	script, err := os.ReadFile(filepath.Join(from.Root, "scripts", "package.sh"))
	if err != nil {
		return nil, err
	}
	m := linked.FindSubmatch(script)
	if m == nil {
		return nil, errors.New("scripts/package.sh does not tell which libraries it links")
	}
	names := implied()
	for _, flag := range strings.Fields(string(m[1])) {
		if name, ok := strings.CutPrefix(flag, "-l"); ok && name != "pthread" && name != "m" { // parts of libc
			names = append(names, name)
		}
	}
	var all []Component
	for _, name := range names {
		var c Component
		if name == "tesseract" {
			c, err = tesseract(from.Native)
		} else {
			c, err = debian(ctx, "lib"+name+".a")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !slices.ContainsFunc(all, func(o Component) bool { return o.Name == c.Name }) {
			all = append(all, c)
		}
	}
	return all, nil
}

// tesseract reads the stamp that scripts/native.sh leaves beside the library it built.
func tesseract(native string) (Component, error) {
	stamp, err := os.ReadFile(filepath.Join(native, "stamp"))
	if err != nil {
		return Component{}, err
	}
	fields := strings.Fields(string(stamp))
	if len(fields) < 3 {
		return Component{}, errors.New("the stamp of the native library tells no version")
	}
	// The same text as Debian's own package of it has.
	text, err := os.ReadFile("/usr/share/doc/libtesseract-dev/copyright")
	if err != nil {
		return Component{}, err
	}
	return Component{
		Name: "tesseract", Version: fields[1], Kind: Library, Licence: "Apache-2.0",
		PURL: "pkg:generic/tesseract@" + fields[1] + "?checksum=sha256:" + fields[2], SHA256: fields[2],
		Texts: []Text{{"copyright", string(text)}},
	}, nil
}

// debian finds the package that a static library comes from.
func debian(ctx context.Context, library string) (Component, error) {
	path, err := output(ctx, "", "gcc", "-print-file-name="+library)
	if err != nil {
		return Component{}, err
	}
	file, err := filepath.EvalSymlinks(strings.TrimSpace(path))
	if err != nil {
		return Component{}, err
	}
	owner, err := output(ctx, "", "dpkg-query", "-S", file)
	if err != nil {
		return Component{}, err
	}
	pack, _, ok := strings.Cut(owner, ": ")
	if !ok {
		return Component{}, fmt.Errorf("no package owns %s", file)
	}
	return ofPackage(ctx, pack, Library)
}

// ofPackage describes what a Debian package holds.
func ofPackage(ctx context.Context, name string, kind Kind) (Component, error) {
	line, err := output(ctx, "", "dpkg-query", "-W", "-f", "${source:Package} ${source:Version} ${Architecture}", name)
	if err != nil {
		return Component{}, err
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return Component{}, fmt.Errorf("the package %s tells no version", name)
	}
	source, version := fields[0], fields[1]
	short, _, _ := strings.Cut(name, ":")
	c := Component{
		Name: source, Version: version, Kind: kind, Licence: nativeLicences()[source],
		PURL: "pkg:deb/debian/" + source + "@" + strings.NewReplacer(":", "%3A", "+", "%2B").Replace(version) + "?arch=source",
	}
	text, err := os.ReadFile(filepath.Join("/usr/share/doc", short, "copyright"))
	if err != nil {
		return Component{}, err
	}
	c.Texts = []Text{{"copyright", string(text)}}
	return c, nil
}

// languages lists the language data in a folder. A file that its package did not install is told by its digest alone.
func languages(ctx context.Context, folder string) ([]Component, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.traineddata"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is none in %s", folder)
	}
	var all []Component
	for _, file := range files {
		language := strings.TrimSuffix(filepath.Base(file), ".traineddata")
		c, err := ofPackage(ctx, "tesseract-ocr-"+strings.ReplaceAll(language, "_", "-"), Data)
		if err != nil {
			return nil, err
		}
		c.Name = "tessdata " + language
		if c.SHA256, err = Digest(file); err != nil {
			return nil, err
		}
		c.PURL += "#" + filepath.Base(file)
		all = append(all, c)
	}
	return all, nil
}
