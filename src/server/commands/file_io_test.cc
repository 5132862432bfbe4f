// CLOSE, READ, WRITE, FLUSH. [MS-SMB2] 3.3.5.10 to 3.3.5.13.
#include "server/testing/test_fixture.h"
#include "wire/flush.h"
#include "wire/read.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

class FileIo : public ServerTest {
 protected:
  FileId file_with(std::string_view text) {
    const FileId file = alice().open("f");
    EXPECT_EQ(alice().write(file, 0, text), NtStatus::SUCCESS);
    return file;
  }
  NtStatus read_with(const wire::ReadRequest& request) {
    return alice().call(wire::Command::read, request, {.payload = request.length}).status();
  }
  NtStatus flush(FileId id) { return alice().call(wire::Command::flush, wire::FlushRequest{.file_id = id}).status(); }
  FileId open_pipe() {
    alice().connect_tree("IPC$");
    return alice().open("srvsvc");
  }
};

// --- CLOSE.

TEST_F(FileIo, close_with_attributes_tells_them) {
  const auto said = alice().close_with_attributes(file_with("12345")).as<wire::CloseResponse>();
  EXPECT_TRUE(said.flags.has(wire::CloseFlag::postquery_attrib));
  EXPECT_EQ(said.end_of_file, 5u);
  EXPECT_NE(said.creation_time.ticks, 0u);
  EXPECT_FALSE(said.file_attributes.empty());
}

TEST_F(FileIo, close_without_them_tells_nothing) {
  const FileId file = file_with("12345");
  const Answer answer = alice().call(wire::Command::close, wire::CloseRequest{.flags = {}, .file_id = file});
  const auto said = answer.as<wire::CloseResponse>();
  EXPECT_TRUE(said.flags.empty());
  EXPECT_EQ(said.end_of_file, 0u);
  EXPECT_EQ(said.creation_time.ticks, 0u);
  EXPECT_TRUE(said.file_attributes.empty());
}

TEST_F(FileIo, close_twice_is_file_closed) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close(file), NtStatus::FILE_CLOSED);
}

TEST_F(FileIo, the_persistent_half_of_a_file_id_counts) {
  FileId file = alice().open("f");
  file.persistent ^= 1;
  EXPECT_EQ(alice().close(file), NtStatus::FILE_CLOSED);
}

TEST_F(FileIo, a_file_id_of_another_session_is_none) {
  const FileId file = alice().open("f");
  EXPECT_EQ(bob().close(file), NtStatus::FILE_CLOSED);
}

TEST_F(FileIo, the_id_of_a_compound_is_none_outside_of_one) {
  EXPECT_EQ(alice().close(kRelatedFileId), NtStatus::FILE_CLOSED);
}

// --- READ.

TEST_F(FileIo, read_returns_what_was_written) { EXPECT_EQ(alice().read_text(file_with("hello"), 0, 5), "hello"); }

TEST_F(FileIo, read_across_the_end_is_short) { EXPECT_EQ(alice().read_text(file_with("hello"), 3, 100), "lo"); }

TEST_F(FileIo, read_past_the_end_is_end_of_file) {
  EXPECT_EQ(alice().read(file_with("hello"), 5, 1).status(), NtStatus::END_OF_FILE);
}

TEST_F(FileIo, read_of_nothing_succeeds) {
  EXPECT_EQ(alice().read(file_with("hello"), 0, 0).status(), NtStatus::SUCCESS);
}

TEST_F(FileIo, read_of_less_than_the_minimum_is_end_of_file) {
  const FileId file = file_with("hello");
  EXPECT_EQ(read_with({.length = 100, .offset = 0, .file_id = file, .minimum_count = 6}), NtStatus::END_OF_FILE);
  EXPECT_EQ(read_with({.length = 100, .offset = 0, .file_id = file, .minimum_count = 5}), NtStatus::SUCCESS);
}

TEST_F(FileIo, read_beyond_the_greatest_offset_is_an_invalid_parameter) {
  const FileId file = file_with("hello");
  EXPECT_EQ(alice().read(file, 1ull << 63, 1).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().read(file, (1ull << 63) - 1, 1).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().read(file, ~0ull, 1).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(FileIo, read_of_more_than_was_negotiated_is_an_invalid_parameter) {
  const FileId file = file_with("hello");
  for (int i = 0; i < 4; ++i) alice().echo();
  EXPECT_EQ(alice().read(file, 0, alice().io_size_max() + 1).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(FileIo, read_without_the_right_is_denied) {
  file_with("hello");
  const FileId blind = alice().open("f", {.access = Access::write_data});
  EXPECT_EQ(alice().read(blind, 0, 1).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(FileIo, read_of_a_directory_is_an_invalid_device_request) {
  EXPECT_EQ(alice().read(alice().open("", directory_args(CreateDisposition::open)), 0, 1).status(),
            NtStatus::INVALID_DEVICE_REQUEST);
}

TEST_F(FileIo, read_over_a_channel_that_is_not_there_is_an_invalid_parameter) {
  const FileId file = file_with("hello");
  EXPECT_EQ(read_with({.length = 1, .offset = 0, .file_id = file, .channel = wire::Channel::rdma_v1}),
            NtStatus::INVALID_PARAMETER);
}

// [MS-SMB2] 3.3.5.12: a server of 3.0.2 and later.
TEST_F(FileIo, an_unbuffered_read_of_a_pipe_is_an_invalid_parameter) {
  EXPECT_EQ(read_with({.flags = wire::ReadFlag::unbuffered, .length = 1, .offset = 0, .file_id = open_pipe()}),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(FileIo, a_read_that_another_has_locked_conflicts) {
  const FileId file = file_with("hello");
  const FileId other = bob().open("f");
  bob().lock(other, {{.offset = 0, .length = 2, .flags = wire::LockFlag::exclusive_lock}});
  EXPECT_EQ(alice().read(file, 1, 1).status(), NtStatus::FILE_LOCK_CONFLICT);
  EXPECT_EQ(alice().read_text(file, 2, 1), "l");
}

TEST_F(FileIo, a_multi_credit_read_and_write_are_whole) {
  std::string large(1'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 % 251);
  const FileId file = alice().open("f");
  EXPECT_EQ(alice().write(file, 0, large), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 1'000'000), large);
}

TEST_F(FileIo, what_an_extending_write_skips_reads_as_zeros) {
  const FileId file = file_with("ab");
  EXPECT_EQ(alice().write(file, 4, "c"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 10), std::string("ab\0\0c", 5));
}

// --- WRITE.

TEST_F(FileIo, write_counts_what_it_wrote) {
  const FileId file = alice().open("f");
  const Answer answer =
      alice().call(wire::Command::write, wire::WriteRequest{.data = as_bytes("12345"), .offset = 0, .file_id = file});
  EXPECT_EQ(answer.as<wire::WriteResponse>().count, 5u);
}

TEST_F(FileIo, write_of_nothing_changes_nothing) {
  const FileId file = file_with("hello");
  EXPECT_EQ(alice().write(file, 100, ""), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close_with_attributes(file).as<wire::CloseResponse>().end_of_file, 5u);
}

TEST_F(FileIo, write_without_the_right_is_denied) {
  file_with("hello");
  const FileId reader = alice().open("f", {.access = Access::read_data});
  EXPECT_EQ(alice().write(reader, 0, "x"), NtStatus::ACCESS_DENIED);
}

TEST_F(FileIo, write_beyond_the_greatest_offset_is_an_invalid_parameter) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice().write(file, (1ull << 63) - 1, "x"), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().write(file, ~0ull, "x"), NtStatus::INVALID_PARAMETER);
}

TEST_F(FileIo, write_with_the_right_to_append_alone_appends) {
  file_with("hello");
  const FileId file = alice().open("f", {.access = Access::append_data | Access::synchronize});
  EXPECT_EQ(alice().write(file, 5, " world"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(alice().open("f"), 0, 100), "hello world");
}

TEST_F(FileIo, write_where_another_has_locked_conflicts) {
  const FileId file = file_with("hello");
  bob().lock(bob().open("f"), {{.offset = 0, .length = 2, .flags = wire::LockFlag::shared_lock}});
  EXPECT_EQ(alice().write(file, 1, "x"), NtStatus::FILE_LOCK_CONFLICT);
}

TEST_F(FileIo, write_to_a_directory_is_an_invalid_device_request) {
  EXPECT_EQ(alice().write(alice().open("", directory_args(CreateDisposition::open)), 0, "x"),
            NtStatus::INVALID_DEVICE_REQUEST);
}

// [MS-SMB2] 3.3.5.13.
TEST_F(FileIo, a_write_through_write_to_a_pipe_is_an_invalid_parameter) {
  const FileId pipe = open_pipe();
  const Answer answer = alice().call(
      wire::Command::write,
      wire::WriteRequest{.data = as_bytes("x"), .offset = 0, .file_id = pipe, .flags = wire::WriteFlag::write_through});
  EXPECT_EQ(answer.status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(FileIo, a_write_whose_data_lies_beyond_its_frame_is_an_invalid_parameter) {
  const FileId file = alice().open("f");
  ByteVector body = body_of(wire::WriteRequest{.data = as_bytes("12345"), .offset = 0, .file_id = file});
  store_le(body.data() + 4, std::uint32_t{4096});  // Length
  const MessageId id = alice().start_body(wire::Command::write, body, {});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::INVALID_PARAMETER);
}

// [MS-SMB2] 3.3.5.13: "DataOffset is greater than 0x100".
TEST_F(FileIo, a_write_whose_data_begins_beyond_0x100_is_an_invalid_parameter) {
  const FileId file = alice().open("f");
  ByteVector body = body_of(wire::WriteRequest{.data = as_bytes("12345"), .offset = 0, .file_id = file});
  body.resize(0x200);
  store_le(body.data() + 2, std::uint16_t{0x108});  // DataOffset
  const MessageId id = alice().start_body(wire::Command::write, body, {});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::INVALID_PARAMETER);
}

// --- FLUSH.

TEST_F(FileIo, flush_of_what_was_written_succeeds) { EXPECT_EQ(flush(file_with("hello")), NtStatus::SUCCESS); }

TEST_F(FileIo, flush_needs_a_right_to_write) {
  file_with("hello");
  EXPECT_EQ(flush(alice().open("f", {.access = Access::read_data})), NtStatus::ACCESS_DENIED);
}

TEST_F(FileIo, flush_of_what_is_closed_is_file_closed) { EXPECT_EQ(flush({1, 2}), NtStatus::FILE_CLOSED); }

TEST_F(FileIo, flush_of_a_directory_needs_the_right_to_add_to_it) {
  EXPECT_EQ(flush(alice().open("d", {.access = kFileGenericRead, .options = CreateOption::directory_file})),
            NtStatus::ACCESS_DENIED);
  EXPECT_EQ(flush(alice().open("d", {.access = kFileGenericWrite, .options = CreateOption::directory_file})),
            NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
