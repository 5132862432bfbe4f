/* Shared between smbload and idleconns: libsmbclient context setup through a
 * private client smb.conf, and /proc sampling of a server's process tree. */
#pragma once
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libsmbclient.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char* fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char* fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vfprintf(stderr, fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  exit(2);
}

/* ---- connection options --------------------------------------------- */
struct conn_opts {
  const char *host, *share, *user, *pass, *domain;
  int port;
  const char* sign; /* client signing = ... */
  const char* enc;  /* off | desired | required */
  const char *enc_alg, *sign_alg, *max_proto, *min_proto;
  const char* extra; /* further smb.conf lines, ';' separated */
  char confdir[64], conf[96];
};

static void conn_defaults(struct conn_opts* o) {
  memset(o, 0, sizeof *o);
  o->host = "127.0.0.1";
  o->share = "shm";
  o->user = "games";
  o->pass = "perfpw";
  o->domain = "WORKGROUP";
  o->port = 44501;
  o->sign = "if_required";
  o->enc = "off";
  o->enc_alg = "AES-128-GCM";
  o->sign_alg = "AES-128-GMAC, AES-128-CMAC, HMAC-SHA256";
  o->max_proto = "SMB3_11";
  o->min_proto = "SMB2_02";
}

static void rm_confdir(struct conn_opts* o) {
  char p[160];
  unlink(o->conf);
  snprintf(p, sizeof p, "%s/.smb", o->confdir);
  rmdir(p);
  rmdir(o->confdir);
}

static void write_conf(struct conn_opts* o) {
  snprintf(o->confdir, sizeof o->confdir, "/tmp/smbload.XXXXXX");
  if (!mkdtemp(o->confdir)) die("mkdtemp: %s", strerror(errno));
  char p[160];
  snprintf(p, sizeof p, "%s/.smb", o->confdir);
  mkdir(p, 0700);
  snprintf(o->conf, sizeof o->conf, "%s/.smb/smb.conf", o->confdir);
  FILE* f = fopen(o->conf, "w");
  if (!f) die("%s: %s", o->conf, strerror(errno));
  fprintf(f,
          "[global]\n"
          "\tworkgroup = %s\n\tlog level = 0\n\tlogging = file\n\tlog file = /dev/null\n"
          "\tnetbios name = LOADGEN\n\tname resolve order = host\n"
          "\tclient signing = %s\n\tclient smb encrypt = %s\n"
          "\tclient smb3 encryption algorithms = %s\n\tclient smb3 signing algorithms = %s\n"
          "\tclient max protocol = %s\n\tclient min protocol = %s\n"
          "\tclient use kerberos = off\n\tclient ntlmv2 auth = yes\n"
          "\tclient protection = %s\n"
          "\tlock directory = %s\n\tstate directory = %s\n\tcache directory = %s\n\tprivate dir = %s\n",
          o->domain, o->sign, o->enc, o->enc_alg, o->sign_alg, o->max_proto, o->min_proto,
          !strcmp(o->enc, "required") ? "encrypt" : "default", o->confdir, o->confdir, o->confdir, o->confdir);
  if (o->extra) {
    char* e = strdup(o->extra);
    for (char* t = strtok(e, ";"); t; t = strtok(NULL, ";")) fprintf(f, "\t%s\n", t);
    free(e);
  }
  fclose(f);
  setenv("HOME", o->confdir, 1);
  setenv("SMB_CONF_PATH", o->conf, 1);
  setenv("LIBSMBCLIENT_NO_CCACHE", "1", 1);
  unsetenv("KRB5CCNAME");
}

static struct conn_opts* g_co;
static void auth_fn(SMBCCTX* c, const char* srv, const char* shr, char* wg, int wgl, char* un, int unl, char* pw,
                    int pwl) {
  (void)c;
  (void)srv;
  (void)shr;
  snprintf(wg, wgl, "%s", g_co->domain);
  snprintf(un, unl, "%s", g_co->user);
  snprintf(pw, pwl, "%s", g_co->pass);
}

static SMBCCTX* ctx_new(struct conn_opts* o, bool first) {
  g_co = o;
  SMBCCTX* c = smbc_new_context();
  if (!c) return NULL;
  smbc_setDebug(c, 0);
  smbc_setTimeout(c, 60000);
  smbc_setWorkgroup(c, o->domain);
  smbc_setUser(c, o->user);
  smbc_setNetbiosName(c, "LOADGEN");
  smbc_setFunctionAuthDataWithContext(c, auth_fn);
  smbc_setOptionNoAutoAnonymousLogin(c, 1);
  smbc_setOptionUseKerberos(c, 0);
  smbc_setOptionUseCCache(c, 0);
  smbc_setOptionUrlEncodeReaddirEntries(c, 0);
  if (!strcmp(o->enc, "required"))
    smbc_setOptionSmbEncryptionLevel(c, SMBC_ENCRYPTLEVEL_REQUIRE);
  else if (!strcmp(o->enc, "off"))
    smbc_setOptionSmbEncryptionLevel(c, SMBC_ENCRYPTLEVEL_NONE);
  if (!smbc_init_context(c)) {
    smbc_free_context(c, 1);
    return NULL;
  }
  if (first) smbc_setConfiguration(c, o->conf); /* process-global */
  smbc_setPort(c, o->port);
  return c;
}

#define CONN_LONGOPTS                                                                                            \
  {"host", 1, 0, 1001}, {"port", 1, 0, 1002}, {"share", 1, 0, 1003}, {"user", 1, 0, 1004}, {"pass", 1, 0, 1005}, \
      {"sign", 1, 0, 1006}, {"enc", 1, 0, 1007}, {"enc-alg", 1, 0, 1008}, {"sign-alg", 1, 0, 1009},              \
      {"max-proto", 1, 0, 1010}, {"min-proto", 1, 0, 1011}, {"conf-extra", 1, 0, 1012}, {"domain", 1, 0, 1013},  \
      {"profile", 1, 0, 1014}

static bool conn_opt(struct conn_opts* o, int c, char* a) {
  switch (c) {
    case 1001:
      o->host = a;
      return true;
    case 1002:
      o->port = atoi(a);
      return true;
    case 1003:
      o->share = a;
      return true;
    case 1004:
      o->user = a;
      return true;
    case 1005:
      o->pass = a;
      return true;
    case 1006:
      o->sign = a;
      return true;
    case 1007:
      o->enc = a;
      return true;
    case 1008:
      o->enc_alg = a;
      return true;
    case 1009:
      o->sign_alg = a;
      return true;
    case 1010:
      o->max_proto = a;
      return true;
    case 1011:
      o->min_proto = a;
      return true;
    case 1012:
      o->extra = a;
      return true;
    case 1013:
      o->domain = a;
      return true;
    case 1014:
      if (!strcmp(a, "plain")) {
        o->sign = "if_required";
        o->enc = "off";
      } else if (!strcmp(a, "signed")) {
        o->sign = "required";
        o->enc = "off";
      } else if (!strcmp(a, "cmac")) {
        o->sign = "required";
        o->enc = "off";
        o->sign_alg = "AES-128-CMAC";
      } else if (!strcmp(a, "enc")) {
        o->sign = "required";
        o->enc = "required";
      } else if (!strcmp(a, "enc256")) {
        o->sign = "required";
        o->enc = "required";
        o->enc_alg = "AES-256-GCM";
      } else
        die("profile: plain|signed|cmac|enc|enc256");
      return true;
  }
  return false;
}

/* ---- /proc sampling of a process tree ------------------------------- */
struct pent {
  int pid, ppid;
  uint64_t ticks;
  bool in;
};
struct tree {
  struct pent* e;
  int n, cap;
};

static void tree_scan(struct tree* t, int root) {
  t->n = 0;
  DIR* d = opendir("/proc");
  if (!d) return;
  struct dirent* de;
  while ((de = readdir(d))) {
    if (!isdigit((unsigned char)de->d_name[0])) continue;
    char p[300], b[1024];
    snprintf(p, sizeof p, "/proc/%s/stat", de->d_name);
    int fd = open(p, O_RDONLY);
    if (fd < 0) continue;
    ssize_t r = read(fd, b, sizeof b - 1);
    close(fd);
    if (r <= 0) continue;
    b[r] = 0;
    char* q = strrchr(b, ')');
    if (!q) continue;
    char st;
    int ppid;
    uint64_t ut, stt;
    int64_t cut, cst;
    if (sscanf(q + 2, "%c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, &st,
               &ppid, &ut, &stt, &cut, &cst) != 6)
      continue;
    if (t->n == t->cap) t->e = realloc(t->e, sizeof *t->e * (t->cap = t->cap ? t->cap * 2 : 512));
    t->e[t->n++] = (struct pent){atoi(de->d_name), ppid, ut + stt + cut + cst, false};
  }
  closedir(d);
  for (int i = 0; i < t->n; i++)
    if (t->e[i].pid == root) t->e[i].in = true;
  for (bool more = true; more;) {
    more = false;
    for (int i = 0; i < t->n; i++) {
      if (t->e[i].in) continue;
      for (int j = 0; j < t->n; j++)
        if (t->e[j].in && t->e[j].pid == t->e[i].ppid) {
          t->e[i].in = more = true;
          break;
        }
    }
  }
}

/* utime+stime of the live tree plus what it has reaped, in seconds (10 ms ticks) */
static double __attribute__((unused)) tree_cpu(int root) {
  static struct tree t;
  if (root <= 0) return 0;
  tree_scan(&t, root);
  uint64_t s = 0;
  for (int i = 0; i < t.n; i++)
    if (t.e[i].in) s += t.e[i].ticks;
  return (double)s / sysconf(_SC_CLK_TCK);
}

static double __attribute__((unused)) host_busy(double* steal) {
  FILE* f = fopen("/proc/stat", "r");
  unsigned long long u, n, s, i, w, q, sq, st;
  int got = f ? fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &u, &n, &s, &i, &w, &q, &sq, &st) : 0;
  if (got != 8) {
    if (f) fclose(f);
    return 0;
  }
  fclose(f);
  double hz = sysconf(_SC_CLK_TCK);
  *steal = st / hz;
  return (u + n + s + q + sq) / hz;
}
