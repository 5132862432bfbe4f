/* fstool - what the guest's shell cannot do by itself.
 *
 *   fstool lock  FILE KIND MODE START LEN SECONDS [wait]   take a lock, hold it, let go
 *        KIND posix|ofd|flock, MODE r|w; exit 0 held, 11 somebody else holds it
 *   fstool getlk FILE START LEN       prints "free" or "held TYPE START LEN"
 *   fstool fsx   FILE OPS SEED [MAXSIZE] [nommap] [direct] [reopen]
 *        random reads, writes, truncates, mmap reads and writes, fsyncs, checked
 *        against a copy in memory
 *   fstool write FILE SIZE SEED       a file of pseudo-random bytes
 *   fstool check FILE SIZE SEED       the same bytes?
 *   fstool openunlink FILE            create, unlink while open, write, read, close
 *   fstool openrename FROM TO         rename while open, write on, read under the new name
 *   fstool append FILE COUNT TAG      COUNT O_APPEND records of 15 bytes
 *   fstool readdir DIR                names, one a line, in the server's order
 *   fstool oexcl FILE                 O_CREAT|O_EXCL: exit 0 created, 17 it exists
 *   fstool utime FILE SEC NSEC        sets mtime, prints what is read back
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
  int e = errno;
  fprintf(stderr, "fstool: %s: %s\n", what, strerror(e));
  exit(e == 0 || e > 119 ? 1 : e);
}
static uint64_t rs;
static uint64_t rnd(void)
{
  uint64_t z = (rs += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
static void fill(unsigned char *p, size_t n)
{
  while (n >= 8) { uint64_t v = rnd(); memcpy(p, &v, 8); p += 8; n -= 8; }
  while (n--) *p++ = (unsigned char)rnd();
}
static void wall(int fd, const void *b, size_t n, off_t at)
{
  for (const char *p = b; n;) {
    ssize_t r = pwrite(fd, p, n, at);
    if (r <= 0) die("pwrite");
    p += r; at += r; n -= r;
  }
}
static size_t rall(int fd, void *b, size_t n, off_t at)
{
  size_t got = 0;
  while (got < n) {
    ssize_t r = pread(fd, (char *)b + got, n - got, at + got);
    if (r < 0) die("pread");
    if (r == 0) break;
    got += r;
  }
  return got;
}
static int lock(int c, char **v)
{
  int wr = v[4][0] == 'w', wait = c > 8 && !strcmp(v[8], "wait"), r;
  int fd = open(v[2], O_RDWR | O_CREAT, 0644);
  if (fd < 0) die(v[2]);
  if (!strcmp(v[3], "flock")) {
    r = flock(fd, (wr ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB));
  } else {
    struct flock l = { .l_type = wr ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET,
      .l_start = atoll(v[5]), .l_len = atoll(v[6]) };
    int ofd = !strcmp(v[3], "ofd");
    r = fcntl(fd, ofd ? (wait ? F_OFD_SETLKW : F_OFD_SETLK) : (wait ? F_SETLKW : F_SETLK), &l);
  }
  if (r) {
    if (errno == EAGAIN || errno == EACCES) { puts("busy"); return 11; }
    die("lock");
  }
  puts("locked"); fflush(stdout);
  usleep((useconds_t)(atof(v[7]) * 1e6));
  return 0;
}
static unsigned char *img;
static void differ(const char *op, long n, off_t at, const unsigned char *b, size_t len)
{
  size_t i = 0;
  while (i < len && img[at + i] == b[i]) i++;
  fprintf(stderr, "fstool fsx: op %ld (%s): byte %lld is %02x, should be %02x (range %lld+%zu)\n",
    n, op, (long long)(at + i), b[i], img[at + i], (long long)at, len);
  exit(1);
}
static int fsx(int c, char **v)
{
  long ops = atol(v[3]), cnt[8] = { 0 };
  size_t max = c > 5 && atol(v[5]) > 0 ? atol(v[5]) : 256 * 1024, size = 0;
  int mm = 1, direct = 0, reopen = 0;
  for (int i = 5; i < c; i++) {
    if (!strcmp(v[i], "nommap")) mm = 0;
    if (!strcmp(v[i], "direct")) direct = 1, mm = 0;
    if (!strcmp(v[i], "reopen")) reopen = 1;
  }
  size_t al = direct ? 4096 : 1;
  unsigned char *buf;
  int fl = O_RDWR | (direct ? O_DIRECT : 0), fd = open(v[2], fl | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) die(v[2]);
  img = calloc(1, max);
  if (posix_memalign((void **)&buf, 4096, max)) die("memory");
  rs = strtoull(v[4], 0, 0);
  for (long n = 0; n < ops; n++) {
    int op = rnd() % 8;
    size_t at = rnd() % max, len = rnd() % 65536 + 1;
    at -= at % al; len = (len + al - 1) / al * al;
    if (at + len > max) len = max - at;
    if (!len) continue;
    switch (op) {
    case 0: case 1: /* write */
      fill(buf, len); wall(fd, buf, len, at); memcpy(img + at, buf, len);
      if (at + len > size) size = at + len;
      break;
    case 2: case 3: { /* read, also past the end */
      size_t want = at >= size ? 0 : at + len > size ? size - at : len, got = rall(fd, buf, len, at);
      if (got != want) {
        fprintf(stderr, "fstool fsx: op %ld: read %zu+%zu gave %zu, size is %zu\n", n, at, len, got, size);
        return 1;
      }
      if (memcmp(buf, img + at, got)) differ("read", n, at, buf, got);
      break;
    }
    case 4: /* truncate, either way */
      if (rnd() % 4) continue;
      if (ftruncate(fd, at)) die("ftruncate");
      if (at < size) memset(img + at, 0, size - at);
      size = at;
      break;
    case 5: /* mmap read */
    case 6: { /* mmap write, inside the file */
      if (!mm || at >= size) continue;
      if (at + len > size) len = size - at;
      size_t base = at & ~4095ul, off = at - base;
      unsigned char *p = mmap(0, off + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, base);
      if (p == MAP_FAILED) die("mmap");
      if (op == 5) {
        if (memcmp(p + off, img + at, len)) differ("mmap read", n, at, p + off, len);
      } else {
        fill(buf, len); memcpy(p + off, buf, len); memcpy(img + at, buf, len);
        if (rnd() % 2 && msync(p, off + len, MS_SYNC)) die("msync");
      }
      munmap(p, off + len);
      break;
    }
    case 7:
      if (rnd() % 3) continue;
      if (fsync(fd)) die("fsync");
      struct stat st;
      if (fstat(fd, &st)) die("fstat");
      if ((size_t)st.st_size != size) {
        fprintf(stderr, "fstool fsx: op %ld: size %lld, should be %zu\n", n, (long long)st.st_size, size);
        return 1;
      }
      if (reopen) {
        if (close(fd)) die("close");
        if ((fd = open(v[2], fl)) < 0) die("reopen");
      }
      break;
    }
    cnt[op]++;
  }
  if (fsync(fd) || close(fd)) die("close");
  if ((fd = open(v[2], fl)) < 0) die("open again");
  size_t got = rall(fd, buf, max, 0);
  if (got != size) { fprintf(stderr, "fstool fsx: end: %zu bytes, should be %zu\n", got, size); return 1; }
  if (memcmp(buf, img, size)) differ("end", ops, 0, buf, size);
  close(fd);
  printf("fsx ok: %ld writes, %ld reads, %ld truncates, %ld mmap reads, %ld mmap writes, %ld fsyncs, size %zu\n",
    cnt[0] + cnt[1], cnt[2] + cnt[3], cnt[4], cnt[5], cnt[6], cnt[7], size);
  return 0;
}
static int pattern(char **v, int check)
{
  size_t n = strtoull(v[3], 0, 0), at = 0, step = 1 << 20;
  unsigned char *a = malloc(step), *b = malloc(step);
  int fd = check ? open(v[2], O_RDONLY) : open(v[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) die(v[2]);
  rs = strtoull(v[4], 0, 0);
  for (; at < n; at += step) {
    size_t k = n - at < step ? n - at : step;
    fill(a, k);
    if (!check) { wall(fd, a, k, at); continue; }
    if (rall(fd, b, k, at) != k) { fprintf(stderr, "fstool check: short\n"); return 1; }
    if (memcmp(a, b, k)) { fprintf(stderr, "fstool check: differs after %zu\n", at); return 1; }
  }
  if (check && rall(fd, b, 1, n)) { fprintf(stderr, "fstool check: too long\n"); return 1; }
  if (close(fd)) die("close");
  return 0;
}
int main(int c, char **v)
{
  const char *o = c > 1 ? v[1] : "";
  char b[64] = "";
  int fd;
  if (c >= 8 && !strcmp(o, "lock")) return lock(c, v);
  if (c >= 5 && !strcmp(o, "fsx")) return fsx(c, v);
  if (c == 5 && !strcmp(o, "write")) return pattern(v, 0);
  if (c == 5 && !strcmp(o, "check")) return pattern(v, 1);
  if (c == 5 && !strcmp(o, "getlk")) {
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = atoll(v[3]), .l_len = atoll(v[4]) };
    if ((fd = open(v[2], O_RDWR)) < 0) die(v[2]);
    if (fcntl(fd, F_GETLK, &l)) die("F_GETLK");
    if (l.l_type == F_UNLCK) puts("free");
    else printf("held %s %lld %lld\n", l.l_type == F_WRLCK ? "w" : "r", (long long)l.l_start, (long long)l.l_len);
    return 0;
  }
  if (c == 3 && !strcmp(o, "openunlink")) {
    if ((fd = open(v[2], O_RDWR | O_CREAT | O_EXCL, 0644)) < 0) die(v[2]);
    wall(fd, "before", 6, 0);
    if (unlink(v[2])) die("unlink");
    /* (until the close the client answers for the name from its open handle) */
    wall(fd, "after!", 6, 6);
    if (rall(fd, b, 12, 0) != 12 || memcmp(b, "beforeafter!", 12)) { fprintf(stderr, "content lost\n"); return 1; }
    if (close(fd)) die("close");
    for (int i = 0; i < 30; i++, usleep(100000)) /* the client closes late (closetimeo) */
      if (access(v[2], F_OK)) return errno == ENOENT ? 0 : 1;
    fprintf(stderr, "name still there after close\n");
    return 1;
  }
  if (c == 4 && !strcmp(o, "openrename")) {
    if ((fd = open(v[2], O_RDWR | O_CREAT, 0644)) < 0) die(v[2]);
    wall(fd, "before", 6, 0);
    if (rename(v[2], v[3])) die("rename");
    wall(fd, "after!", 6, 6);
    if (close(fd)) die("close");
    if ((fd = open(v[3], O_RDONLY)) < 0) die(v[3]);
    return rall(fd, b, 20, 0) != 12 || memcmp(b, "beforeafter!", 12);
  }
  if (c == 5 && !strcmp(o, "append")) {
    if ((fd = open(v[2], O_WRONLY | O_CREAT | O_APPEND, 0644)) < 0) die(v[2]);
    for (int i = 0; i < atoi(v[3]); i++) {
      snprintf(b, sizeof b, "%-6.6s %07d\n", v[4], i % 10000000);
      if (write(fd, b, 15) != 15) die("write");
    }
    return close(fd) ? 1 : 0;
  }
  if (c == 3 && !strcmp(o, "readdir")) {
    DIR *d = opendir(v[2]);
    if (!d) die(v[2]);
    for (struct dirent *e; (e = readdir(d));) puts(e->d_name);
    return closedir(d);
  }
  if (c == 3 && !strcmp(o, "oexcl")) {
    if ((fd = open(v[2], O_RDWR | O_CREAT | O_EXCL, 0644)) < 0) die(v[2]);
    return close(fd);
  }
  if (c == 5 && !strcmp(o, "utime")) {
    struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = atoll(v[3]), .tv_nsec = atol(v[4]) } };
    struct stat st;
    if (utimensat(AT_FDCWD, v[2], t, 0)) die("utimensat");
    if (stat(v[2], &st)) die("stat");
    printf("%lld %ld\n", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    return 0;
  }
  fprintf(stderr, "usage: see fstool.c\n");
  return 2;
}
