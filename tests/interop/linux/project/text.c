#include "text.h"

#include <ctype.h>
#include <stdio.h>

long count_words(const char *path, struct map *map) {
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  char word[256];
  size_t length = 0;
  long words = 0;
  for (int c; (c = getc(file)) != EOF || length;) {
    if (c != EOF && isalnum(c) && length < sizeof word) {
      word[length++] = (char)tolower(c);
    } else if (length) {
      map_add(map, word, length);
      words++;
      length = 0;
    }
    if (c == EOF) break;
  }
  fclose(file);
  return words;
}
