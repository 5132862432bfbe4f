#include "share/scenario.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "share/scenario_runner.h"

namespace dozo::share {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// path and text of every scenario file.
std::vector<std::pair<std::string, std::string>> scenario_files() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& entry : std::filesystem::directory_iterator(DOZO_SOURCE_DIR "/tests/scenarios")) {
    if (entry.path().extension() == ".smbt") out.emplace_back(entry.path().filename(), read_text(entry.path()));
  }
  return out;
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_scenarios(text);
  if (parsed) return "no error";
  return std::to_string(parsed.error().line) + ": " + parsed.error().message;
}

TEST(Scenario, every_scenario_in_the_folder_holds_for_the_engine) {
  std::size_t count = 0;
  for (const auto& [name, text] : scenario_files()) {
    const auto scenarios = parse_scenarios(text);
    ASSERT_TRUE(scenarios) << name << " line " << scenarios.error().line << ": " << scenarios.error().message;
    for (const Scenario& scenario : *scenarios) {
      const auto done = run_scenario(scenario);
      EXPECT_TRUE(done) << name << ": " << scenario.title << "\n" << (done ? "" : done.error());
      ++count;
    }
  }
  EXPECT_GE(count, 100u);
}

TEST(Scenario, every_scenario_survives_the_way_through_text) {
  for (const auto& [name, text] : scenario_files()) {
    for (const Scenario& scenario : parse_scenarios(text).value()) {
      const std::string printed = to_text(scenario);
      const auto again = parse_scenarios(printed);
      ASSERT_TRUE(again) << printed << again.error().message;
      EXPECT_EQ(to_text(again->front()), printed);
      EXPECT_TRUE(run_scenario(again->front())) << printed;
    }
  }
}

TEST(Scenario, a_wrong_answer_is_reported_with_its_line) {
  const auto scenarios =
      parse_scenarios("scenario x\nA open f access=r share=-\nB open f access=r share=rwd\n").value();
  const auto done = run_scenario(scenarios.front());
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().starts_with("line 3: expected\nB open f access=r share=rwd -> ok\n")) << done.error();
  EXPECT_TRUE(done.error().ends_with("-> SHARING_VIOLATION\n")) << done.error();
}

TEST(Scenario, an_effect_that_is_missing_or_too_many_fails) {
  const std::string open = "scenario x\nA open f access=d share=- doc\nA close f\n";
  EXPECT_FALSE(run_scenario(parse_scenarios(open).value().front()));
  EXPECT_TRUE(run_scenario(parse_scenarios(open + "=> A purge f\n").value().front()));
  EXPECT_FALSE(run_scenario(parse_scenarios(open + "=> A purge f\n=> A purge f\n").value().front()));
}

TEST(Scenario, what_is_not_understood_is_an_error_with_its_line) {
  EXPECT_EQ(error_of("A open f access=r share=-"), "1: the first line is `scenario TITLE`");
  EXPECT_EQ(error_of("scenario x\n# fine\nA dance f\n"), "3: unknown verb 'dance'");
  EXPECT_EQ(error_of("scenario x\nA open f access=q share=-\n"), "2: unknown access 'q'");
  EXPECT_EQ(error_of("scenario x\nA open f access=r share=q\n"), "2: unknown share mode 'q'");
  EXPECT_EQ(error_of("scenario x\nA open f access=r\n"), "2: open wants access= and share=");
  EXPECT_EQ(error_of("scenario x\nA close f -> NO_SUCH_ANSWER\n"), "2: unknown answer 'NO_SUCH_ANSWER'");
  EXPECT_EQ(error_of("scenario x\nA lock f 5 excl\n"), "2: '5' is no OFFSET+LENGTH");
  EXPECT_EQ(error_of("scenario x\nA lock f 5+99999999999999999999 excl\n"),
            "2: '5+99999999999999999999' is no OFFSET+LENGTH");
  EXPECT_EQ(error_of("scenario x\nA lock f 5+5 excl,\n"), "2: a range is missing");
  EXPECT_EQ(error_of("scenario x\nA lock f\n"), "2: a range is missing");
  EXPECT_EQ(error_of("scenario x\nA lock f 5+5 excl seq=1\n"), "2: seq= wants INDEX/NUMBER");
  EXPECT_EQ(error_of("scenario x\nA unlock f 5+5 excl\n"), "2: a range list does not know 'excl'");
  EXPECT_EQ(error_of("scenario x\nA rename f g\n"), "2: wants `to PATH`");
  EXPECT_EQ(error_of("scenario x\nA close\n"), "2: a handle is missing");
  EXPECT_EQ(error_of("scenario x\nadvance soon\n"), "2: advance wants seconds, as in 5s");
  EXPECT_EQ(error_of("scenario x\n=> A wake ok\n"), "2: an effect follows a step");
  EXPECT_EQ(error_of("scenario x\nA open f access=r share=- oplock=huge\n"), "2: unknown oplock level 'huge'");
  EXPECT_EQ(error_of("scenario x\nA open f access=r share=- lease=K\n"), "2: a lease is KEY:STATE");
  EXPECT_EQ(error_of("scenario x\nA open f access=r share=- lease=K:Q\n"), "2: unknown lease state 'Q'");
  EXPECT_EQ(error_of("scenario x\nA open f access=r share=- v2\n"), "2: open does not know 'v2'");
  EXPECT_EQ(error_of("scenario x\nA use f eat\n"), "2: use wants HANDLE write|lock|size|delete|security|rename");
  EXPECT_EQ(error_of("scenario x\nA ack f batch at once\n"), "2: ack wants HANDLE LEVEL or KEY:STATE");
  EXPECT_EQ(error_of("scenario x\nA replace f\n"), "2: wants `PATH by HANDLE`");
  EXPECT_EQ(error_of("scenario x\nA change d K\n"), "2: change wants PATH [key=KEY]");
  EXPECT_EQ(error_of("scenario x\nA preserve f\n"), "2: preserve wants for=");
  EXPECT_EQ(error_of("scenario x\nA close f -> ok twice\n"), "2: unknown answer 'ok twice'");
}

TEST(Scenario, statuses_are_written_without_their_prefix) {
  EXPECT_EQ(answer_text(NtStatus::SUCCESS), "ok");
  EXPECT_EQ(answer_text(NtStatus::PENDING), "pending");
  EXPECT_EQ(answer_text(NtStatus::SHARING_VIOLATION), "SHARING_VIOLATION");
}

}  // namespace
}  // namespace dozo::share
