#!/usr/bin/env bash
# Runs the Spin models that runs.txt lists, and fails unless each gives the verdict written there.
#
#   native/models/run.sh [--long] [MODEL...]
#
# A correct model must be searched completely and without an error, and every state that it marks as
# one to be reached (reached.pml) must be. A broken variant must be refuted, by the assertion that
# runs.txt names. --long adds the runs with larger bounds. MODEL is a file name without ".pml".
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

long=
chosen=()
for argument; do
  case $argument in
    --long) long=1 ;;
    -*)
      sed -n '2,8s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
    *)
      [[ -r $here/$argument.pml ]] || {
        echo "run.sh: no model $argument.pml" >&2
        exit 2
      }
      chosen+=("$argument")
      ;;
  esac
done
command -v spin >/dev/null || {
  echo "run.sh: spin is not installed (Debian: apt-get install spin)" >&2
  exit 2
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
runs=0

# The marks (reached.pml) that the model has with the given flags, but the search never passed.
unreached() { # model flag...
  local model=$1
  shift
  "${CC:-cc}" -E -P -x c "$@" "$work/$model.pml" |
    grep -o '"reached: " "[a-z_]*"' | sed 's/" "//; s/"//g' | sort -u >"$work/marks"
  grep '^reached: ' "$work/log" | sort -u | comm -23 "$work/marks" -
}

# What is wrong with the search that left its output in $work/log; nothing if all is right.
judge() { # verdict assertion model flag...
  local verdict=$1 assertion=$2
  shift 2
  if [[ $verdict == broken ]]; then
    grep -q 'errors: [1-9]' "$work/log" || echo "a broken variant was not refuted"
    grep -F 'pan:1:' "$work/log" | grep -qF -- "$assertion" ||
      echo "the broken variant was refuted by something else than \"$assertion\""
    return
  fi
  grep -q 'errors: 0$' "$work/log" || echo "a correct model has an error"
  ! grep -qE 'not completed|depth too small|out of memory|aborted' "$work/log" ||
    echo "the search is not complete"
  grep -q '^Full statespace search' "$work/log" || echo "the search is not exhaustive"
  unreached "$@" | sed 's/^/never /'
}

run() { # verdict model assertion flag...
  local verdict=$1 model=$2 assertion=$3 problems states depth seconds
  local optimize=-O2
  [[ $verdict == ok ]] || optimize=-O0 # refuted before that would pay
  shift 3
  runs=$((runs + 1))
  cp "$here"/*.pml "$work"
  {
    cd "$work"
    rm -f pan pan.*
    spin "$@" -a "$model.pml" >spin.log && "${CC:-cc}" "$optimize" -w -DSAFETY -DMEMLIM=8000 -o pan pan.c
  } || {
    cat "$work/spin.log"
    exit 1
  }
  timeout "${LIMIT:-3600}" "$work/pan" -m100000 >"$work/log" 2>&1 || true
  states=$(sed -n 's/^ *\([0-9e.+]*\) states, stored.*/\1/p' "$work/log")
  depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' "$work/log")
  seconds=$(sed -n 's/.*elapsed time \([0-9.]*\).*/\1/p' "$work/log")
  problems=$(judge "$verdict" "$assertion" "$model" "$@")
  printf '%-8s %-10s %10s states, depth %4s, %6s s  %s\n' \
    "$([[ $verdict == ok ]] && echo correct || echo refuted)" \
    "$model" "$states" "$depth" "${seconds:-?}" "$*"
  if [[ -n $problems ]]; then
    failures=$((failures + 1))
    sed 's/^/  FAILED: /' <<<"$problems"
    grep -F 'pan:1:' "$work/log" | sed 's/^/    /' || true
    if [[ $verdict == ok && -r $work/$model.pml.trail ]]; then
      spin "$@" -t -p -g -l "$model.pml" | tail -n "${TRAIL:-60}" | sed 's/^/    /'
    fi
  fi
}

while IFS='|' read -r form verdict model flags assertion; do
  form=${form//[[:space:]]/}
  [[ -n $form && $form != \#* ]] || continue
  verdict=${verdict//[[:space:]]/}
  model=${model//[[:space:]]/}
  assertion=$(sed 's/^ *//; s/ *$//' <<<"$assertion")
  [[ $form == short || -n $long ]] || continue
  [[ ${#chosen[@]} == 0 || " ${chosen[*]} " == *" $model "* ]] || continue
  read -r -a list <<<"$flags"
  run "$verdict" "$model" "$assertion" "${list[@]}"
done <"$here/runs.txt"

((runs)) || {
  echo "run.sh: nothing to run" >&2
  exit 2
}
echo "$runs runs, $failures failed"
((failures == 0))
