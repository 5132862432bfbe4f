# Several mounts, each with a connection of its own (nosharesock), as two clients; mounts by itself (--no-mount).
. /bin/testing.sh
smbmount /a nosharesock,mfsymlinks && smbmount /b nosharesock,mfsymlinks || exit 1
w=w.$$; mkdir /a/$w; export A=/a/$w B=/b/$w C=/c/$w; mkdir -p /c
t coherent '
  echo one >$A/f; test "$(cat $B/f)" = one; echo two >>$B/f; sleep 1.2; cat $A/f | tr "\n" " " | grep -x "one two "
  rm $A/f; sleep 1.2; test ! -e $B/f'
t flock-two-mounts '
  hold_flock $A/l; r=0; fstool lock $B/l flock w 0 0 0 || r=$?; let_go; test $r = 11; fstool lock $B/l flock w 0 0 0'
t posix-two-mounts '
  hold $A/l 10 10; r=0; fstool lock $B/l posix w 15 2 0 || r=$?; q=0; fstool lock $B/l posix w 30 2 0 || q=$?; let_go
  test $r = 11; test $q = 0; fstool lock $B/l posix w 15 2 0'
t shared-two-mounts '
  hold_shared $A/l 10 10; r=0; fstool lock $B/l posix r 10 10 0 || r=$?; q=0; fstool lock $B/l posix w 10 10 0 || q=$?
  let_go; test $r = 0; test $q = 11'
t ofd-two-mounts '
  hold_kind $A/l ofd w 0 1; r=0; fstool lock $B/l ofd w 0 1 0 || r=$?; let_go; test $r = 11'
# The one that waits has its lock after the other has begun to let go, and not before.
t lock-wait '
  rm -f /tmp/free; hold $A/l 0 1; (fstool lock $B/l posix w 0 1 0 wait; test -e /tmp/free) & waiter=$!
  sleep 2; touch /tmp/free; let_go; wait $waiter'
t lease-break '
  fstool write $A/lb 300000 1; sleep 0.2; fstool check $B/lb 300000 1; fstool write $B/lb 300000 2; sleep 1.2
  fstool check $A/lb 300000 2; rm $A/lb'
t write-cached-read '
  exec 7>$A/wc; printf abc >&7; sleep 0.3; test "$(cat $B/wc)" = abc; printf def >&7; exec 7>&-; sleep 1.2
  test "$(cat $B/wc)" = abcdef; rm $A/wc'
t rename-seen '
  echo x >$A/p; test -e $B/p; mv $A/p $A/q; sleep 1.2; test ! -e $B/p; test -e $B/q; rm $B/q'
t cifsacl '
  smbmount /c cifsacl,nosharesock; echo x >$C/ca; getcifsacl $C/ca | grep -q ^REVISION
  getcifsacl -r $C/ca | grep -m1 ACL; chmod 640 $C/ca; stat -c %a $C/ca; getcifsacl -r $C/ca >/tmp/acl1
  setcifsacl -a "ACL:S-1-1-0:ALLOWED/0x0/READ" $C/ca; getcifsacl -r $C/ca | grep S-1-1-0; rm $C/ca; umount /c'
t modefromsid '
  smbmount /c modefromsid,idsfromsid,nosharesock; echo x >$C/mf; chmod 604 $C/mf; sleep 1.2
  test $(stat -c %a $C/mf) = 604; rm $C/mf; umount /c'
t cache-none '
  smbmount /c cache=none,nosharesock; fstool write $C/x 500000 4; fstool check $B/x 500000 4
  fstool fsx $C/y 100 9 nommap; rm $C/x $C/y; umount /c'
t multichannel '
  smbmount /c multichannel,max_channels=2,nosharesock; grep -c Channel /proc/fs/cifs/DebugData || true
  echo hi >$C/mc; test "$(cat $C/mc)" = hi; rm $C/mc; umount /c'
t persistent-resilient 'smbmount /c resilienthandles,nosharesock; echo hi >$C/rh; rm $C/rh; umount /c'
t nocase-sfu '
  smbmount /c nocase,sfu,nosharesock; echo hi >$C/Sf; test "$(cat $C/sF)" = hi
  mkfifo $C/ff; test -p $C/ff; rm $C/Sf $C/ff; umount /c'
t remount 'mount -o remount,ro /b; ! touch $B/no 2>/dev/null; mount -o remount,rw /b; touch $B/yes; rm $B/yes'
t bad-password '! smbmount /c username=nobody1,password=wrong,nosharesock 2>/dev/null'
t bad-share 'r=0; smbmount /c - - nosuchshare 2>/dev/null || r=$?; test $r = 32'
cd /; umount /c 2>/dev/null; rm -rf /a/$w; umount /a /b
finish
