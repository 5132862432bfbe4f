// Compounds, interim answers and CANCEL. [MS-SMB2] 3.3.5.2.7, 3.3.4.1.3, 3.3.4.2, 3.3.5.16.
#include "server/testing/test_fixture.h"
#include "wire/change_notify.h"
#include "wire/echo.h"
#include "wire/flush.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/tree_connect.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

class Compound : public ServerTest {
 protected:
  static Element create(std::string_view name, OpenArgs args = {}) {
    return element(Command::create, create_request(name, args));
  }
  static Element close(FileId id = kRelatedFileId, bool related = true) {
    return element(Command::close, wire::CloseRequest{.flags = {}, .file_id = id}, related);
  }
  static Element read(FileId id = kRelatedFileId, bool related = true) {
    return element(Command::read, wire::ReadRequest{.length = 100, .offset = 0, .file_id = id}, related);
  }
  static Element write(std::string_view text, FileId id = kRelatedFileId, bool related = true) {
    return element(Command::write, wire::WriteRequest{.data = as_bytes(text), .offset = 0, .file_id = id}, related);
  }
  static std::vector<NtStatus> statuses(const std::vector<Answer>& answers) {
    std::vector<NtStatus> out;
    for (const Answer& answer : answers) out.push_back(answer.status());
    return out;
  }
};

using Statuses = std::vector<NtStatus>;

TEST_F(Compound, related_elements_use_the_file_that_the_first_one_made) {
  const auto answers = alice().compound({create("f"), write("compound"), read(), close()});
  EXPECT_EQ(statuses(answers), Statuses(4, NtStatus::SUCCESS));
  EXPECT_EQ(as_text(answers[2].as<wire::ReadResponse>().data), "compound");
}

TEST_F(Compound, answers_come_in_one_frame_each_aligned_to_8) {
  const std::size_t before = alice().frames_received();
  const auto answers = alice().compound({
      create("f"),
      close(),
  });
  EXPECT_EQ(alice().frames_received(), before + 1);
  ASSERT_EQ(alice().last_frame().size(), 2u);
  EXPECT_EQ(alice().last_frame()[0].bytes.size() % 8, 0u);
  EXPECT_EQ(answers[0].header.next_command, answers[0].bytes.size());
  EXPECT_EQ(answers[1].header.next_command, 0u);
}

TEST_F(Compound, related_answers_say_so_all_but_the_first) {
  const auto answers = alice().compound({create("f"), read(), close()});
  EXPECT_FALSE(answers[0].header.is_related());
  EXPECT_TRUE(answers[1].header.is_related());
  EXPECT_TRUE(answers[2].header.is_related());
}

TEST_F(Compound, every_answer_is_signed) {
  for (const Answer& answer : alice().compound({create("f"), read(), close()})) EXPECT_TRUE(answer.is_signed);
}

TEST_F(Compound, an_encrypted_compound_is_answered_in_one_encrypted_frame) {
  Client& peer = world().log_on({.encrypt = true});
  for (const Answer& answer : peer.compound({create("f"), close()})) {
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    EXPECT_TRUE(answer.encrypted);
  }
}

TEST_F(Compound, what_needs_the_file_of_a_failed_create_fails_alike) {
  const auto answers = alice().compound({create("none", {.disposition = CreateDisposition::open}), read(), close()});
  EXPECT_EQ(statuses(answers), Statuses(3, NtStatus::OBJECT_NAME_NOT_FOUND));
}

TEST_F(Compound, a_failed_read_does_not_keep_the_close_from_closing) {
  const auto answers = alice().compound({create("empty"), read(), close()});
  EXPECT_EQ(answers[1].status(), NtStatus::END_OF_FILE);
  world().settle();
  EXPECT_EQ(world().server().stats.opens_now.load(), 0u);
}

TEST_F(Compound, without_a_file_before_it_a_related_request_has_an_invalid_handle) {
  const auto answers = alice().compound({element(Command::echo, wire::EchoRequest{}), read()});
  EXPECT_EQ(answers[0].status(), NtStatus::SUCCESS);
  EXPECT_TRUE(is_error(answers[1].status()));
}

TEST_F(Compound, the_first_element_cannot_be_related) {
  const auto answers = alice().compound({element(Command::create, create_request("f", {}), true), close()});
  EXPECT_EQ(statuses(answers), Statuses(2, NtStatus::INVALID_PARAMETER));
}

TEST_F(Compound, a_file_of_an_earlier_request_carries_on_too) {
  const FileId file = alice().open("f");
  const auto answers = alice().compound({write("abc", file, false), read(), close()});
  EXPECT_EQ(statuses(answers), Statuses(3, NtStatus::SUCCESS));
}

TEST_F(Compound, unrelated_elements_stand_alone) {
  const FileId file = alice().open("f");
  alice().write(file, 0, "abc");
  const auto answers = alice().compound(
      {create("none", {.disposition = CreateDisposition::open}), read(file, false), close(file, false)});
  EXPECT_EQ(statuses(answers), (Statuses{NtStatus::OBJECT_NAME_NOT_FOUND, NtStatus::SUCCESS, NtStatus::SUCCESS}));
}

TEST_F(Compound, a_tree_connect_hands_its_tree_on) {
  wire::TreeConnectRequest request;
  request.path = u"\\\\files\\data";
  const auto answers = alice().compound(
      {element(Command::tree_connect, request), element(Command::create, create_request("f", {}), true), close()});
  EXPECT_EQ(statuses(answers), Statuses(3, NtStatus::SUCCESS));
}

// [MS-SMB2] 3.3.5.2.7.2: "if the previous operation failed to create SessionId or TreeId".
TEST_F(Compound, after_a_failed_tree_connect_what_needs_its_tree_is_an_invalid_parameter) {
  wire::TreeConnectRequest request;
  request.path = u"\\\\files\\nowhere";
  const auto answers = alice().compound({element(Command::tree_connect, request, false, {.tree = TreeId{}}),
                                         element(Command::create, create_request("f", {}), true), close()});
  EXPECT_EQ(statuses(answers),
            (Statuses{NtStatus::BAD_NETWORK_NAME, NtStatus::INVALID_PARAMETER, NtStatus::INVALID_PARAMETER}));
}

TEST_F(Compound, an_element_that_is_not_aligned_ends_the_connection) {
  ByteVector frame = alice().make_message(element(Command::echo, wire::EchoRequest{}, false));
  frame.resize(69);
  store_le(frame.data() + wire::kNextCommandOffset, std::uint32_t{69});
  const ByteVector second = alice().make_message(element(Command::echo, wire::EchoRequest{}));
  frame.insert(frame.end(), second.begin(), second.end());
  alice().send_frame(frame);
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Compound, a_next_command_beyond_the_frame_ends_the_connection) {
  ByteVector frame = alice().make_message(element(Command::echo, wire::EchoRequest{}));
  store_le(frame.data() + wire::kNextCommandOffset, std::uint32_t{4096});
  alice().send_frame(frame);
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Compound, too_many_elements_end_the_connection) {
  for (int i = 0; i < 4; ++i) alice().echo();
  std::vector<Element> many(65, element(Command::echo, wire::EchoRequest{}));
  alice().start_compound(many);
  EXPECT_TRUE(alice().run_until_disconnected());
}

TEST_F(Compound, the_last_element_may_wait_and_the_answers_before_it_do_not) {
  const MessageId waiting =
      alice().start_compound({create("", directory_args(CreateDisposition::open)),
                              element(Command::change_notify,
                                      wire::ChangeNotifyRequest{.output_buffer_length = 1000,
                                                                .file_id = kRelatedFileId,
                                                                .completion_filter = wire::NotifyFilterBit::file_name},
                                      true)})[1];
  world().settle();
  EXPECT_TRUE(alice().is_pending(waiting));
  EXPECT_EQ(alice().unanswered(), 1u);
  bob().open("new");
  EXPECT_EQ(alice().wait(waiting).status(), NtStatus::SUCCESS);
}

// --- Interim answers and CANCEL.

class Waiting : public ServerTest {
 protected:
  MessageId start_waiting() {
    const MessageId id = alice().start_notify(alice().open("", directory_args(CreateDisposition::open)), 1);
    world().settle();
    EXPECT_TRUE(alice().is_pending(id));
    return id;
  }
};

TEST_F(Waiting, the_interim_answer_grants_credits_and_is_not_signed) {
  const MessageId id = start_waiting();
  const Answer& interim = *alice().find_interim(id);
  EXPECT_EQ(interim.status(), NtStatus::PENDING);
  EXPECT_TRUE(interim.header.is_async());
  EXPECT_FALSE(interim.is_signed);
  EXPECT_GE(interim.header.credits, 1);
}

TEST_F(Waiting, the_final_answer_is_asynchronous_signed_and_grants_nothing) {
  const MessageId id = start_waiting();
  alice().cancel(id);
  const Answer answer = alice().wait(id);
  EXPECT_TRUE(answer.header.is_async());
  EXPECT_TRUE(answer.is_signed);
  EXPECT_EQ(answer.header.credits, 0);
}

TEST_F(Waiting, cancel_by_async_id_ends_it) {
  const MessageId id = start_waiting();
  alice().cancel(id);
  EXPECT_EQ(alice().wait(id).status(), NtStatus::CANCELLED);
}

TEST_F(Waiting, cancel_by_message_id_ends_it_too) {
  const MessageId id = start_waiting();
  alice().cancel_by_message_id(id);
  EXPECT_EQ(alice().wait(id).status(), NtStatus::CANCELLED);
}

TEST_F(Waiting, a_cancel_that_finds_nothing_has_no_answer) {
  const MessageId answered(alice().next_message_id());
  alice().echo();
  const std::size_t frames = alice().frames_received();
  alice().cancel_by_message_id(answered);
  world().settle();
  EXPECT_EQ(alice().frames_received(), frames);
  EXPECT_FALSE(alice().is_disconnected());
}

TEST_F(Waiting, an_unsigned_cancel_is_not_heeded) {
  const MessageId id = start_waiting();
  alice().options().sign = false;
  alice().cancel(id);
  alice().options().sign = true;
  world().settle();
  EXPECT_FALSE(alice().is_answered(id));
}

TEST_F(Waiting, the_cancel_of_another_connection_finds_nothing) {
  const MessageId id = start_waiting();
  bob().cancel_by_message_id(id);
  world().settle();
  EXPECT_FALSE(alice().is_answered(id));
}

TEST_F(Waiting, other_requests_are_served_meanwhile) {
  start_waiting();
  EXPECT_EQ(alice().echo().status(), NtStatus::SUCCESS);
}

TEST_F(Waiting, a_lost_connection_ends_all_of_them) {
  for (int i = 0; i < 5; ++i) start_waiting();
  alice().reset();
  EXPECT_TRUE(alice().run_until_disconnected());
}

}  // namespace
}  // namespace dozo::server::testing
