#include "vfs/short_name.h"

#include <gtest/gtest.h>

namespace dozo::vfs {
namespace {

TEST(ShortName, a_name_that_is_8_3_is_its_own_in_upper_case) {
  EXPECT_EQ(short_name_of("readme.txt"), "README.TXT");
  EXPECT_EQ(short_name_of("A"), "A");
  EXPECT_EQ(short_name_of("x-y_z~1.c"), "X-Y_Z~1.C");
}

TEST(ShortName, what_is_no_8_3_name_is_told_so) {
  for (const char* name : {"ninechars", "a.long", "a.b.c", ".profile", "a b", "a.", "", "\xC3\xA4.txt", "a+b"}) {
    EXPECT_FALSE(is_short_name(name)) << name;
  }
}

TEST(ShortName, a_made_name_is_8_3_and_known_as_made) {
  for (const char* name : {"a long name.html", ".profile", "a.b.c", "trailing dot.", "\xC3\xA4", "++++", "~~~~~~~~~"}) {
    const std::string made = short_name_of(name);
    EXPECT_TRUE(is_short_name(made)) << made;
    EXPECT_TRUE(is_made_short_name(made)) << made;
  }
  EXPECT_FALSE(is_made_short_name("NAME~1.TXT"));
}

TEST(ShortName, keeps_the_start_and_the_extension) {
  const std::string made = short_name_of("Quarterly report.docx");
  EXPECT_TRUE(made.starts_with("QU"));
  EXPECT_TRUE(made.ends_with(".DOC"));
}

TEST(ShortName, depends_on_the_whole_name_but_not_on_case) {
  EXPECT_NE(short_name_of("Report for 2024.txt"), short_name_of("Report for 2025.txt"));
  EXPECT_EQ(short_name_of("Report for 2024.txt"), short_name_of("REPORT FOR 2024.TXT"));
}

}  // namespace
}  // namespace dozo::vfs
