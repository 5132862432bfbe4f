#include <stdio.h>
#include <string.h>

#include "report.h"
#include "text.h"

static int failures;
static void expect(int good, const char *what) {
  if (!good) {
    printf("FAILED %s\n", what);
    failures++;
  }
}

int main(void) {
  FILE *file = fopen("test.tmp", "w");
  fputs("One fish, two fish; red FISH blue fish", file);
  fclose(file);
  struct map *map = map_new();
  expect(count_words("test.tmp", map) == 8, "all words are counted");
  expect(map_size(map) == 5, "five are different");
  file = fopen("test.tmp", "w+");
  report(map, 1, file);
  rewind(file);
  char line[64] = "";
  expect(fgets(line, sizeof line, file) && strcmp(line, "4 fish\n") == 0, "the most frequent comes first");
  fclose(file);
  expect(remove("test.tmp") == 0, "the file can be removed");
  map_free(map);
  printf("%d failures\n", failures);
  return failures != 0;
}
