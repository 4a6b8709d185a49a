// Package tesseract reads pictures of pages with Tesseract. Its native code runs in confined child processes and nowhere else.
//
// The environment of the process must hold OMP_THREAD_LIMIT=1 from its start: Tesseract's threads make a page several times
// dearer, and the OpenMP runtime reads the variable when it loads.
package tesseract
