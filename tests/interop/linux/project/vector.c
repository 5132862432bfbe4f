#include "vector.h"

#include <stdlib.h>
#include <string.h>

void vector_push(struct vector *v, struct pair pair) {
  if (v->size == v->room) {
    v->room = v->room ? v->room * 2 : 16;
    v->items = realloc(v->items, v->room * sizeof *v->items);
  }
  v->items[v->size++] = pair;
}

static int compare(const void *a, const void *b) {
  const struct pair *left = a, *right = b;
  if (left->count != right->count) return left->count < right->count ? 1 : -1;
  return strcmp(left->word, right->word);
}

void vector_sort(struct vector *v) { qsort(v->items, v->size, sizeof *v->items, compare); }

void vector_free(struct vector *v) { free(v->items); }
