// Package picture reads picture files: their headers, before anything is decoded, and their pixels, with Leptonica. A hostile
// file may crash or take over its native code: it runs in confined child processes and nowhere else.
package picture
