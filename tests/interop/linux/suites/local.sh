# Programs on the server's own machine change what this guest has cached; runs at the mount point. A change is told to
# the client by the server when it has seen it, so each look is repeated until it shows the change, or for a minute.
. /bin/testing.sh
mkdir local; cd local
seen() { # seen 'TEST': it becomes true
  local n=0
  until eval "$1"; do n=$((n + 1)); [ $n -lt 100 ] || { echo "stale: $1"; return 1; }; sleep 0.3; done
}
export -f seen

t content '
  peer ask host write local/f 0 >/dev/null; exec 7<f
  for i in $(seq 100); do
    cat f >/dev/null; peer ask host write local/f $i >/dev/null; seen "[ \"\$(cat f)\" = $i ]"
  done; exec 7<&-'
t appended '
  : >g; exec 7<g; for i in $(seq 50); do
    peer ask host append local/g $i >/dev/null; seen "[ \$(cat g | wc -l) = $i ]"
  done; test $(wc -l <g) = 50'
t own-writes-kept '
  for i in $(seq 30); do
    echo "mine $i" >w; seen "[ \"\$(cat w)\" = \"mine $i\" ]"; peer ask host write local/w theirs-$i >/dev/null
    seen "[ \"\$(cat w)\" = theirs-$i ]"
  done'
t names '
  ls >/dev/null; for i in $(seq 50); do
    peer ask host write local/n$i x >/dev/null; seen "ls | grep -qx n$i"
    peer ask host remove local/n$i >/dev/null; seen "! ls | grep -qx n$i"; seen "[ ! -e n$i ]"
  done'
t renamed '
  peer ask host write local/r0 here >/dev/null; for i in $(seq 30); do
    seen "[ -e r$((i - 1)) ]"; peer ask host rename local/r$((i - 1)) local/r$i >/dev/null
    seen "[ ! -e r$((i - 1)) ]"; seen "[ \"\$(cat r$i 2>/dev/null)\" = here ]"
  done'
cd ..; rm -r local
finish
