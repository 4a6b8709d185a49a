// Calls into Leptonica that need more than one C expression. Everything returns NULL or non-zero on failure.
#ifndef LETHE_LEPTONICA_H
#define LETHE_LEPTONICA_H

#include <leptonica/allheaders.h>

// Letter statistics of a page.
typedef struct {
  int height;   // median height of components that look like letters, pixels; 0 if there are too few
  float specks; // share of specks among all components: how noisy the page is
  int pieces;   // components
  int letters;  // those that look like letters
} lethe_letters;

void lethe_transparent(PIX *pix, int colour); // of the colour map; pix may be NULL
PIX *lethe_plain(PIX *pix); // owns pix; without colour map and alpha
PIX *lethe_orient(PIX *pix, int exif);
PIX *lethe_from_grey(const l_uint8 *src, size_t stride, int w, int h);
void lethe_copy_grey(PIX *pix, l_uint8 *dst);
void lethe_copy_rgb(PIX *pix, l_uint8 *dst);
void lethe_measure_letters(PIX *grey, lethe_letters *found);
BOXA *lethe_ink(PIX *grey); // of each connected component
void lethe_boxes(BOXA *boxes, l_int32 *dst); // left, top, right and bottom of each
PIX *lethe_without_rules(PIX *grey, int length, int thickness);
int lethe_whiten(PIX *grey, int x, int y, int w, int h);

#endif
