#!/bin/sh
# check-versions.sh: are the Debian packages of packages.txt there, in these upstream versions?
set -e
while read -r package version; do
  installed=$(dpkg-query --show --showformat='${source:Upstream-Version}' "$package")
  case $installed in
  "$version" | "$version"+*) ;;
  *)
    echo "$package is $installed, packages.txt says $version" >&2
    exit 1
    ;;
  esac
done <packages.txt
