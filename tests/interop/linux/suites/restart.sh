# The server is killed and started again in the middle of what this guest does; mounts by itself (--no-mount).
. /bin/testing.sh
fstool write /tmp/source 25165824 5; export SUM=$(md5sum </tmp/source | cut -d' ' -f1)

# Linux 6.1 does not send a page again whose sending the reset of the connection has cut short: the program that wrote
# it gets ECONNABORTED, whatever the server. So where pages are kept the server is killed between two writes, and where
# they are not, in the middle of them.
copies() { # copies NAME OPTIONS HOW: into the share and out of it
  t $1-in "
    smbmount /m nosharesock,$2; peer $3 /tmp/source /m/in 65536 host crash | grep -x restarted
    echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/source /m/in; peer ask host md5 in | grep -x $SUM; umount /m"
  t $1-out "
    smbmount /m nosharesock,$2; peer $3 /m/in /tmp/back 65536 host crash | grep -x restarted
    cmp /tmp/source /tmp/back; rm /tmp/back /m/in; umount /m"
}
copies persistent persistenthandles copy-calmly
copies persistent-uncached persistenthandles,cache=none copy
copies resilient resilienthandles copy-calmly
# (Without either nothing is promised: what was open is gone with the server, and this client may report that.)

# Not given to somebody else while its owner has not come back.
t lock-kept '
  smbmount /m nosharesock,persistenthandles; smbmount /n nosharesock; hold /m/l 0 10
  # Until the owner is back, nobody else can even open it (STATUS_FILE_NOT_AVAILABLE, EIO).
  peer ask host crash | grep -x restarted; n=0; r=5
  while test $r != 11 && test $r != 0 && test $n -lt 200; do
    r=0; fstool lock /n/l posix w 5 1 0 || r=$?; n=$((n + 1)); test $r = 11 || sleep 1
  done
  test $r = 11; fstool lock /n/l posix w 20 1 0
  let_go; fstool lock /n/l posix w 5 1 0; rm /n/l; umount /m /n'
t handle-kept '
  smbmount /m nosharesock,persistenthandles; exec 7>/m/h; echo one >&7; peer ask host crash | grep -x restarted
  echo two >&7; exec 7>&-; test "$(cat /m/h)" = "$(printf "one\ntwo")"; rm /m/h; umount /m'
t twice '
  smbmount /m nosharesock,persistenthandles; exec 7>/m/h; echo one >&7; peer ask host crash | grep -x restarted
  peer ask host crash | grep -x restarted; echo two >&7; peer ask host crash | grep -x restarted; exec 7>&-
  # A close while the server is away never reaches it: the name is held for the handle until its time is over.
  n=0; until test "$(cat /m/h)" = "$(printf "one\ntwo")"; do n=$((n + 1)); test $n -lt 200; sleep 1; done
  rm /m/h; umount /m'
finish
