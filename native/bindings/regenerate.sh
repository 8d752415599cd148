#!/bin/sh
# Generates the Java bindings of contexture.h and compares them with, or makes them, the ones in the
# source tree. Usage: regenerate.sh --check | --update. RECORD.md says more.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
header=$root/native/include/contexture.h
package=io/contexture/internal/ffm/generated
committed=$root/java/src/main/java/$package
opaque='cx_hamt|cx_runtime|cx_shared|cx_shared_reader|cx_shared_snapshot'

fail() {
  echo "regenerate.sh: $*" >&2
  exit 1
}

case "${1-}" in
  --check | --update) mode=$1 ;;
  *) fail "usage: regenerate.sh --check | --update" ;;
esac

if [ -n "${JEXTRACT_HOME-}" ]; then
  jextract=$JEXTRACT_HOME/bin/jextract
  [ -x "$jextract" ] || fail "JEXTRACT_HOME is set, but $jextract is not a program"
elif jextract=$(command -v jextract); then
  :
elif [ "$mode" = --check ]; then
  echo "regenerate.sh: no jextract under JEXTRACT_HOME or on the PATH: bindings not compared"
  exit 0
else
  fail "no jextract under JEXTRACT_HOME or on the PATH"
fi

# jextract reads ./compile_flags.txt without a word: run it where there is none.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/cwd" "$work/out"
cd "$work/cwd"

run() {
  "$jextract" "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "jextract failed"
  }
}

recorded() { sed -n "s/^| $1 | \(.*\) |\$/\1/p" "$here/RECORD.md"; }

version=$("$jextract" --version 2>&1)
tool=$(printf '%s\n' "$version" | sed -n '/^jextract /p')
clang=$(printf '%s\n' "$version" | sed -n 's/^LibClang version //p')
[ "$tool" = "$(recorded '`jextract --version`')" ] && [ "$clang" = "$(recorded LibClang)" ] ||
  fail "$jextract is '$tool' with '$clang'; RECORD.md names another version"

# jextract ignores names it doesn't find, so the list is compared with the header first, both ways.
run --dump-includes "$work/dump" "$header"
sed -n 's/^\(--include-[a-z]* [A-Za-z0-9_]*\) *# header: .*contexture\.h$/\1/p' "$work/dump" |
  grep -Ev -- "--include-struct ($opaque)\$" | LC_ALL=C sort >"$work/declared"
sed '/^#/d' "$here/includes.args" >"$work/listed"
diff "$work/declared" "$work/listed" >"$work/diff" || {
  cat "$work/diff" >&2
  fail "includes.args (>) and contexture.h (<) name different declarations"
}

run "@$here/jextract.args" "@$here/includes.args" --output "$work/out" "$header"

# Every listed name must have arrived in the output.
while read -r option name; do
  case $option in
    --include-struct) [ -f "$work/out/$package/$name.java" ] ;;
    --include-typedef)
      grep -qE "^    public static final [A-Za-z.]+ $name = " "$work/out/$package/contexture_h.java"
      ;;
    --include-*) grep -qE "^    public static [A-Za-z]+ $name\(" "$work/out/$package/contexture_h.java" ;;
  esac || fail "jextract generated nothing for $name"
done <"$work/listed"

if [ "$mode" = --update ]; then
  mkdir -p "$committed"
  rm -f "$committed"/*.java
  cp "$work/out/$package"/*.java "$committed"
  echo "regenerate.sh: updated $committed"
elif diff -r "$committed" "$work/out/$package"; then
  echo "regenerate.sh: the bindings are what contexture.h gives"
else
  fail "the bindings are not what contexture.h gives; run regenerate.sh --update"
fi
