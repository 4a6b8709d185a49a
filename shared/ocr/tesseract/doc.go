// Package tesseract finds words in pictures with Tesseract. Its native code runs in confined child processes and nowhere else.
//
// The environment of the process must contain OMP_THREAD_LIMIT=1 from its start: with Tesseract's threads a page costs several
// times as much processor time, and the OpenMP runtime reads the variable when it loads.
package tesseract
