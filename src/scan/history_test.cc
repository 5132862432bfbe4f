#include "scan/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "scan/hosts_for_tests.h"

namespace dozo::scan {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    std::string pattern = testing::TempDir() + "dozo-history-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/scan.sqlite";
  }
  ~HistoryTest() override {
    for (const char* end : {"", "-wal", "-shm"}) unlink((path_ + end).c_str());
    rmdir(folder_.c_str());
  }
  History opened() {
    auto history = History::open(path_);
    EXPECT_TRUE(history.has_value()) << history.error();
    return std::move(*history);
  }

  std::string folder_;
  std::string path_;
};

HostRecord record_of(std::string host, Fact smb1) {
  HostFacts facts = safe_host();
  facts.host = std::move(host);
  facts.smb1 = std::move(smb1);
  return {std::move(facts), {}};
}

TEST_F(HistoryTest, GivesTheNewestRecordOfAHost) {
  History history = opened();
  ASSERT_TRUE(history.add(100, "net", std::array{record_of("a", kNo), record_of("b", kNo)}));
  ASSERT_TRUE(history.add(200, "net", std::array{record_of("a", kYes)}));
  const auto a = history.last_of("a", 445);
  ASSERT_TRUE(a.has_value() && a->has_value());
  EXPECT_EQ((*a)->at_s, 200);
  EXPECT_EQ((*a)->record, record_of("a", kYes));
  EXPECT_EQ((*history.last_of("b", 445))->at_s, 100);
}

TEST_F(HistoryTest, TheLaterScanIsTheNewestWhateverTheClockSaid) {
  History history = opened();
  ASSERT_TRUE(history.add(200, "", std::array{record_of("a", kNo)}));
  ASSERT_TRUE(history.add(100, "", std::array{record_of("a", kYes)}));
  EXPECT_EQ((*history.last_of("a", 445))->at_s, 100);
}

TEST_F(HistoryTest, AHostThatWasNeverSeenHasNone) {
  History history = opened();
  ASSERT_TRUE(history.add(100, "", std::array{record_of("a", kNo)}));
  EXPECT_EQ(*history.last_of("c", 445), std::nullopt);
  EXPECT_EQ(*history.last_of("a", 139), std::nullopt);
}

TEST_F(HistoryTest, IsThereWhenItIsOpenedAgain) {
  {
    ASSERT_TRUE(opened().add(100, "net", std::array{record_of("a", kYes)}));
  }
  History history = opened();
  EXPECT_EQ(*history.scans(), 1);
  EXPECT_EQ((*history.last_of("a", 445))->record.facts.smb1, kYes);
}

TEST_F(HistoryTest, AHostThatIsTwiceInAScanStandsOnce) {
  History history = opened();
  ASSERT_TRUE(history.add(100, "", std::array{record_of("a", kNo), record_of("a", kYes)}));
  EXPECT_EQ((*history.last_of("a", 445))->record.facts.smb1, kYes);
}

TEST_F(HistoryTest, HostileNamesAreText) {
  History history = opened();
  const std::string name = "a'); DROP TABLE hosts; --";
  ASSERT_TRUE(history.add(100, kHostile, std::array{record_of(name, kYes)}));
  EXPECT_TRUE(history.last_of(name, 445)->has_value());
}

TEST_F(HistoryTest, ItsFileIsForItsOwnerAlone) {
  History history = opened();
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 077, 0U);
}

TEST_F(HistoryTest, TwoMayHaveItOpen) {
  History one = opened();
  History two = opened();
  ASSERT_TRUE(one.add(100, "", std::array{record_of("a", kNo)}));
  ASSERT_TRUE(two.add(200, "", std::array{record_of("a", kYes)}));
  EXPECT_EQ((*one.last_of("a", 445))->at_s, 200);
}

TEST_F(HistoryTest, WhatIsNoHistoryIsRefusedAndNamed) {
  {
    std::ofstream file(path_);
    file << "this is no database, and longer than a header of one: " << std::string(200, 'x');
  }
  const auto history = History::open(path_);
  ASSERT_FALSE(history.has_value());
  EXPECT_NE(history.error().find(path_), std::string::npos) << history.error();
  const auto nowhere = History::open(folder_ + "/no/such/folder");
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_NE(nowhere.error().find("No such file"), std::string::npos) << nowhere.error();
}

TEST_F(HistoryTest, AFileOfANewerVersionIsLeftAlone) {
  {
    History history = opened();
    auto raw = identity::SqliteDatabase::open(path_);
    ASSERT_TRUE(raw.has_value());
    ASSERT_TRUE(raw->execute("PRAGMA user_version = 99"));
  }
  const auto history = History::open(path_);
  ASSERT_FALSE(history.has_value());
  EXPECT_NE(history.error().find("newer"), std::string::npos);
}

}  // namespace
}  // namespace dozo::scan
