//go:build cgo

package reading

import (
	"image"
	"math"

	"github.com/lethe-ocr/lethe/shared/picture"
)

// sheet is a page as the engine is shown it.
type sheet struct {
	square  *picture.Image // grey, of square pixels, the way up in which it came
	joined  *picture.Image // the same picture where its dots were joined, else nil
	letters picture.Letters
	stated  int     // pixels an inch that the file states; 0 for none
	stretch float64 // of the square picture against what is stated

	shown *picture.Image     // at the size that is read first
	scale float64            // of it
	found *[]image.Rectangle // ink in it; nil while nobody asked
}

// ink returns the extent of each piece of ink in the picture that is read first.
func (s *sheet) ink() ([]image.Rectangle, error) {
	if s.found == nil {
		ink, err := s.shown.Ink()
		if err != nil {
			return nil, err
		}
		s.found = &ink
	}
	return *s.found, nil
}

// newSheet brings a grey picture of square pixels, which stays the caller's, to the size that is read first.
func newSheet(square *picture.Image, stated int, stretch float64) (*sheet, error) {
	s := &sheet{square: square, letters: square.Letters(), stated: stated, stretch: stretch}
	if err := s.joinDots(); err != nil {
		return nil, err
	}
	s.scale = fit(s.letters, float64(square.Width()), float64(square.Height()))
	shown, err := s.square.Scale(s.scale, s.scale)
	if err != nil {
		s.close()
		return nil, err
	}
	s.shown = s.sized(shown, s.scale)
	return s, nil
}

func (s *sheet) close() {
	for _, im := range []*picture.Image{s.shown, s.joined} {
		if im != nil {
			im.Close()
		}
	}
}

// joinDots joins the dots of a picture without letters where that makes letters of them: the print of matrix printers, of
// which an engine sees nothing. Specks of dirt lie too irregularly for most of what they make to look like letters.
func (s *sheet) joinDots() error {
	const (
		fewest    = 300 // pieces of ink: thirty letters of ten dots
		widest    = 9   // pixels between dots
		dots      = 4   // of a letter, in the mean
		lettering = 0.5 // of the pieces that joined dots make look like letters
	)
	if s.letters.Height > 0 || s.letters.Pieces < fewest {
		return nil
	}
	for gap := 3; gap <= widest; gap += 2 {
		joined, err := s.square.Joined(gap)
		if err != nil {
			return err
		}
		l := joined.Letters()
		if l.Height > 0 && dots*l.Pieces <= s.letters.Pieces && float64(l.Count) >= lettering*float64(l.Pieces) {
			s.square, s.joined, s.letters = joined, joined, l
			return nil
		}
		joined.Close()
	}
	return nil
}

// sized states the resolution of a picture that is so many times as large as the square one.
func (s *sheet) sized(im *picture.Image, scale float64) *picture.Image {
	im.SetDPI(resolution(s.stated, s.stretch*scale))
	return im
}

// letter is the height of letters in the picture that is read first, or that of the best size where it is not known.
func (s *sheet) letter() float64 {
	if s.letters.Height == 0 {
		return letterHeight
	}
	return float64(s.letters.Height) * s.scale
}

// upright returns the picture that is read first, turned clockwise.
func (s *sheet) upright(angle int) (*picture.Image, error) {
	im, err := s.shown.Turn(angle)
	if err != nil {
		return nil, err
	}
	return s.sized(im, s.scale), nil
}

// gray copies the page at its own size, turned clockwise.
func (s *sheet) gray(angle int) (*image.Gray, error) {
	if angle == 0 {
		return grayOf(s.square)
	}
	im, err := s.square.Turn(angle)
	if err != nil {
		return nil, err
	}
	defer im.Close()
	return grayOf(im)
}

// unruled returns it without ruled lines, turned clockwise, and that it is once as large.
func (s *sheet) unruled(angle int) (*picture.Image, float64, error) {
	upright, err := s.shown.Turn(angle)
	if err != nil {
		return nil, 0, err
	}
	defer upright.Close()
	im, err := withoutRules(upright, s.letter())
	if err != nil {
		return nil, 0, err
	}
	return s.sized(im, s.scale), 1, nil
}

// blurred returns a blurred copy without ruled lines, turned clockwise, and how many times as large as the picture that is read
// first it is. Its letters are larger, and its size is that even where the page is noisy.
func (s *sheet) blurred(angle int) (*picture.Image, float64, error) {
	soft, err := s.square.Blurred()
	if err != nil {
		return nil, 0, err
	}
	defer soft.Close()
	width, height := float64(s.square.Width()), float64(s.square.Height())
	scale := 1.0
	if s.letters.Height > 0 {
		scale = min(blurredHeight/float64(s.letters.Height), mostScale)
	}
	if scale > 1 {
		scale = max(1, min(scale, math.Sqrt(mostPixels/(width*height))))
	}
	scale = min(scale, mostSide/max(width, height))
	sized, err := soft.Scale(scale, scale)
	if err != nil {
		return nil, 0, err
	}
	defer sized.Close()
	upright, err := sized.Turn(angle)
	if err != nil {
		return nil, 0, err
	}
	defer upright.Close()
	larger := scale / s.scale
	im, err := withoutRules(upright, s.letter()*larger)
	if err != nil {
		return nil, 0, err
	}
	return s.sized(im, scale), larger, nil
}

// withoutRules removes the ruled lines of a picture with letters of a height in pixels.
func withoutRules(im *picture.Image, letter float64) (*picture.Image, error) {
	const longest = 5 // heights: no stroke of a letter is as long
	return im.WithoutRules(int(longest*letter), int(letter/2)+1)
}

// bounds is the whole of a picture.
func bounds(im *picture.Image) image.Rectangle { return image.Rect(0, 0, im.Width(), im.Height()) }
