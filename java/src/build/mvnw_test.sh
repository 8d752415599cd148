#!/usr/bin/env bash
# Shows that ./mvnw runs what its properties pin and nothing else, with a repository made of files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "mvnw_test: $*" >&2
  exit 1
}

# A project that pins version $1, and a repository that has it: a "Maven" that tells its arguments.
pin() {
  local version=$1 stand_in=$work/stand-in/apache-maven-$1 place
  place=$work/repository/org/apache/maven/apache-maven/$version
  mkdir -p "$stand_in/bin" "$place" "$work/project/.mvn/wrapper"
  printf '#!/bin/sh\necho "pinned %s: $*"\n' "$version" >"$stand_in/bin/mvn"
  chmod +x "$stand_in/bin/mvn"
  tar -czf "$place/apache-maven-$version-bin.tar.gz" -C "$work/stand-in" "apache-maven-$version"
  cp mvnw "$work/project/"
  {
    echo "mavenVersion=$version"
    echo "distributionSha512Sum=$(sha512sum "$place/apache-maven-$version-bin.tar.gz" | cut -d' ' -f1)"
    echo "oldestMavenVersion=3.8.1"
  } >"$work/project/.mvn/wrapper/maven-wrapper.properties"
}

# An installed Maven of version $1, alone with the usual commands on the PATH.
installed() {
  mkdir -p "$work/bin"
  # With the escapes that some distributions' Maven prints into pipes, too.
  printf '#!/bin/sh\n[ "$1" = --version ] && echo "\033[1mApache Maven %s\033[m" || echo "installed: $*"\n' \
    "$1" >"$work/bin/mvn"
  chmod +x "$work/bin/mvn"
}

run() {
  env -i HOME="$work/home" PATH="$work/bin:/usr/bin:/bin" "$@" "$work/project/mvnw" one 'two three' 2>&1
}
expect() {
  local expected=$1 found
  shift
  found=$(run "$@") || true
  [[ $found == *"$expected"* ]] || fail "expected '$expected' and got '$found'"
}

repository=MVNW_REPOURL=file://$work/repository
pin 3.9.11
installed 3.8.1
expect 'pinned 3.9.11: one two three' "$repository"
expect 'pinned 3.9.11: one two three' # it is kept
rm -rf "$work/home"
expect 'installed: one two three'
installed 3.8.0
expect 'no Maven: set MVNW_REPOURL'
installed 3.10.2
expect 'installed: one two three'
expect "can't be fetched: set MVNW_REPOURL" "MVNW_REPOURL=file://$work/nowhere"
expect "HOME isn't set" HOME= "$repository"
mkdir -p "$work/home/.m2/wrapper/dists/apache-maven-3.9.11"
expect 'installed: one two three' CDPATH="$work"
echo garbage >>"$work/repository/org/apache/maven/apache-maven/3.9.11/apache-maven-3.9.11-bin.tar.gz"
expect "isn't Maven 3.9.11" "$repository"
[[ -z $(find "$work/home" -name mvn -o -name 'unpacking.*') ]] || fail "something refused was kept"
pin 4.0.0
expect 'pinned 4.0.0: one two three' "$repository/"
rm "$work/project/.mvn/wrapper/maven-wrapper.properties"
expect 'is missing: check the project out anew' "$repository"
echo "mvnw_test: passed"
