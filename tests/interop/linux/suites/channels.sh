# One session over several connections; mounts by itself (--no-mount), port 445, the server tells four addresses.
. /bin/testing.sh
fstool write /tmp/source 16777216 5
extra() { sed -n 's/.*Extra Channels: *\([0-9]*\).*/\1/p' /proc/fs/cifs/DebugData | sort -n | tail -1; }
export -f extra

# In pieces, since this client chooses a channel for each.
t four '
  smbmount /m multichannel,max_channels=4,nosharesock,hard,wsize=131072,rsize=131072; test "$(extra)" = 3
  peer ask host channels | grep -x 4'
t all-used '
  cp /tmp/source /m/f; echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/source /m/f; least=$(peer ask host traffic)
  echo least $least; test $least -gt 262144'
t fsx 'fstool fsx /m/x 400 7; rm /m/x'
t one-cut-writing '
  peer copy /tmp/source /m/g 65536 host cut | grep -x cut; echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/source /m/g
  rm /m/g'
t one-cut-reading '
  echo 3 >/proc/sys/vm/drop_caches; peer copy /m/f /tmp/back 65536 host cut | grep -x cut; cmp /tmp/source /tmp/back
  rm /m/f; umount /m'
for o in sign seal; do
  t $o "
    smbmount /m multichannel,max_channels=4,nosharesock,$o; test \"\$(extra)\" = 3; cp /tmp/source /m/f
    echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/source /m/f; rm /m/f; umount /m"
done
finish
