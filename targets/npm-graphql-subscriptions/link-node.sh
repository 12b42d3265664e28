# npm has installed the package that fits this machine's processor, and no other.
set -e
set -- node_modules/node-linux-*/bin/node
[ -x "$1" ] || { echo "no node for this processor: $(uname -m)" >&2; exit 1; }
ln -s "$1" node
