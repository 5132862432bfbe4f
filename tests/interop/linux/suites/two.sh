# Two machines at once, $ME a or b: what one does, the other sees; mounts by itself (--no-mount). ROUNDS: of the long
# tests.
. /bin/testing.sh
M=/m/two; export M ME ROUNDS

mount_both() { # mount_both NAME OPTIONS
  both "mount-$1" "umount /m 2>/dev/null || true; smbmount /m $2; mkdir -p $M; peer ask meet there >/dev/null"
}

mount_both default mfsymlinks

both exclusive '
  if [ $ME = a ]; then hold $M/l 10 10; peer ask meet held >/dev/null; peer ask meet tried >/dev/null; let_go
  else peer ask meet held >/dev/null; r=0; fstool lock $M/l posix w 15 2 0 || r=$?; q=0
    fstool lock $M/l posix r 19 1 0 || q=$?; p=0; fstool lock $M/l posix w 20 5 0 || p=$?
    fstool getlk $M/l 0 100; peer ask meet tried >/dev/null; test "$r $q $p" = "11 11 0"
  fi'
both shared '
  if [ $ME = a ]; then hold_shared $M/l 10 10; peer ask meet held >/dev/null; peer ask meet tried >/dev/null; let_go
  else peer ask meet held >/dev/null; r=0; fstool lock $M/l posix r 10 10 0 || r=$?; q=0
    fstool lock $M/l posix w 10 10 0 || q=$?; peer ask meet tried >/dev/null; test "$r $q" = "0 11"
  fi'
both flock '
  if [ $ME = a ]; then hold_flock $M/f; peer ask meet held >/dev/null; peer ask meet tried >/dev/null; let_go
    peer ask say free >/dev/null
  else peer ask meet held >/dev/null; r=0; fstool lock $M/f flock w 0 0 0 || r=$?; peer ask meet tried >/dev/null
    peer ask await free >/dev/null; q=0; fstool lock $M/f flock w 0 0 0 || q=$?; test "$r $q" = "11 0"
  fi'
# The one that waits gets its lock after the other has begun to let go, and not before.
both lock-wait '
  if [ $ME = a ]; then hold $M/w 0 1; peer ask meet held >/dev/null; sleep 2; peer ask say free >/dev/null; let_go
  else peer ask meet held >/dev/null; fstool lock $M/w posix w 0 1 0 wait; test $(peer ask heard free) = yes
  fi'
both lock-count '
  peer ask meet start >/dev/null; peer count $M/count 60; peer ask meet counted >/dev/null
  test $(head -1 $M/count) = 120; peer ask meet seen >/dev/null'
# A writer that keeps its data to itself until the other opens the file; then the other way.
both write-back '
  other=b; [ $ME = a ] || other=a
  exec 7>$M/cached.$ME; printf "of %s" $ME >&7; peer ask meet written >/dev/null
  test "$(cat $M/cached.$other)" = "of $other"; peer ask meet read >/dev/null
  printf " and more" >&7; peer ask meet written-again >/dev/null
  test "$(cat $M/cached.$other)" = "of $other and more"; peer ask meet read-again >/dev/null; exec 7>&-'
both append '
  mine=0; [ $ME = a ] || mine=1
  for i in $(seq 20); do
    [ $((i % 2)) = $mine ] || continue
    [ $i = 1 ] || peer ask await $((i - 1)) >/dev/null; echo "$ME $i" >>$M/log; peer ask say $i >/dev/null
  done
  peer ask meet appended >/dev/null; test $(wc -l <$M/log) = 20; cut -d" " -f2 $M/log | sort -nc
  peer ask meet seen >/dev/null'
both rounds 'mkdir -p $M/r1; peer rounds $M/r1 $ROUNDS 1'
mount_both nohandlecache mfsymlinks,nohandlecache
both rounds-nohandlecache 'grep -q nohandlecache /proc/mounts; mkdir -p $M/r2; peer rounds $M/r2 $ROUNDS 2'
mount_both encrypted seal,mfsymlinks
both rounds-encrypted 'mkdir -p $M/r3; peer rounds $M/r3 $((ROUNDS / 4)) 3'
# Names: once the attributes and names that a client keeps for a second (actimeo) are over, it asks.
mount_both names actimeo=0
both names '
  if [ $ME = a ]; then echo new >$M/n1; peer ask meet made >/dev/null; peer ask meet seen >/dev/null
    mv $M/n1 $M/n2; peer ask meet moved >/dev/null; peer ask meet removed >/dev/null; test ! -e $M/n2
  else peer ask meet made >/dev/null; test "$(cat $M/n1)" = new; peer ask meet seen >/dev/null
    peer ask meet moved >/dev/null; test ! -e $M/n1; test "$(cat $M/n2)" = new; ls $M | grep -x n2; rm $M/n2
    peer ask meet removed >/dev/null
  fi'
both leave 'cd /; peer ask meet done >/dev/null; [ $ME = b ] || rm -r $M; peer ask meet removed >/dev/null; umount /m'
finish
