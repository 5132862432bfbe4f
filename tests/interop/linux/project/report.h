#pragma once
#include <stdio.h>

#include "map.h"

void report(const struct map *map, size_t most, FILE *out);
