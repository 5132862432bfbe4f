#pragma once
#include <stddef.h>

struct pair {
  const char *word;
  unsigned count;
};
struct vector {
  struct pair *items;
  size_t size, room;
};
void vector_push(struct vector *vector, struct pair pair);
void vector_sort(struct vector *vector); /* the most frequent first, then by word */
void vector_free(struct vector *vector);
