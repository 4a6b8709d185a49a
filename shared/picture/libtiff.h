// Reading of TIFF pages that Leptonica does not know, by libtiff itself.
#ifndef LETHE_LIBTIFF_H
#define LETHE_LIBTIFF_H

#include <leptonica/allheaders.h>

// What a page has that is not read here.
typedef enum { unsupported_nothing, unsupported_compression, unsupported_pixels } lethe_unsupported;

// lethe_read_tiff decodes the page of an index, in tiles or planes or of another kind that Leptonica lacks, into 24-bit colour on
// white, as stored, whatever orientation it states. It returns NULL on failure, of any part of the page; unsupported then tells
// whether that is for want of something here.
PIX *lethe_read_tiff(const l_uint8 *data, size_t size, int index, lethe_unsupported *unsupported);

#endif
