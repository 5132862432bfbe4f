#include "share/path_index.h"

#include <gtest/gtest.h>

namespace dozo::share {
namespace {

TEST(PathIndex, beneath_is_strictly_beneath) {
  PathIndex index;
  index.add(1, u"D");
  EXPECT_FALSE(index.has_beneath(1, u"D"));
  index.add(1, u"D\\SUB\\F");
  EXPECT_TRUE(index.has_beneath(1, u"D"));
  EXPECT_TRUE(index.has_beneath(1, u"D\\SUB"));
  EXPECT_FALSE(index.has_beneath(1, u"D\\SUB\\F"));
}

TEST(PathIndex, a_name_that_only_begins_alike_is_not_beneath) {
  PathIndex index;
  index.add(1, u"D2\\F");
  index.add(1, u"D!");
  index.add(1, u"D");
  EXPECT_FALSE(index.has_beneath(1, u"D"));
}

TEST(PathIndex, everything_is_beneath_the_root_of_its_volume) {
  PathIndex index;
  index.add(1, u"");
  EXPECT_FALSE(index.has_beneath(1, u""));
  index.add(2, u"F");
  EXPECT_FALSE(index.has_beneath(1, u""));
  EXPECT_TRUE(index.has_beneath(2, u""));
}

TEST(PathIndex, a_path_is_gone_with_its_last_open) {
  PathIndex index;
  index.add(1, u"D\\F");
  index.add(1, u"D\\F", 2);
  index.remove(1, u"D\\F");
  EXPECT_TRUE(index.has_beneath(1, u"D"));
  index.remove(1, u"D\\F", 2);
  EXPECT_FALSE(index.has_beneath(1, u"D"));
  EXPECT_EQ(index.size(), 0u);
}

}  // namespace
}  // namespace dozo::share
