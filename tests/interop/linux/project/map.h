#pragma once
#include <stddef.h>

/* Counts of words. */
struct map;
struct map *map_new(void);
void map_free(struct map *map);
unsigned map_add(struct map *map, const char *word, size_t length);
size_t map_size(const struct map *map);
void map_each(const struct map *map, void (*visit)(const char *word, unsigned count, void *with), void *with);
