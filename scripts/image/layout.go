package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// made is what was written.
type made struct {
	layout, archive string
	digest          v1.Hash // of the image in the layout
	size            int64   // of the archive, in bytes
}

// Media types for which the library has no names.
const (
	cycloneDX types.MediaType = "application/vnd.cyclonedx+json"
	nothing   types.MediaType = "application/vnd.oci.empty.v1+json"
)

// write writes the layout, with the list of what the image is made of attached, and the archive, which is for daemons and has the
// image alone.
func write(img v1.Image, from source, output string) (made, error) {
	m := made{layout: filepath.Join(output, "image"), archive: filepath.Join(output, "lethe-image.tar")}
	image, err := partial.Descriptor(img)
	if err != nil {
		return m, fmt.Errorf("describe the image: %w", err)
	}
	m.digest = image.Digest
	if err := os.RemoveAll(m.layout); err != nil {
		return m, err
	}
	to, err := layout.Write(m.layout, empty.Index)
	if err != nil {
		return m, fmt.Errorf("begin the layout: %w", err)
	}
	if err := to.AppendImage(img, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": from.Version})); err != nil {
		return m, fmt.Errorf("write the image: %w", err)
	}
	if err := attach(to, *image, from); err != nil {
		return m, fmt.Errorf("attach what the image is made of: %w", err)
	}
	tag, err := name.NewTag("lethe:" + from.Version)
	if err != nil {
		return m, err
	}
	if err := tarball.WriteToFile(m.archive, tag, img); err != nil {
		return m, fmt.Errorf("write the archive: %w", err)
	}
	info, err := os.Stat(m.archive)
	if err != nil {
		return m, err
	}
	m.size = info.Size()
	return m, nil
}

// attachment is the manifest of something that is attached to an image. The library's has no field for what it is.
type attachment struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     types.MediaType   `json:"mediaType"`
	ArtifactType  types.MediaType   `json:"artifactType"`
	Config        v1.Descriptor     `json:"config"`
	Layers        []v1.Descriptor   `json:"layers"`
	Subject       v1.Descriptor     `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
}

// attach adds the list of what an image is made of as an attachment, whose subject is the image.
func attach(to layout.Path, image v1.Descriptor, from source) error {
	list, err := os.ReadFile(filepath.Join(from.Bill, "sbom.cdx.json"))
	if err != nil {
		return err
	}
	layer, err := blob(to, cycloneDX, list)
	if err != nil {
		return err
	}
	none, err := blob(to, nothing, []byte("{}"))
	if err != nil {
		return err
	}
	layer.Annotations = map[string]string{"org.opencontainers.image.title": "sbom.cdx.json"}
	text, err := json.Marshal(attachment{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: cycloneDX, Config: none, Layers: []v1.Descriptor{layer},
		Subject:     v1.Descriptor{MediaType: image.MediaType, Digest: image.Digest, Size: image.Size},
		Annotations: map[string]string{"org.opencontainers.image.created": labels(from)["org.opencontainers.image.created"]},
	})
	if err != nil {
		return err
	}
	manifest, err := blob(to, types.OCIManifestSchema1, text)
	if err != nil {
		return err
	}
	manifest.ArtifactType = string(cycloneDX)
	return to.AppendDescriptor(manifest)
}

// blob writes a blob of the layout and describes it.
func blob(to layout.Path, kind types.MediaType, content []byte) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		return v1.Descriptor{}, err
	}
	err = to.WriteBlob(digest, io.NopCloser(bytes.NewReader(content)))
	return v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, err
}
