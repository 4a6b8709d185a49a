// Reading of TIFF pages that Leptonica does not know, by libtiff itself.
#ifndef LETHE_LIBTIFF_H
#define LETHE_LIBTIFF_H

#include <leptonica/allheaders.h>

// lethe_read_tiff decodes the page of an index, in tiles or planes, into 24-bit colour on white, as stored, whatever orientation it states. It
// returns NULL on failure, of any part of the page; unsupported then tells whether the compression is one that this build of the library lacks.
PIX *lethe_read_tiff(const l_uint8 *data, size_t size, int index, int *unsupported);

#endif
