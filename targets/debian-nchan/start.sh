#!/bin/sh
# start.sh PORT: nginx with a folder of its own for what it writes.
set -e
folder=$PWD/run/$1
mkdir -p "$folder"
sed "s/@PORT@/$1/" nginx.conf.in >"$folder/nginx.conf"
exec /usr/sbin/nginx -p "$folder/" -c "$folder/nginx.conf" -e stderr
