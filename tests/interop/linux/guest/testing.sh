# Sourced by the suites: one line for each test, and the count of failures at the end.
fails=0
uptime_s() { cut -d' ' -f1 /proc/uptime; }

t() { # t NAME 'commands': they run with sh -eu; the end of what they print is shown
  local start=$(uptime_s) result output
  if output=$(sh -euc "$2" 2>&1); then result=ok; else result=FAIL fails=$((fails + 1)); fi
  printf '%s %s %.1fs%s\n' $result "$1" "$(echo "$(uptime_s) - $start" | bc)" \
    "${output:+ [$(echo "$output" | tail -4 | tr '\n' '|')]}"
}
both() { # both NAME 'commands': the same on two machines, each of which is told when the other has failed
  if peer ask begin $1 >/dev/null; then t $1.$ME "$2"; peer ask end $1 >/dev/null
  else echo "FAIL $1.$ME 0.0s [the other machine is gone]"; fails=$((fails + 1)); fi
}
finish() { echo "failures: $fails"; exit $((fails > 0)); }

# One lock held in the background from its return on, until let_go: no test has to guess how long that takes.
hold_kind() { # hold_kind FILE KIND MODE START LEN
  rm -f /tmp/held.$$; mkfifo /tmp/held.$$
  fstool lock $1 $2 $3 $4 $5 100000 >/tmp/held.$$ 2>/dev/null & held=$!
  trap 'kill $held 2>/dev/null || true' EXIT
  local said=; read -r said </tmp/held.$$ || true
  [ "$said" = locked ]
}
hold() { hold_kind $1 posix w $2 $3; }
hold_shared() { hold_kind $1 posix r $2 $3; }
hold_flock() { hold_kind $1 flock w 0 0; }
let_go() { kill $held; wait $held || true; }
export -f hold_kind hold hold_shared hold_flock let_go
