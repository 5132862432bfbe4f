#include <stdio.h>

#include "report.h"
#include "text.h"
#include "version.h"

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "count %s: count FILE...\n", COUNT_VERSION);
    return 2;
  }
  struct map *map = map_new();
  for (int i = 1; i < argc; i++) {
    if (count_words(argv[i], map) < 0) {
      perror(argv[i]);
      return 1;
    }
  }
  report(map, 10, stdout);
  map_free(map);
  return 0;
}
