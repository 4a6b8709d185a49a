package sbom

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// Release names what the components make up.
type Release struct {
	Version string
	SHA256  string    // of the program
	Built   time.Time // when the list was made
}

// WriteCycloneDX writes a bill of materials in the JSON form of CycloneDX (ECMA-424).
func WriteCycloneDX(w io.Writer, of Release, all []Component) error {
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: of.Built.UTC().Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef: "lethe", Type: cyclonedx.ComponentTypeApplication, Name: "lethe", Version: of.Version,
			Licenses: &cyclonedx.Licenses{{Expression: "Apache-2.0"}},
			Hashes:   hashes(of.SHA256),
		},
	}
	var (
		components []cyclonedx.Component
		refs       []string
	)
	for _, c := range all {
		one := cyclonedx.Component{
			BOMRef: c.PURL, Type: cyclonedx.ComponentTypeLibrary, Name: c.Name, Version: c.Version, PackageURL: c.PURL,
			Scope: cyclonedx.ScopeRequired, Hashes: hashes(c.SHA256),
		}
		if c.Kind == Data {
			one.Type = cyclonedx.ComponentTypeData
		}
		if c.Licence != "" {
			one.Licenses = &cyclonedx.Licenses{{Expression: c.Licence}}
		}
		components, refs = append(components, one), append(refs, c.PURL)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: "lethe", Dependencies: &refs}}
	return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
}

func hashes(sha256 string) *[]cyclonedx.Hash {
	if sha256 == "" {
		return nil
	}
	return &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sha256}}
}

// WriteLicences writes the list of licences and, below it, the texts that they ask to be passed on.
func WriteLicences(w io.Writer, of Release, all []Component) error {
	var b strings.Builder
	fmt.Fprintf(&b, "What Lethe %s is made of, and under which licences. Lethe itself: Apache-2.0.\n\n", of.Version)
	for _, c := range all {
		fmt.Fprintf(&b, "%-14s  %-62s  %-40s  %s\n", c.Kind, c.Name, c.Version, c.Licence)
	}
	for _, c := range all {
		for _, t := range c.Texts {
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n\n%s\n", strings.Repeat("=", 100), c.Name, c.Version, t.Name, strings.TrimSpace(t.Content))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// free are the licences that ask for nothing but their text to be passed on, whatever a component is linked into.
func free() []string {
	return []string{
		"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "IJG", "ISC", "LicenseRef-public-domain", "MIT", "Unlicense", "Zlib",
		"libpng-2.0", "libtiff", "GPL-3.0-or-later WITH GCC-exception-3.1",
	}
}

// Unfree lists the licences of a component that ask for more, or says that none is known.
func (c Component) Unfree() []string {
	if c.Licence == "" {
		return []string{"unknown"}
	}
	return slices.DeleteFunc(strings.Split(c.Licence, " AND "), func(l string) bool { return slices.Contains(free(), l) })
}
