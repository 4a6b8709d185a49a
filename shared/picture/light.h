// Evening out the light of a page.
#ifndef LETHE_LIGHT_H
#define LETHE_LIGHT_H

#include <leptonica/allheaders.h>

// lethe_even returns a copy of an 8-bit grey picture divided by the brightness of its paper, which is given at w by h places
// spread evenly over it, and counts as darkest at least. It returns NULL on failure.
PIX *lethe_even(PIX *grey, const l_uint8 *paper, int w, int h, int darkest);

#endif
