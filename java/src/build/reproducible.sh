#!/bin/sh
# Builds the jars in java/target a second time, from a copy of the sources in a directory of another
# name and length, and compares the bytes. Arguments are passed to Maven, which has to run on the same
# JDK both times: the manifest names it.
set -eu

root=$(CDPATH= cd -- "$(dirname -- "$0")/../../.." && pwd)
copy=$(mktemp -d)/somewhere/else
trap 'rm -rf "${copy%/somewhere/else}"' EXIT
mkdir -p "$copy"

# What git has, and what it will have.
cd "$root"
git ls-files -z --cached --others --exclude-standard |
  tar -c --null --files-from - --ignore-failed-read 2>/dev/null | tar -x -C "$copy"
cd "$copy"
mvn -q -B -DskipTests -pl java "$@" package

compared=0
for jar in "$copy"/java/target/*.jar; do
  name=$(basename "$jar")
  cmp "$jar" "$root/java/target/$name" || {
    echo "reproducible.sh: two builds, two files: $name" >&2
    exit 1
  }
  sha256sum "$jar" | sed "s|  .*|  $name, twice|"
  compared=$((compared + 1))
done
[ "$compared" -gt 0 ] || {
  echo "reproducible.sh: no jar was built" >&2
  exit 1
}
