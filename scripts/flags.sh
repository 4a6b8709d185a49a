# shellcheck shell=bash
# How the program is built, for scripts that build it: sets version, flags and link.
# shellcheck disable=SC2034 # used by those
version=${VERSION:-$(git describe --always --dirty 2>/dev/null || echo devel)}
# Without net/rpc, which Lambda's own runtime of Go needed, and without gRPC's page of traces: by either of them every exported method
# of everything could be called, so that the linker would keep them all, a quarter of the program.
tags=lambda.norpc,grpcnotrace
# The clients of AWS hold long lists of calls, each made once: inlined, they would add 1.1 MB and save 3 µs of a request.
flags=(-trimpath -buildvcs=false -tags "$tags" '-gcflags=github.com/aws/...=-l')
link="-s -w -buildid= -X main.version=$version"
