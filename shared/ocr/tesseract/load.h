#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// lethe_hold opens a file for lethe_load, for as long as the process lives. It returns 0, or the number of an error.
int lethe_hold(const char *path);

// Lets the engine read this content in place of a file of that path, until the same call without data. It stays the caller's.
void lethe_lend(const char *path, const char *data, size_t size);

// lethe_init initialises a tesseract::TessBaseAPI with languages, from files that are held alone. It returns 0 if all of
// them are loaded.
// Initialising it again the same way then opens nothing.
int lethe_init(void *api, const char *folder, const char *languages);

// lethe_open returns a tesseract::TessBaseAPI that is initialised so, or NULL. A quiet one discards its messages, for which it
// opens /dev/null at the first.
void *lethe_open(const char *folder, const char *languages, int quiet);

// lethe_close frees one. What languages of others do not need any more is freed with it.
void lethe_close(void *api);

#ifdef __cplusplus
}
#endif
