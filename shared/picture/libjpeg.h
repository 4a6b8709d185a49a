// Reading of JPEGs of four inks as they are meant, by libjpeg itself.
#ifndef LETHE_LIBJPEG_H
#define LETHE_LIBJPEG_H

#include <leptonica/allheaders.h>

// lethe_read_inks decodes a JPEG of cyan, magenta, yellow and black without the mark of Adobe's programs, which store the
// opposite and are all that Leptonica knows. It returns NULL on failure.
PIX *lethe_read_inks(const l_uint8 *data, size_t size);

#endif
