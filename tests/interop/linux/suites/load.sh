# fio with verification in three ways, and dbench; runs at the mount point, with --full.
. /bin/testing.sh
mkdir -p load.$$ && cd load.$$ || exit 1
export LD_LIBRARY_PATH=/lib
t fio-buffered '
  fio --name=v --rw=randwrite --bs=16k --size=12m --verify=crc32c --verify_fatal=1 --do_verify=1 --ioengine=psync \
    --fsync=32 --randseed=3 --output-format=terse --terse-version=3 >/tmp/fio.out 2>&1 || { cat /tmp/fio.out; exit 1; }'
t fio-direct '
  fio --name=d --rw=randwrite --bs=16k --size=8m --direct=1 --verify=sha256 --verify_fatal=1 --ioengine=libaio \
    --iodepth=8 --output-format=terse >/tmp/fio.out 2>&1 || { cat /tmp/fio.out; exit 1; }'
t fio-mmap '
  fio --name=m --rw=randrw --bs=8k --size=4m --verify=md5 --verify_fatal=1 --ioengine=mmap \
    --output-format=terse >/tmp/fio.out 2>&1 || { cat /tmp/fio.out; exit 1; }'
t dbench 'dbench -c /usr/share/dbench/client.txt -t 10 2 | tail -3'
cd ..; rm -rf load.$$
finish
