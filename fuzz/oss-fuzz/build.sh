#!/bin/bash -eu
# build: what OSS-Fuzz runs in its image. The engine, the sanitizer and $OUT come from its environment.
cd "$SRC/wspec"
export WSPEC_FUZZ_BUILD_JOBS=${WSPEC_FUZZ_BUILD_JOBS:-$(nproc)}
fuzz/fuzz.py build --engine oss-fuzz --out "$OUT"

# The programs run elsewhere than they are built: the libraries go with them, and the cases, which the
# player plays.
mkdir -p "$OUT/lib"
for program in "$OUT"/*; do
  if [ -f "$program" ] && [ -x "$program" ] && ldd "$program" >/dev/null 2>&1; then
    ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\(uv\|cjson\|crypto\|ssl\)[^ ]*\) .*/\1/p' |
      xargs -r cp -n -t "$OUT/lib"
    patchelf --set-rpath '$ORIGIN/lib' "$program" 2>/dev/null || true
  fi
done
