// Reading of TIFF pages that Leptonica does not know, by libtiff itself.
#ifndef LETHE_LIBTIFF_H
#define LETHE_LIBTIFF_H

#include <leptonica/allheaders.h>
#include <stdint.h>

// What a page has that is not read here.
typedef enum { unsupported_nothing, unsupported_compression, unsupported_pixels } lethe_unsupported;

// lethe_read_tiff decodes the page of an index, in tiles or planes or of another kind that Leptonica lacks, into 24-bit colour on
// white, as stored, whatever orientation it states. It returns NULL on failure, of any part of the page; unsupported then tells
// whether that is for want of something here.
PIX *lethe_read_tiff(const l_uint8 *data, size_t size, uintptr_t fill, int index, lethe_unsupported *unsupported);

// lethe_read_sparse_tiff has Leptonica decode the page of an index of a file of which parts are missing.
PIX *lethe_read_sparse_tiff(const l_uint8 *data, size_t size, uintptr_t fill, int index);

// lethe_fill returns 1 once so many bytes from an offset are there. Go has it.
extern int lethe_fill(uintptr_t fill, uint64_t offset, uint64_t length);

#endif
