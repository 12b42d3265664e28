# npm has installed the package that fits this machine's processor, and no other.
set -e
set -- node_modules/@deno/linux-*/deno
[ -x "$1" ] || { echo "no deno for this processor: $(uname -m)" >&2; exit 1; }
ln -s "$1" deno
