/* The system's libtiff reads JBIG in TIFF through jbigkit, which is under the GPL. The package goes without: these stand in
   for its functions and refuse, and say so to the reader of TIFF, which reports such a page as unsupported. */
#include <stddef.h>

const int lethe_without_jbig = 1;

enum { refused = 1 };

void jbg_dec_init(void *s) { (void)s; }
void jbg_dec_free(void *s) { (void)s; }
int jbg_dec_in(void *s, unsigned char *data, size_t length, size_t *used) {
  (void)s, (void)data, (void)length;
  if (used) *used = 0;
  return refused;
}
long jbg_dec_getsize(const void *s) { return (void)s, 0; }
unsigned char *jbg_dec_getimage(const void *s, int plane) { return (void)s, (void)plane, NULL; }
int jbg_newlen(unsigned char *data, size_t length) { return (void)data, (void)length, refused; }
const char *jbg_strerror(int code) { return (void)code, "JBIG is not read here"; }
void jbg_enc_init(void *s, unsigned long w, unsigned long h, int planes, unsigned char **p, void (*out)(unsigned char *, size_t, void *), void *file) {
  (void)s, (void)w, (void)h, (void)planes, (void)p, (void)out, (void)file;
}
void jbg_enc_out(void *s) { (void)s; }
void jbg_enc_free(void *s) { (void)s; }
