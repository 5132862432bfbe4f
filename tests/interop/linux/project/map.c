#include "map.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 251 };
struct entry {
  struct entry *next;
  unsigned count;
  char word[];
};
struct map {
  struct entry *buckets[BUCKETS];
  size_t size;
};

static unsigned hash(const char *word, size_t length) {
  unsigned h = 2166136261u;
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)word[i]) * 16777619u;
  return h % BUCKETS;
}

struct map *map_new(void) { return calloc(1, sizeof(struct map)); }

void map_free(struct map *map) {
  for (int i = 0; i < BUCKETS; i++) {
    for (struct entry *e = map->buckets[i], *next; e; e = next) {
      next = e->next;
      free(e);
    }
  }
  free(map);
}

unsigned map_add(struct map *map, const char *word, size_t length) {
  struct entry **bucket = &map->buckets[hash(word, length)];
  for (struct entry *e = *bucket; e; e = e->next) {
    if (strlen(e->word) == length && memcmp(e->word, word, length) == 0) return ++e->count;
  }
  struct entry *made = malloc(sizeof(struct entry) + length + 1);
  memcpy(made->word, word, length);
  made->word[length] = 0;
  made->count = 1;
  made->next = *bucket;
  *bucket = made;
  map->size++;
  return 1;
}

size_t map_size(const struct map *map) { return map->size; }

void map_each(const struct map *map, void (*visit)(const char *, unsigned, void *), void *with) {
  for (int i = 0; i < BUCKETS; i++) {
    for (const struct entry *e = map->buckets[i]; e; e = e->next) visit(e->word, e->count, with);
  }
}
