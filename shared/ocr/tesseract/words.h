#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// Where something is, in pixels of the picture.
typedef struct {
  int left, top, right, bottom;
} lethe_box;

// A piece of the text of lethe_found, in UTF-8.
typedef struct {
  int from, length;
  float confidence;  // 0 to 100
} lethe_text;

typedef struct {
  lethe_text text;
  lethe_box box;
  int choices, length;  // the first of its choices, and how many they are
} lethe_symbol;

typedef struct {
  lethe_text text;
  lethe_box box;
  int block, paragraph, line;  // counted from 1, paragraphs within their block and lines within their paragraph
  int baseline[4];             // x and y of its start and of its end; all zero if it is not known
  float height;                // of a letter with ascender and descender, pixels; 0 if it is not known
  int symbols, length;         // the first of its symbols, and how many they are
} lethe_word;

// What the engine found. All of it is one piece of memory, which lethe_free frees.
typedef struct {
  void *memory;
  const char *text;
  const lethe_word *words;
  const lethe_symbol *symbols;  // only if they were asked for
  const lethe_text *choices;    // of symbols; only if they were asked for
  int word_count, symbol_count, choice_count;
  int turn;  // clockwise, in degrees, that makes the page upright; only if nothing but that is asked for
} lethe_found;

typedef struct {
  int mode;              // a tesseract::PageSegMode; of PSM_AUTO_OSD only the turn is found
  int width, height;     // of the part of the picture to read; no width: all of it
  int left, top;         // where that part begins
  int symbols, choices;  // whether they are asked for
  const char *letters;   // the only characters to find, in UTF-8; empty: all
  const int *stop;       // has the engine stop once it is not 0; another thread sets it atomically
} lethe_ask;

enum { lethe_ok, lethe_refused, lethe_stopped };

// lethe_recognise reads a PIX, which stays the caller's, with an initialised tesseract::TessBaseAPI, which keeps nothing of it.
// A resolution of 0 has the engine make its own estimate. What was found is to be freed if the result is lethe_ok.
int lethe_recognise(void *api, void *pix, const lethe_ask *ask, lethe_found *found);
void lethe_free(lethe_found *found);

#ifdef __cplusplus
}
#endif
