#!/bin/bash -eu
# build [HARNESS...]: what OSS-Fuzz runs in its image. The engine, the sanitizer and $OUT come from its
# environment.
cd "$SRC/wspec"
export WSPEC_FUZZ_BUILD_JOBS=${WSPEC_FUZZ_BUILD_JOBS:-$(nproc)}
fuzz/fuzz.py build --engine oss-fuzz --out "$OUT" "$@"

# The programs run elsewhere than they are built, where there is the C library and little else: their
# other libraries go with them, and the cases, which the player plays.
mkdir -p "$OUT/lib"
for options in "$OUT"/*.options; do
  ldd "${options%.options}"
done | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
  grep -Ev '/(lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)|ld-linux[^/]*)\.so' |
  xargs cp -L -t "$OUT/lib"
cp -R cases "$OUT/"
