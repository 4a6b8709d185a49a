#include "leptonica.h"

#include <stdio.h>
#include <stdlib.h>

void lethe_transparent(PIX *pix, int colour) {
  PIXCMAP *colours = pix ? pixGetColormap(pix) : NULL;
  if (colours && colour < pixcmapGetCount(colours)) pixcmapSetAlpha(colours, colour, 0);
}

// Transparent parts are shown on white, as paper would.
PIX *lethe_plain(PIX *pix) {
  if (!pix) return NULL;
  l_int32 opaque_colours = 1;
  if (pixGetColormap(pix)) pixcmapIsOpaque(pixGetColormap(pix), &opaque_colours);
  PIX *plain = pixRemoveColormap(pix, opaque_colours ? REMOVE_CMAP_BASED_ON_SRC : REMOVE_CMAP_WITH_ALPHA);
  pixDestroy(&pix);
  if (plain && pixGetDepth(plain) == 32 && pixGetSpp(plain) == 4) {
    PIX *opaque = pixAlphaBlendUniform(plain, 0xffffff00);
    pixDestroy(&plain);
    return opaque;
  }
  return plain;
}

static PIX *quarter_then(PIX *pix, PIX *(*flip)(PIX *, PIX *)) {
  PIX *turned = pixRotate90(pix, 1);
  PIX *flipped = turned ? flip(NULL, turned) : NULL;
  pixDestroy(&turned);
  return flipped;
}

// The eight values of the Exif tag Orientation (Exif 2.32, 4.6.4 A).
PIX *lethe_orient(PIX *pix, int exif) {
  switch (exif) {
    case 2: return pixFlipLR(NULL, pix);
    case 3: return pixRotate180(NULL, pix);
    case 4: return pixFlipTB(NULL, pix);
    case 5: return quarter_then(pix, pixFlipLR);
    case 6: return pixRotate90(pix, 1);
    case 7: return quarter_then(pix, pixFlipTB);
    case 8: return pixRotate90(pix, -1);
    default: return pixClone(pix);
  }
}

PIX *lethe_from_grey(const l_uint8 *src, size_t stride, int w, int h) {
  PIX *pix = pixCreateNoInit(w, h, 8);
  if (!pix) return NULL;
  for (int y = 0; y < h; y++) {
    l_uint32 *line = pixGetData(pix) + (size_t)y * pixGetWpl(pix);
    for (int x = 0; x < w; x++) SET_DATA_BYTE(line, x, src[(size_t)y * stride + x]);
  }
  return pix;
}

void lethe_copy_grey(PIX *pix, l_uint8 *dst) {
  l_int32 w = pixGetWidth(pix), h = pixGetHeight(pix);
  for (int y = 0; y < h; y++) {
    l_uint32 *line = pixGetData(pix) + (size_t)y * pixGetWpl(pix);
    for (int x = 0; x < w; x++) *dst++ = GET_DATA_BYTE(line, x);
  }
}

void lethe_copy_rgb(PIX *pix, l_uint8 *dst) {
  l_int32 w = pixGetWidth(pix), h = pixGetHeight(pix);
  for (int y = 0; y < h; y++) {
    l_uint32 *line = pixGetData(pix) + (size_t)y * pixGetWpl(pix);
    for (int x = 0; x < w; x++) {
      *dst++ = line[x] >> L_RED_SHIFT & 0xff;
      *dst++ = line[x] >> L_GREEN_SHIFT & 0xff;
      *dst++ = line[x] >> L_BLUE_SHIFT & 0xff;
    }
  }
}

enum { smallest_letter = 6, largest_letter = 200, largest_speck = 3, enough_letters = 30 };

static PIX *binarised(PIX *grey) {
  PIX *ink = NULL;
  return pixOtsuAdaptiveThreshold(grey, 2000, 2000, 0, 0, 0.1f, NULL, &ink) ? NULL : ink;
}

void lethe_measure_letters(PIX *grey, lethe_letters *found) {
  *found = (lethe_letters){0};
  l_int32 w = pixGetWidth(grey), h = pixGetHeight(grey);
  PIX *sample = NULL;
  if ((double)w * h > 4e6) {  // the middle half of a large page says enough
    BOX *middle = boxCreate(0, h / 4, w, h / 2);
    sample = pixClipRectangle(grey, middle, NULL);
    boxDestroy(&middle);
  } else {
    sample = pixClone(grey);
  }
  BOXA *all = sample ? lethe_ink(sample) : NULL;
  pixDestroy(&sample);
  if (!all) return;
  l_int32 n = boxaGetCount(all), letters = 0, specks = 0;
  l_int32 heights[largest_letter + 1] = {0};
  for (l_int32 i = 0; i < n; i++) {
    l_int32 bw, bh;
    boxaGetBoxGeometry(all, i, NULL, NULL, &bw, &bh);
    if (bw <= largest_speck && bh <= largest_speck) specks++;
    if (bh < smallest_letter || bh > largest_letter || bw > 4 * bh || bw * 8 < bh) continue;
    heights[bh]++;
    letters++;
  }
  boxaDestroy(&all);
  found->pieces = n;
  found->letters = letters;
  if (n > 0) found->specks = (float)specks / (float)n;
  if (letters < enough_letters) return;
  l_int32 below = 0;
  for (int i = 0; i <= largest_letter && !found->height; i++) {
    below += heights[i];
    if (2 * below >= letters) found->height = i;
  }
}

BOXA *lethe_ink(PIX *grey) {
  PIX *ink = binarised(grey);
  BOXA *all = ink ? pixConnCompBB(ink, 8) : NULL;
  pixDestroy(&ink);
  return all;
}

void lethe_boxes(BOXA *boxes, l_int32 *dst) {
  for (l_int32 i = 0, n = boxaGetCount(boxes); i < n; i++, dst += 4) {
    l_int32 x = 0, y = 0, w = 0, h = 0;
    boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
    dst[0] = x, dst[1] = y, dst[2] = x + w, dst[3] = y + h;
  }
}

// Runs of ink in one direction, without those that are as thick as a letter: dark areas and pictures stay.
static PIX *rules(PIX *ink, int width, int height, int thickness) {
  PIX *runs = pixOpenCompBrick(NULL, ink, width, height);
  PIX *thick = runs ? pixOpenCompBrick(NULL, runs, width > 1 ? 1 : thickness, width > 1 ? thickness : 1) : NULL;
  PIX *thin = thick ? pixXor(NULL, runs, thick) : NULL;
  pixDestroy(&runs);
  pixDestroy(&thick);
  return thin;
}

PIX *lethe_without_rules(PIX *grey, int length, int thickness) {
  PIX *ink = binarised(grey);
  PIX *across = ink ? rules(ink, length, 1, thickness) : NULL, *down = ink ? rules(ink, 1, length, thickness) : NULL;
  PIX *without = across && down ? pixCopy(NULL, grey) : NULL;
  if (without) {
    const int edge = 3;  // with the grey pixels beside it
    pixOr(across, across, down);
    pixDilateBrick(across, across, edge, edge);
    if (pixSetMasked(without, across, 255)) pixDestroy(&without);
  }
  pixDestroy(&ink);
  pixDestroy(&across);
  pixDestroy(&down);
  return without;
}

int lethe_whiten(PIX *grey, int x, int y, int w, int h) {
  BOX *box = boxCreate(x, y, w, h);
  int failed = !box || pixSetInRectArbitrary(grey, box, 255);
  boxDestroy(&box);
  return failed;
}
