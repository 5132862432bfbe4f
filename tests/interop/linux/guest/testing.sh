# Sourced by the suites: one line for each test, and the count of failures at the end.
fails=0
uptime_s() { cut -d' ' -f1 /proc/uptime; }

t() { # t NAME 'commands': they run with sh -eu; the end of what they print is shown
  local start=$(uptime_s) result output
  if output=$(sh -euc "$2" 2>&1); then result=ok; else result=FAIL fails=$((fails + 1)); fi
  printf '%s %s %.1fs%s\n' $result "$1" "$(echo "$(uptime_s) - $start" | bc)" \
    "${output:+ [$(echo "$output" | tail -4 | tr '\n' '|')]}"
}
finish() { echo "failures: $fails"; exit $((fails > 0)); }
