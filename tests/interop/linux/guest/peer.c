/* peer - one of two guests that work on the same share, and what they need of the host.
 *
 * The coordinator (coordinator.py) listens at 10.0.2.2:$COORDINATOR; this guest is $ME there. A question is a line,
 * its answer another; "gone" says that what was waited for cannot come any more.
 *
 *   peer ask WORD...                  one question; prints its answer; exit 1 when that is "gone"
 *   peer rounds DIR COUNT SEED        guests "a" and "b" in turn change one of some files and look at all that the
 *                                     other has changed: every byte, each round; exit 1 with the first that is stale
 *   peer count FILE COUNT             COUNT times: lock, read a number, add one, write it, unlock
 *   peer copy FROM TO PIECE WORD...   copies in pieces; after a third of them asks WORD... and goes on without waiting
 *                                     for the answer, which it reads at the end; prints the answer
 *   peer copy-calmly ...              the same, but what it has written is at the server before it asks, and it waits
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 4, MAX_SIZE = 96 * 1024, OPS = 6 };

static void die(const char *what)
{
  fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t state;
static uint64_t rnd(uint64_t below)
{
  uint64_t z = (state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return (z ^ (z >> 31)) % below;
}

static void wall(int fd, const unsigned char *b, size_t n, off_t at)
{
  while (n) {
    ssize_t r = pwrite(fd, b, n, at);
    if (r <= 0) die("pwrite");
    b += r; at += r; n -= r;
  }
}
static size_t rall(int fd, unsigned char *b, size_t n, off_t at)
{
  size_t got = 0;
  while (got < n) {
    ssize_t r = pread(fd, b + got, n - got, at + got);
    if (r < 0) die("pread");
    if (r == 0) break;
    got += r;
  }
  return got;
}

/* ---- the coordinator ---- */
static FILE *host_in, *host_out;
static void call(void)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(getenv("COORDINATOR"))) };
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  inet_pton(AF_INET, "10.0.2.2", &to.sin_addr);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("coordinator");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  host_in = fdopen(fd, "r"); host_out = fdopen(dup(fd), "w");
}
static void question(int c, char **v)
{
  fputs(getenv("ME"), host_out);
  for (int i = 0; i < c; i++) fprintf(host_out, " %s", v[i]);
  fputc('\n', host_out); fflush(host_out);
}
static char *answer(void)
{
  static char line[4096];
  if (!fgets(line, sizeof line, host_in)) { fprintf(stderr, "peer: the coordinator is gone\n"); exit(1); }
  line[strcspn(line, "\n")] = 0;
  if (!strcmp(line, "gone")) { fprintf(stderr, "peer: the other guest is gone\n"); exit(1); }
  return line;
}

/* ---- rounds ----
 * File 0 is held open for reading and writing, and only grows: this client takes no smaller size from a server as long
 * as it can write to a file. File 1 is held open for reading. The others are not held: their leases are whole. */
enum { GROWS = 0, WATCHED = 1 };
struct image { unsigned char data[MAX_SIZE]; size_t size; int held; char path[512]; } images[FILES];
struct change { int file, op; size_t at, len, size; };
static unsigned char buffer[MAX_SIZE + 1];

/* Both guests come to the same changes from the same seed; only one of them does each to the file. */
static struct change next_change(void)
{
  struct change c = { .file = rnd(FILES), .op = rnd(OPS) };
  struct image *m = &images[c.file];
  c.at = m->size ? rnd(m->size) : 0;
  c.len = 1 + rnd(20000);
  c.size = rnd(MAX_SIZE);
  if (c.file == GROWS && (c.op == 0 || c.op == 2)) {
    c.op = 2;
    c.size = m->size + rnd(MAX_SIZE - m->size + 1);
  }
  if (c.file != GROWS && c.op == 5) c.op = 3;
  switch (c.op) {
  case 0: c.at = 0; c.len = 1 + rnd(MAX_SIZE); break;                /* written anew */
  case 1: c.at = m->size;                                            /* appended */
    if (c.len > MAX_SIZE - m->size) c.len = MAX_SIZE - m->size;
    break;
  case 2: break;                                                     /* another size */
  default:                                                           /* in the middle: by write, mmap, held handle */
    if (m->size == 0) { c.op = 1; break; }
    if (c.len > m->size - c.at) c.len = m->size - c.at;
  }
  return c;
}
static void change_image(const struct change *c)
{
  struct image *m = &images[c->file];
  if (c->op == 2) {
    if (c->size > m->size) memset(m->data + m->size, 0, c->size - m->size);
    m->size = c->size;
    return;
  }
  for (size_t i = 0; i < c->len; i++) m->data[c->at + i] = rnd(256);
  if (c->op == 0 || c->at + c->len > m->size) m->size = c->at + c->len;
}
static void change_file(const struct change *c)
{
  struct image *m = &images[c->file];
  int fd = c->op == 5 ? m->held : open(m->path, O_RDWR | (c->op == 0 ? O_TRUNC : 0));
  if (fd < 0) die(m->path);
  if (c->op == 2) {
    if (ftruncate(fd, c->size)) die("ftruncate");
  } else if (c->op == 4) {
    size_t base = c->at & ~4095ul, off = c->at - base;
    unsigned char *p = mmap(0, off + c->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, base);
    if (p == MAP_FAILED) die("mmap");
    memcpy(p + off, m->data + c->at, c->len);
    if (msync(p, off + c->len, MS_SYNC) || munmap(p, off + c->len)) die("msync");
  } else {
    wall(fd, m->data + c->at, c->len, c->at);
  }
  if (c->op != 5 && close(fd)) die("close");
}
/* What a read of the file gives, by the handle or, when that is -1, by one of its own; -1 when it is what it should be,
 * otherwise the place of the first difference. */
static long difference(const struct image *m, int handle, size_t *got)
{
  int fd = handle < 0 ? open(m->path, O_RDONLY) : handle;
  size_t i = 0;
  if (fd < 0) die(m->path);
  *got = rall(fd, buffer, MAX_SIZE + 1, 0);
  if (handle < 0 && close(fd)) die("close");
  while (i < *got && i < m->size && buffer[i] == m->data[i]) i++;
  return i == m->size && *got == m->size ? -1 : (long)i;
}
/* A break of a lease for reading is sent before the other's change is answered, and nobody waits for its end
 * ([MS-SMB2] 3.3.4.7): the other guest's word, which comes on another connection, may be here before this kernel has
 * done what the break says. So one that differs is looked at again, is counted as late, and is stale when it stays. */
static long late;
static void look(long round, int file, const char *how, int handle)
{
  const struct image *m = &images[file];
  size_t got;
  long at = difference(m, handle, &got);
  if (at < 0) return;
  late++;
  for (int tries = 0; tries < 60; tries++) {
    usleep(tries < 50 ? 10000 : 2000000); /* past closetimeo, after which the client lets go of handles it keeps */
    if (difference(m, handle, &got) < 0) return;
  }
  char *size[] = { "host", "size", (char *)m->path };
  question(3, size); /* is it this guest that has not seen it, or the other that has not done it? */
  printf("stale in round %ld, file %d, %s: %zu bytes, should be %zu; they differ at %ld; on the server: %s\n", round,
    file, how, got, m->size, at, answer());
  exit(1);
}
static int rounds(const char *dir, long count, uint64_t seed)
{
  int me = getenv("ME")[0] - 'a';
  call();
  state = seed;
  for (int f = 0; f < FILES; f++) {
    snprintf(images[f].path, sizeof images[f].path, "%s/file%d", dir, f);
    int fd = open(images[f].path, (f == WATCHED ? O_RDONLY : O_RDWR) | O_CREAT, 0644);
    if (fd < 0) die(images[f].path);
    if (f == GROWS || f == WATCHED) images[f].held = fd;
    else if (images[f].held = -1, close(fd)) die("close");
  }
  char done[32], wanted[32], *both[] = { "meet", "opened" };
  char *turn[] = { "swap", done, wanted }, *last[] = { "say", done };
  question(2, both); answer();
  if (me == 1) { char *first[] = { "await", "0" }; question(2, first); answer(); }
  for (long r = 0; r < count; r++) {
    struct change c = next_change();
    change_image(&c);
    if (r % 2 != me) { /* the other has made this change: see it by a fresh handle, and by one long open */
      look(r, c.file, "opened anew", -1);
      if (images[c.file].held >= 0) look(r, c.file, "long open", images[c.file].held);
      continue;
    }
    change_file(&c);
    snprintf(done, sizeof done, "%ld", r);
    snprintf(wanted, sizeof wanted, "%ld", r + 1);
    if (r + 1 < count) question(3, turn);
    else question(2, last);
    answer();
  }
  char *end[] = { "meet", "end" };
  question(2, end); answer();
  for (int f = 0; f < FILES; f++) {
    look(count, f, "at the end", -1);
    if (images[f].held >= 0 && close(images[f].held)) die("close");
  }
  printf("%ld rounds, %ld times late\n", count, late);
  return 0;
}

/* ---- locks ---- */
static void lock(int fd, int type, off_t at, off_t len)
{
  struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = len };
  if (fcntl(fd, F_SETLKW, &l)) die("fcntl");
}
static int count(const char *path, long times)
{
  int fd = open(path, O_RDWR | O_CREAT, 0644);
  if (fd < 0) die(path);
  for (long i = 0; i < times; i++) {
    char text[32] = "";
    lock(fd, F_WRLCK, 0, 32);
    rall(fd, (unsigned char *)text, 20, 0);
    int len = snprintf(text, sizeof text, "%-19ld\n", atol(text) + 1);
    wall(fd, (unsigned char *)text, len, 0);
    if (fsync(fd)) die("fsync");
    lock(fd, F_UNLCK, 0, 32);
  }
  return close(fd) ? 1 : 0;
}

/* ---- copies with something happening in the middle ---- */
static int copy(const char *from, const char *to, size_t piece, int calm, int c, char **v)
{
  const char *said = NULL;
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644), asked = 0;
  struct stat st;
  unsigned char *b = malloc(piece);
  if (in < 0 || fstat(in, &st)) die(from);
  if (out < 0) die(to);
  for (off_t at = 0; at < st.st_size;) {
    size_t got = rall(in, b, piece, at);
    if (got == 0) {
      fprintf(stderr, "peer: %s ends at %lld of %lld\n", from, (long long)at, (long long)st.st_size);
      return 1;
    }
    wall(out, b, got, at);
    at += got;
    if (!asked && at >= st.st_size / 3) {
      if (calm && fsync(out)) die(to);
      call(); question(c, v); asked = 1;
      if (calm) said = answer();
    }
  }
  if (fsync(out) || close(out)) die(to);
  close(in);
  puts(calm ? said : answer());
  return 0;
}

int main(int c, char **v)
{
  const char *o = c > 1 ? v[1] : "";
  if (c > 2 && !strcmp(o, "ask")) { call(); question(c - 2, v + 2); puts(answer()); return 0; }
  if (c == 5 && !strcmp(o, "rounds")) return rounds(v[2], atol(v[3]), strtoull(v[4], 0, 0));
  if (c == 4 && !strcmp(o, "count")) return count(v[2], atol(v[3]));
  if (c > 5 && !strcmp(o, "copy")) return copy(v[2], v[3], atol(v[4]), 0, c - 5, v + 5);
  if (c > 5 && !strcmp(o, "copy-calmly")) return copy(v[2], v[3], atol(v[4]), 1, c - 5, v + 5);
  fprintf(stderr, "usage: see peer.c\n");
  return 2;
}
