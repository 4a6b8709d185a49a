//go:build linux

package reading

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// orientation returns the Exif tag Orientation of a JPEG, 1 to 8, and 1 if it has none that can be read. The tag is looked
// for where the decoder of package tesseract looks for it, so that text and picture agree.
func orientation(data []byte) int {
	value := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(data),
		ImageFormat: imagemeta.JPEG,
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool {
			return t.Tag == "Orientation" && t.Namespace == "IFD0"
		},
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= 1 && v <= 8 {
				value = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 1
	}
	return value
}
