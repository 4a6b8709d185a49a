// Package gosseract finds words in pictures with the client of the same name for Tesseract: another way to the same library, which
// shared/ocr/tesseract is compared with, and which a server can be told to use. It costs more, since pictures are encoded
// for it, and since a page whose characters are asked for is recognised twice; it cannot be stopped, keeps memory of every page,
// and knows neither baselines, sizes, blocks nor alternatives.
package gosseract
