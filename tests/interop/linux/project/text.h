#pragma once
#include "map.h"

/* Adds each word of a file to the map; the number of words, or -1. */
long count_words(const char *path, struct map *map);
