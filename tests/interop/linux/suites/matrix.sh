# Every dialect, plain, signed and sealed, bytes both ways; mounts by itself (--no-mount).
. /bin/testing.sh
w=$(basename $(mktemp -u)); mkdir -p /m

both_ways() {
  cd /m && mkdir $w && cd $w && fstool write f 1500000 5 && cp f g && echo 3 >/proc/sys/vm/drop_caches &&
    fstool check f 1500000 5 && fstool check g 1500000 5 && mv g h && ls >/dev/null && rm f h && cd .. && rmdir $w
}
one() { # one DIALECT OPTION
  local dialect protected message=
  if message=$(smbmount /m "$2,mfsymlinks" $1 2>&1); then
    dialect=$(sed -n 's/.*vers=\([0-9.]*\).*/\1/p' /proc/mounts | tail -1)
    protected="signed=$(grep -ciE sign /proc/fs/cifs/DebugData) encrypted=$(grep -ci encrypted /proc/fs/cifs/DebugData)"
    if (both_ways); then result=ok; else result=FAIL; fi
    for i in 1 2 3 4 5; do umount /m 2>/dev/null && break; sleep 0.5; done
    message="negotiated $dialect, $protected"
  else
    message="no mount: $message $(dmesg | tail -1 | sed 's/.*CIFS/CIFS/')"
    # 2.x has no encryption: that the client refuses is right.
    case $1$2 in 2.*seal) result=ok ;; *) result=FAIL ;; esac
  fi
}

for v in 2.0 2.1 3.0 3.0.2 3.1.1 3 default; do
  for o in soft sign seal; do
    start=$(uptime_s)
    one $v $o
    [ $result = ok ] || fails=$((fails + 1))
    printf '%s %s-%s %.1fs [%s]\n' $result $v $o "$(echo "$(uptime_s) - $start" | bc)" \
      "$(echo "$message" | tr '\n' '|')"
  done
done
finish
