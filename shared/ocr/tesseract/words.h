#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// What the engine knows of a word or a character. Boxes are pixels of the picture that it was shown.
typedef struct {
  int left, top, right, bottom;
  float confidence;  // 0 to 100
  char *text;        // UTF-8
} lethe_text;

typedef struct {
  lethe_text text;
  int block, paragraph, line;  // counted from 1, paragraphs within their block and lines within their paragraph
  int baseline[4];             // x and y of its start and of its end; all zero if it is not known
  float height;                // of a letter with ascender and descender, pixels; 0 if it is not known
  lethe_text *characters;      // NULL unless they were asked for
  int length;                  // of characters
} lethe_word;

typedef struct {
  lethe_word *words;
  int length;
} lethe_words;

typedef struct {
  int left, top, width, height;  // of the part of the picture to read; no width: all of it
  int characters;                // whether they are asked for
} lethe_ask;

// lethe_recognise reads a PIX, which stays the caller's, with an initialised tesseract::TessBaseAPI. A resolution of 0 has
// the engine make its own estimate. It returns 0 on success; lethe_free_words frees what it found either way.
int lethe_recognise(void *api, void *pix, lethe_ask ask, lethe_words *found);
void lethe_free_words(lethe_words *found);

#ifdef __cplusplus
}
#endif
