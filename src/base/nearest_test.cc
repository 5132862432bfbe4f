#include "base/nearest.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

TEST(Nearest, is_the_word_with_the_fewest_letters_to_change) {
  EXPECT_EQ(nearest("fileservr", {"client", "fileserver", "printer"}), "fileserver");
  EXPECT_EQ(nearest("fileserver", {"fileservers", "fileserver"}), "fileserver");
}

TEST(Nearest, is_nothing_when_all_are_far) {
  EXPECT_EQ(nearest("zebra", {"client", "fileserver"}), "");
  EXPECT_EQ(nearest("", {}), "");
}

}  // namespace
}  // namespace dozo
