// For fopencookie.
#define _GNU_SOURCE
#include "libtiff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

// A file in memory.
typedef struct {
  const l_uint8 *data;
  toff_t size, at;
  uintptr_t fill; // 0 if no part is missing
} memory;

static tmsize_t read_memory(thandle_t handle, void *to, tmsize_t n) {
  memory *m = handle;
  if (n <= 0 || m->at >= m->size) return 0;
  if ((toff_t)n > m->size - m->at) n = (tmsize_t)(m->size - m->at);
  if (m->fill && !lethe_fill(m->fill, m->at, (uint64_t)n)) return -1;
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
  if (m->fill) return 0; // it is read instead
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

static uint16_t short_field(TIFF *tiff, uint32_t tag, uint16_t otherwise) {
  TIFFGetFieldDefaulted(tiff, tag, &otherwise);
  return otherwise;
}

// Where the program is linked without JBIG, whose library is under the GPL, what stands in for it defines this.
extern const int lethe_without_jbig __attribute__((weak));

static int can_decompress(TIFF *tiff) {
  uint16_t compression = short_field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  if (compression == COMPRESSION_JBIG && &lethe_without_jbig) return 0;
  return TIFFIsCODECConfigured(compression);
}

// Leptonica reads these, so a page that it does not read is damaged.
static int is_plain(TIFF *tiff, uint16_t samples) {
  uint16_t bits = short_field(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  if (TIFFIsTiled(tiff) || short_field(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE) return 0;
  if (short_field(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE) == COMPRESSION_JBIG) return 0; // has no rows
  if (short_field(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) != SAMPLEFORMAT_UINT) return 0;
  switch (samples) {
    case 1:
      if (short_field(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE) == PHOTOMETRIC_PALETTE && bits > 8) return 0;
      return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
    case 2: return bits == 8;
    case 3:
    case 4: return bits == 8 || bits == 16;
    default: return 0;
  }
}

// Says whether the library can make colours of the pixels, which it begins to.
static int has_colours(TIFF *tiff) {
  char why[1024];
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, tiff, 1, why)) return 0;
  TIFFRGBAImageEnd(&image);
  return 1;
}

static PIX *read_page(TIFF *tiff, lethe_unsupported *unsupported) {
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (!can_decompress(tiff)) {
    *unsupported = unsupported_compression;
    return NULL;
  }
  uint16_t samples = short_field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  int plain = is_plain(tiff, samples);
  if (!(plain && samples == 1) && !has_colours(tiff)) *unsupported = unsupported_pixels;
  if (plain || *unsupported) return NULL;
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

PIX *lethe_read_tiff(const l_uint8 *data, size_t size, uintptr_t fill, int index, lethe_unsupported *unsupported) {
  *unsupported = unsupported_nothing;
  TIFFSetErrorHandler(NULL); // what it meets in a document belongs in no log
  TIFFSetWarningHandler(NULL);
  memory file = {data, size, 0, fill};
  TIFF *tiff = TIFFClientOpen("", "r", &file, read_memory, write_nothing, seek_memory, close_nothing, size_of_memory,
                              map_memory, unmap_nothing);
  if (!tiff) return NULL;
  PIX *pix = TIFFSetDirectory(tiff, (tdir_t)index) ? read_page(tiff, unsupported) : NULL;
  TIFFClose(tiff);
  return pix;
}

static ssize_t read_stream(void *handle, char *to, size_t n) { return (ssize_t)read_memory(handle, to, (tmsize_t)n); }

static int seek_stream(void *handle, off64_t *at, int whence) {
  memory *m = handle;
  off64_t to = *at;
  if (whence == SEEK_CUR) to += (off64_t)m->at;
  if (whence == SEEK_END) to += (off64_t)m->size;
  if (to < 0) return -1;
  m->at = (toff_t)to;
  *at = to;
  return 0;
}

PIX *lethe_read_sparse_tiff(const l_uint8 *data, size_t size, uintptr_t fill, int index) {
  memory file = {data, size, 0, fill};
  cookie_io_functions_t calls = {.read = read_stream, .seek = seek_stream};
  FILE *stream = fopencookie(&file, "r", calls);
  if (!stream) return NULL;
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  PIX *pix = pixReadStreamTiff(stream, index);
  fclose(stream);
  return pix;
}
