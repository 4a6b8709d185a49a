#include "libjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf out;
} failure;

static void fail(j_common_ptr info) { longjmp(((failure *)info->err)->out, 1); }
static void say_nothing(j_common_ptr info, int level) {} // what it meets in a document belongs in no log

PIX *lethe_read_inks(const l_uint8 *data, size_t size) {
  struct jpeg_decompress_struct info;
  failure failed;
  PIX *volatile pix = NULL;
  JSAMPLE *volatile row = NULL;
  info.err = jpeg_std_error(&failed.manager);
  failed.manager.error_exit = fail;
  failed.manager.emit_message = say_nothing;
  jpeg_create_decompress(&info);
  if (setjmp(failed.out)) {
    PIX *half = pix;
    pixDestroy(&half);
    free(row);
    jpeg_destroy_decompress(&info);
    return NULL;
  }
  jpeg_mem_src(&info, data, size);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_CMYK;
  jpeg_start_decompress(&info);
  pix = pixCreate((l_int32)info.output_width, (l_int32)info.output_height, 32);
  row = malloc((size_t)info.output_width * 4);
  if (!pix || !row) fail((j_common_ptr)&info);
  while (info.output_scanline < info.output_height) {
    l_uint32 *line = pixGetData(pix) + (size_t)info.output_scanline * (size_t)pixGetWpl(pix);
    JSAMPROW to = row;
    jpeg_read_scanlines(&info, &to, 1);
    for (JDIMENSION x = 0; x < info.output_width; x++) {
      const JSAMPLE *ink = row + 4 * (size_t)x;
      int bare = 255 - ink[3];
      composeRGBPixel((255 - ink[0]) * bare / 255, (255 - ink[1]) * bare / 255, (255 - ink[2]) * bare / 255, line + x);
    }
  }
  PIX *whole = pix;
  if (info.density_unit == 1) pixSetResolution(whole, info.X_density, info.Y_density);
  free(row);
  jpeg_destroy_decompress(&info);
  return whole;
}
