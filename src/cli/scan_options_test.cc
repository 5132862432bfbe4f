// What `dozo scan` takes and what it refuses, before anything is sent.
#include "cli/scan_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace dozo::cli {
namespace {

using testing::HasSubstr;

struct Typed {
  Arguments arguments;
  Typed& value(std::string_view name, std::string text) {
    arguments.set(name, {std::move(text)});
    return *this;
  }
  Typed& flag(std::string_view name) {
    arguments.set(name, {});
    return *this;
  }
};

struct Taken {
  std::optional<ScanOrder> order;
  Exit exit = Exit::done;
  std::string said;
};

Taken take(const Typed& typed) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  Taken taken;
  taken.order = scan_order(typed.arguments, io, taken.exit);
  taken.said = err.str();
  return taken;
}

TEST(ScanOptions, the_defaults_log_nobody_on_with_a_password) {
  const Taken taken = take(Typed().value("TARGET", "192.0.2.0/24"));
  ASSERT_TRUE(taken.order) << taken.said;
  EXPECT_EQ(taken.order->targets.count(), 256u);
  EXPECT_EQ(taken.order->settings.host.logon, nullptr);
  EXPECT_EQ(taken.order->settings.host.level, scan::Level::standard);
  EXPECT_GT(taken.order->settings.per_second, 0);
}

TEST(ScanOptions, a_number_that_is_none_is_wrong_usage) {
  for (const auto& [option, value] : std::vector<std::pair<std::string_view, std::string>>{{"--rate", "fast"},
                                                                                           {"--rate", "-1"},
                                                                                           {"--parallel", "0"},
                                                                                           {"--timeout", "0"},
                                                                                           {"--timeout", "nan"},
                                                                                           {"--budget", "1"},
                                                                                           {"--seed", "x"},
                                                                                           {"--port", "65536"}}) {
    const Taken taken = take(Typed().value("TARGET", "192.0.2.1").value(option, value));
    EXPECT_FALSE(taken.order) << option << value;
    EXPECT_EQ(taken.exit, Exit::usage);
    EXPECT_THAT(taken.said, HasSubstr(std::string(option)));
  }
}

TEST(ScanOptions, nothing_to_scan_is_wrong_usage) {
  EXPECT_EQ(take(Typed()).exit, Exit::usage);
  EXPECT_EQ(take(Typed().value("TARGET", "192.0.2.1").value("--exclude", "192.0.2.0/24")).exit, Exit::usage);
  EXPECT_EQ(take(Typed().value("TARGET", "192.0.2.0/99")).exit, Exit::usage);
}

TEST(ScanOptions, a_file_that_is_not_there_is_not_an_empty_one) {
  const Taken taken = take(Typed().value("TARGET", "@/nonexistent/targets"));
  EXPECT_FALSE(taken.order);
  EXPECT_THAT(taken.said, HasSubstr("cannot be read"));
}

TEST(ScanOptions, two_levels_are_wrong_usage) {
  EXPECT_EQ(take(Typed().value("TARGET", "192.0.2.1").flag("--deep").flag("--negotiate-only")).exit, Exit::usage);
}

}  // namespace
}  // namespace dozo::cli
