#include "report.h"

#include "vector.h"

static void collect(const char *word, unsigned count, void *with) {
  struct pair pair = {word, count};
  vector_push(with, pair);
}

void report(const struct map *map, size_t most, FILE *out) {
  struct vector all = {0};
  map_each(map, collect, &all);
  vector_sort(&all);
  for (size_t i = 0; i < all.size && i < most; i++) fprintf(out, "%u %s\n", all.items[i].count, all.items[i].word);
  vector_free(&all);
}
