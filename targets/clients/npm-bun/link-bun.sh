# npm has installed the package that fits this machine's processor, and no other.
set -e
set -- node_modules/@oven/bun-linux-*/bin/bun
[ -x "$1" ] || { echo "no bun for this processor: $(uname -m)" >&2; exit 1; }
ln -s "$1" bun
