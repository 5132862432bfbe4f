#include "vfs/posix/name_map.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/unicode.h"

namespace dozo::vfs::posix {
namespace {

// What the wire carries of a client's name, and back.
std::string over_the_wire(const std::string& client) { return utf16_to_utf8(utf8_to_utf16(client).value_or(u"")); }

void expect_reversible(const std::string& disk) {
  const std::string client = to_client_name(disk);
  EXPECT_EQ(over_the_wire(client), client) << testing::PrintToString(disk);
  EXPECT_EQ(to_disk_name(client), disk) << testing::PrintToString(client);
  EXPECT_EQ(client.find_first_of("\"*:<>?\\|"), std::string::npos);
  EXPECT_NE(client.back(), '.');
  EXPECT_NE(client.back(), ' ');
}

TEST(NameMap, reserved_characters_become_those_of_services_for_macintosh) {
  EXPECT_EQ(to_client_name("a:b"), "a\uF022b");
  EXPECT_EQ(to_client_name("\"*:<>?\\|x"), "\uF020\uF021\uF022\uF023\uF024\uF025\uF026\uF027x");
  EXPECT_EQ(to_client_name("dot."), "dot\uF029");
  EXPECT_EQ(to_client_name("space "), "space\uF028");
  EXPECT_EQ(to_client_name("\x01\x1F"), "\uF001\uF01F");
  EXPECT_EQ(to_disk_name("a\uF022b"), "a:b");
}

TEST(NameMap, plain_names_stay) {
  for (const char* name : {"readme.txt", "a.b c", "Grüße", "\U0001F600"}) EXPECT_EQ(to_client_name(name), name);
}

TEST(NameMap, every_name_of_one_or_two_bytes_is_reversible) {
  std::set<std::string> seen;
  std::size_t count = 0;
  for (int a = 1; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      std::string disk(1, static_cast<char>(a));
      if (b != 0) disk.push_back(static_cast<char>(b));
      if (disk == "." || disk == ".." || disk.find('/') != disk.npos) continue;
      expect_reversible(disk);
      seen.insert(to_client_name(disk));
      ++count;
    }
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(NameMap, every_character_of_three_bytes_is_reversible_alone_at_the_end_and_before) {
  for (char32_t c = 0x800; c < 0x10000; ++c) {
    const std::string bytes = {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                               static_cast<char>(0x80 | (c & 0x3F))};
    expect_reversible(bytes);
    expect_reversible("a" + bytes);
    expect_reversible(bytes + "b");
  }
}

TEST(NameMap, random_names_are_reversible) {
  std::mt19937 random(7);
  const std::string alphabet = "a.: \xEF\x80\x81\xBF\xED\xA0\xB0\xC3\xA9\xF0\x9F\xFF\x01";
  for (int i = 0; i < 200'000; ++i) {
    std::string disk;
    for (std::size_t n = 1 + random() % 9; n > 0; --n) disk.push_back(alphabet[random() % alphabet.size()]);
    if (disk != "." && disk != "..") expect_reversible(disk);
  }
}

TEST(NameMap, no_other_spelling_of_a_name_is_taken) {
  EXPECT_EQ(to_disk_name("a:b"), std::nullopt);
  EXPECT_EQ(to_disk_name("\uEFC3\uEFA9"), std::nullopt);  // the bytes of an e with an accent
  EXPECT_EQ(to_disk_name("\uF029\uF029x"), "\uF029\uF029x");
  EXPECT_EQ(to_disk_name("\uF029"), std::nullopt);   // "."
  EXPECT_EQ(to_disk_name(".\uF029"), std::nullopt);  // ".."
  EXPECT_EQ(to_disk_name("a\uEFAF"), "a\xAF");
  EXPECT_EQ(to_disk_name("\xFF"), std::nullopt);
}

TEST(NameMap, name_too_long_for_a_disk_is_none) {
  EXPECT_TRUE(to_disk_name(std::string(255, 'x')));
  EXPECT_FALSE(to_disk_name(std::string(256, 'x')));
  std::string wide;
  for (int i = 0; i < 128; ++i) wide += "é";
  EXPECT_FALSE(to_disk_name(wide));
}

TEST(NameMap, a_dot_or_space_at_the_end_means_the_name_that_is_shown_with_it) {
  EXPECT_EQ(to_disk_name("report."), "report.");
  EXPECT_EQ(to_disk_name("report "), "report ");
  EXPECT_EQ(to_disk_name("report\uF029"), "report.");
  EXPECT_EQ(to_disk_name("."), std::nullopt);
  EXPECT_EQ(to_disk_name(".."), std::nullopt);
}

}  // namespace
}  // namespace dozo::vfs::posix
