#include "libtiff.h"

#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// A file in memory.
typedef struct {
  const l_uint8 *data;
  toff_t size, at;
} memory;

static tmsize_t read_memory(thandle_t handle, void *to, tmsize_t n) {
  memory *m = handle;
  if (n <= 0 || m->at >= m->size) return 0;
  if ((toff_t)n > m->size - m->at) n = (tmsize_t)(m->size - m->at);
  memcpy(to, m->data + m->at, (size_t)n);
  m->at += (toff_t)n;
  return n;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t n) { return -1; }

static toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  memory *m = handle;
  if (whence == SEEK_CUR) offset += m->at;
  if (whence == SEEK_END) offset += m->size;
  return m->at = offset;
}

static int close_nothing(thandle_t handle) { return 0; }
static toff_t size_of_memory(thandle_t handle) { return ((memory *)handle)->size; }

static int map_memory(thandle_t handle, void **base, toff_t *size) {
  memory *m = handle;
  *base = (void *)m->data;
  *size = m->size;
  return 1;
}

static void unmap_nothing(thandle_t handle, void *base, toff_t size) {}

// Colours come multiplied by alpha, where the file is honest.
static l_int32 on_white(uint32_t colour, uint32_t pixel) {
  uint32_t shown = colour + 255 - TIFFGetA(pixel);
  return (l_int32)(shown > 255 ? 255 : shown);
}

static PIX *read_page(TIFF *tiff, int *unsupported) {
  uint32_t width = 0, height = 0;
  uint16_t compression = COMPRESSION_NONE;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (!TIFFIsCODECConfigured(compression)) {
    *unsupported = 1;
    return NULL;
  }
  uint16_t planes = PLANARCONFIG_CONTIG;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planes);
  if (!TIFFIsTiled(tiff) && planes != PLANARCONFIG_SEPARATE) return NULL; // Leptonica reads these, so the page is damaged
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); // else the library turns some of them
  uint32_t *raster = calloc((size_t)width * height, sizeof(uint32_t));
  PIX *pix = raster ? pixCreate((l_int32)width, (l_int32)height, 32) : NULL;
  if (pix && !TIFFReadRGBAImageOriented(tiff, width, height, raster, ORIENTATION_TOPLEFT, 1)) pixDestroy(&pix);
  for (uint32_t y = 0; pix && y < height; y++) {
    l_uint32 *line = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
    for (uint32_t x = 0; x < width; x++) {
      uint32_t p = raster[(size_t)y * width + x];
      composeRGBPixel(on_white(TIFFGetR(p), p), on_white(TIFFGetG(p), p), on_white(TIFFGetB(p), p), line + x);
    }
  }
  free(raster);
  return pix;
}

PIX *lethe_read_tiff(const l_uint8 *data, size_t size, int index, int *unsupported) {
  *unsupported = 0;
  TIFFSetErrorHandler(NULL); // what it meets in a document belongs in no log
  TIFFSetWarningHandler(NULL);
  memory file = {data, size, 0};
  TIFF *tiff = TIFFClientOpen("", "r", &file, read_memory, write_nothing, seek_memory, close_nothing, size_of_memory,
                              map_memory, unmap_nothing);
  if (!tiff) return NULL;
  PIX *pix = TIFFSetDirectory(tiff, (tdir_t)index) ? read_page(tiff, unsupported) : NULL;
  TIFFClose(tiff);
  return pix;
}
