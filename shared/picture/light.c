#include "light.h"

#include <stdlib.h>

enum { white = 245, unit = 256 };

PIX *lethe_even(PIX *grey, const l_uint8 *paper, int w, int h, int darkest) {
  int width = pixGetWidth(grey), height = pixGetHeight(grey);
  PIX *even = pixCopy(NULL, grey);
  int *row = malloc((size_t)w * sizeof *row); // brightness of the paper along a row, in units
  if (!even || !row) {
    pixDestroy(&even);
    free(row);
    return NULL;
  }
  for (int y = 0; y < height; y++) {
    long long at = ((2LL * y + 1) * h * unit / height - unit) / 2;
    at = at < 0 ? 0 : at;
    int y0 = (int)(at / unit), part = (int)(at % unit), y1 = y0 + 1 < h ? y0 + 1 : y0;
    for (int i = 0; i < w; i++) row[i] = paper[(size_t)y0 * w + i] * (unit - part) + paper[(size_t)y1 * w + i] * part;
    l_uint32 *line = pixGetData(even) + (size_t)y * pixGetWpl(even);
    for (int x = 0; x < width; x++) {
      long long ax = ((2LL * x + 1) * w * unit / width - unit) / 2;
      ax = ax < 0 ? 0 : ax;
      int x0 = (int)(ax / unit), px = (int)(ax % unit), x1 = x0 + 1 < w ? x0 + 1 : x0;
      long long here = ((long long)row[x0] * (unit - px) + (long long)row[x1] * px) / unit;
      if (here < darkest * unit) here = darkest * unit;
      long long v = (long long)GET_DATA_BYTE(line, x) * white * unit / here;
      SET_DATA_BYTE(line, x, v > 255 ? 255 : v);
    }
  }
  free(row);
  return even;
}
