#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// lethe_hold opens a file for lethe_load, for as long as the process lives. It returns 0, or the number of an error.
int lethe_hold(const char *path);

// lethe_load initialises a tesseract::TessBaseAPI with languages, from files that are held alone. It returns 0 on success.
// Initialising it again the same way then opens nothing.
int lethe_load(void *api, const char *folder, const char *languages);

#ifdef __cplusplus
}
#endif
