// IOCTL. [MS-SMB2] 3.3.5.15.
#include "wire/ioctl.h"

#include "server/testing/test_fixture.h"
#include "wire/fscc/fsctl.h"
#include "wire/read.h"
#include "wire/rpc_pdu.h"

namespace dozo::server::testing {
namespace {

using wire::Fsctl;

class Ioctl : public ServerTest {
 protected:
  FileId file_with(std::string_view name, std::string_view text) {
    const FileId file = alice().open(name);
    EXPECT_EQ(alice().write(file, 0, text), NtStatus::SUCCESS);
    return file;
  }
};

TEST_F(Ioctl, what_is_no_fsctl_is_not_supported) {
  const FileId file = alice().open("f");
  EXPECT_EQ(alice()
                .call(wire::Command::ioctl,
                      wire::IoctlRequest{
                          .ctl_code = Fsctl::set_sparse, .file_id = file, .input = {}, .output = {}, .flags = 0})
                .status(),
            NtStatus::NOT_SUPPORTED);
}

TEST_F(Ioctl, an_unknown_code_is_an_invalid_device_request) {
  EXPECT_EQ(alice().ioctl(alice().open("f"), static_cast<Fsctl>(0x00090FFC), {}, 100).status(),
            NtStatus::INVALID_DEVICE_REQUEST);
}

TEST_F(Ioctl, of_a_closed_file_is_file_closed) {
  EXPECT_EQ(alice().ioctl({1, 2}, Fsctl::set_sparse, {}, 0).status(), NtStatus::FILE_CLOSED);
}

TEST_F(Ioctl, larger_than_was_negotiated_is_an_invalid_parameter) {
  for (int i = 0; i < 4; ++i) alice().echo();
  EXPECT_EQ(alice().ioctl(alice().open("f"), Fsctl::get_compression, {}, alice().io_size_max() + 1).status(),
            NtStatus::INVALID_PARAMETER);
}

// --- FSCTL_CREATE_OR_GET_OBJECT_ID. [MS-FSA] 2.1.5.10.1.

TEST_F(Ioctl, an_object_id_is_the_file_s_whatever_its_name_and_stream) {
  const auto id_of = [&](FileId file) {
    const Answer answer = alice().ioctl(file, Fsctl::create_or_get_object_id, {}, 64);
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    const auto output = answer.as<wire::IoctlResponse>().output;
    return wire::decode_plain<wire::FileObjectIdBuffer>(output).value_or(wire::FileObjectIdBuffer()).object_id;
  };
  const FileId file = alice().open("f");
  const Guid id = id_of(file);
  EXPECT_FALSE(id.is_null());
  EXPECT_EQ(id_of(alice().open("f:s")), id);
  EXPECT_NE(id_of(alice().open("other")), id);
}

TEST_F(Ioctl, a_buffer_too_small_for_an_object_id_is_an_invalid_parameter) {
  EXPECT_EQ(alice().ioctl(alice().open("f"), Fsctl::create_or_get_object_id, {}, 63).status(),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Ioctl, referrals_are_not_found_where_there_is_no_DFS) {
  EXPECT_EQ(alice().ioctl(kRelatedFileId, Fsctl::dfs_get_referrals, {}, 4096).status(), NtStatus::FS_DRIVER_REQUIRED);
}

// --- FSCTL_VALIDATE_NEGOTIATE_INFO. [MS-SMB2] 3.3.5.15.12.

class ValidateNegotiate : public Ioctl {
 protected:
  Client& peer() {
    if (peer_ == nullptr) peer_ = &world().log_on({.dialect = Dialect::smb_3_0_2});
    return *peer_;
  }
  wire::ValidateNegotiateInfoRequest truth() {
    const wire::NegotiateRequest said = peer().negotiate_request();
    return {said.capabilities, said.client_guid, said.security_mode, said.dialects};
  }
  MessageId start(const wire::ValidateNegotiateInfoRequest& request, std::uint32_t output_max = 24) {
    const ByteVector input = wire::encode_plain(request);
    return peer().start(wire::Command::ioctl, wire::IoctlRequest{.ctl_code = Fsctl::validate_negotiate_info,
                                                                 .file_id = kRelatedFileId,
                                                                 .input = input,
                                                                 .output = {},
                                                                 .max_output_response = output_max});
  }
  void expect_disconnect(const wire::ValidateNegotiateInfoRequest& lie, std::uint32_t output_max = 24) {
    const MessageId id = start(lie, output_max);
    EXPECT_TRUE(peer().run_until_disconnected());
    EXPECT_FALSE(peer().is_answered(id));
  }
  Client* peer_ = nullptr;
};

TEST_F(ValidateNegotiate, the_truth_is_confirmed) {
  const Answer answer = peer().wait(start(truth()));
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  const auto said = wire::decode_plain<wire::ValidateNegotiateInfoResponse>(answer.as<wire::IoctlResponse>().output);
  ASSERT_TRUE(said);
  EXPECT_EQ(said->dialect, 0x0302);
  EXPECT_TRUE(answer.is_signed);
}

TEST_F(ValidateNegotiate, another_guid_ends_the_connection_without_an_answer) {
  auto lie = truth();
  lie.guid.bytes[3] ^= 1;
  expect_disconnect(lie);
}

TEST_F(ValidateNegotiate, other_capabilities_end_the_connection_without_an_answer) {
  auto lie = truth();
  lie.capabilities = {};
  expect_disconnect(lie);
}

TEST_F(ValidateNegotiate, another_security_mode_ends_the_connection_without_an_answer) {
  auto lie = truth();
  lie.security_mode = wire::SecurityModeBit::signing_required;
  expect_disconnect(lie);
}

TEST_F(ValidateNegotiate, a_greater_dialect_ends_the_connection_without_an_answer) {
  auto lie = truth();
  lie.dialects.push_back(0x0311);
  expect_disconnect(lie);
}

TEST_F(ValidateNegotiate, too_little_room_ends_the_connection_without_an_answer) { expect_disconnect(truth(), 23); }

TEST_F(ValidateNegotiate, in_3_1_1_it_ends_the_connection) {
  peer_ = &alice();
  expect_disconnect(truth());
}

// --- Server-side copy. [MS-SMB2] 3.3.5.15.5, 3.3.5.15.6.

class Copychunk : public Ioctl {
 protected:
  wire::ResumeKey key_of(FileId file) {
    const Answer answer = alice().ioctl(file, Fsctl::srv_request_resume_key, {}, 32);
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    return wire::decode_plain<wire::SrvRequestResumeKeyResponse>(answer.as<wire::IoctlResponse>().output)
        .value_or(wire::SrvRequestResumeKeyResponse{})
        .resume_key;
  }
  Answer copy(FileId from, FileId to, std::vector<wire::SrvCopychunk> chunks, std::uint32_t output_max = 12,
              Fsctl code = Fsctl::srv_copychunk) {
    const ByteVector input = wire::encode_plain(wire::SrvCopychunkCopy{key_of(from), std::move(chunks)});
    return alice().ioctl(to, code, input, output_max);
  }
  static wire::SrvCopychunkResponse counts(const Answer& answer) {
    return wire::decode_plain<wire::SrvCopychunkResponse>(answer.as<wire::IoctlResponse>().output)
        .value_or(wire::SrvCopychunkResponse{});
  }
  void expect_limits(const Answer& answer) {
    EXPECT_EQ(answer.status(), NtStatus::INVALID_PARAMETER);
    EXPECT_EQ(counts(answer).chunks_written, 256u);
    EXPECT_EQ(counts(answer).chunk_bytes_written, 1u << 20);
    EXPECT_EQ(counts(answer).total_bytes_written, 16u << 20);
  }
};

TEST_F(Copychunk, copies_what_it_says) {
  const FileId to = alice().open("to");
  const Answer answer = copy(
      file_with("from", "0123456789"), to,
      {{.source_offset = 0, .target_offset = 5, .length = 5}, {.source_offset = 5, .target_offset = 0, .length = 5}});
  EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(counts(answer).chunks_written, 2u);
  EXPECT_EQ(counts(answer).total_bytes_written, 10u);
  EXPECT_EQ(alice().read_text(to, 0, 100), "5678901234");
}

TEST_F(Copychunk, an_overlap_within_one_file_copies_what_was_there_before) {
  const FileId file = file_with("f", "0123456789");
  EXPECT_EQ(copy(file, file, {{.source_offset = 0, .target_offset = 2, .length = 8}}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 100), "0101234567");
}

TEST_F(Copychunk, an_unknown_key_is_object_name_not_found) {
  const FileId to = alice().open("to");
  const ByteVector input = wire::encode_plain(wire::SrvCopychunkCopy{{}, {{.length = 1}}});
  EXPECT_EQ(alice().ioctl(to, Fsctl::srv_copychunk, input, 12).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Copychunk, the_key_of_another_session_is_none) {
  const ByteVector input = wire::encode_plain(wire::SrvCopychunkCopy{key_of(file_with("f", "x")), {{.length = 1}}});
  EXPECT_EQ(bob().ioctl(bob().open("to"), Fsctl::srv_copychunk, input, 12).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Copychunk, a_chunk_of_nothing_or_too_much_is_told_the_limits) {
  const FileId from = file_with("from", "x"), to = alice().open("to");
  expect_limits(copy(from, to, {{.length = 0}}));
  expect_limits(copy(from, to, {{.length = (1u << 20) + 1}}));
  expect_limits(copy(from, to, std::vector<wire::SrvCopychunk>(257, {.length = 1})));
  expect_limits(copy(from, to, std::vector<wire::SrvCopychunk>(17, {.length = 1u << 20})));
}

TEST_F(Copychunk, a_chunk_past_the_end_of_its_source_is_an_invalid_view_size) {
  const Answer answer = copy(
      file_with("from", "12345"), alice().open("to"),
      {{.source_offset = 0, .target_offset = 0, .length = 5}, {.source_offset = 3, .target_offset = 5, .length = 5}});
  EXPECT_EQ(answer.status(), NtStatus::INVALID_VIEW_SIZE);
  EXPECT_EQ(counts(answer).chunks_written, 1u);
}

TEST_F(Copychunk, needs_the_right_to_read_its_source) {
  alice().close(file_with("from", "x"));
  const FileId from = alice().open("from", {.access = Access::write_data});
  EXPECT_EQ(copy(from, alice().open("to"), {{.length = 1}}).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Copychunk, needs_the_right_to_write_its_target) {
  alice().close(file_with("to", "x"));
  EXPECT_EQ(copy(file_with("from", "x"), alice().open("to", {.access = kFileGenericRead}), {{.length = 1}}).status(),
            NtStatus::ACCESS_DENIED);
}

TEST_F(Copychunk, needs_the_right_to_read_its_target_unless_it_only_writes) {
  const FileId from = file_with("from", "x");
  const FileId to = alice().open("to", {.access = kFileGenericWrite});
  EXPECT_EQ(copy(from, to, {{.length = 1}}).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(copy(from, to, {{.length = 1}}, 12, Fsctl::srv_copychunk_write).status(), NtStatus::SUCCESS);
}

TEST_F(Copychunk, without_room_for_the_answer_is_an_invalid_parameter) {
  EXPECT_EQ(copy(file_with("from", "x"), alice().open("to"), {{.length = 1}}, 11).status(),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Copychunk, a_locked_range_is_not_copied) {
  const FileId from = file_with("from", "12345");
  bob().lock(bob().open("from"), {{.offset = 2, .length = 1, .flags = wire::LockFlag::exclusive_lock}});
  const Answer answer = copy(from, alice().open("to"), {{.length = 5}});
  EXPECT_EQ(answer.status(), NtStatus::FILE_LOCK_CONFLICT);
  EXPECT_EQ(counts(answer).total_bytes_written, 0u);
}

// --- Ranges.

TEST_F(Ioctl, zeroed_data_reads_as_zeros_and_the_end_stays) {
  const FileId file = file_with("f", "0123456789");
  const ByteVector input = wire::encode_plain(wire::FileZeroDataInformation{2, 100});
  EXPECT_EQ(alice().ioctl(file, Fsctl::set_zero_data, input, 0).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 100), "01" + std::string(8, '\0'));
}

TEST_F(Ioctl, a_zeroed_range_that_ends_before_it_begins_is_an_invalid_parameter) {
  const ByteVector input = wire::encode_plain(wire::FileZeroDataInformation{5, 2});
  EXPECT_EQ(alice().ioctl(file_with("f", "x"), Fsctl::set_zero_data, input, 0).status(), NtStatus::INVALID_PARAMETER);
}

// --- Pipes. [MS-SMB2] 3.3.5.15.3, 3.3.5.15.4.

class Pipes : public Ioctl {
 protected:
  void SetUp() override { alice().connect_tree("IPC$"); }
  static ByteVector bind() {
    wire::RpcBind request;
    request.contexts = {{0, wire::RpcSyntax{}, {wire::kNdr20}}};
    return wire::encode_rpc_bind(wire::RpcType::bind, 1, request);
  }
};

TEST_F(Pipes, a_pipe_that_is_not_there_is_object_name_not_found) {
  EXPECT_EQ(alice().create("no_such_pipe").status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Pipes, a_pipe_name_is_never_a_path) {
  for (const char* name : {"../srvsvc", "..\\srvsvc", "/etc/passwd", "a\\b", ""}) {
    EXPECT_TRUE(is_error(alice().create(name).status())) << name;
  }
}

TEST_F(Pipes, a_transceive_answers_a_bind) {
  const Answer answer = alice().ioctl(alice().open("srvsvc"), Fsctl::pipe_transceive, bind(), 4096);
  EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_FALSE(answer.as<wire::IoctlResponse>().output.empty());
}

TEST_F(Pipes, what_does_not_fit_is_read_afterwards) {
  const FileId pipe = alice().open("srvsvc");
  const Answer answer = alice().ioctl(pipe, Fsctl::pipe_transceive, bind(), 16);
  EXPECT_EQ(answer.status(), NtStatus::BUFFER_OVERFLOW);
  EXPECT_EQ(answer.as<wire::IoctlResponse>().output.size(), 16u);
  EXPECT_EQ(alice().read(pipe, 0, 4096).status(), NtStatus::SUCCESS);
}

TEST_F(Pipes, a_read_waits_for_a_write) {
  const FileId pipe = alice().open("srvsvc");
  const MessageId reading =
      alice().start(wire::Command::read, wire::ReadRequest{.length = 4096, .offset = 0, .file_id = pipe});
  world().settle();
  EXPECT_TRUE(alice().is_pending(reading));
  const ByteVector pdu = bind();
  EXPECT_EQ(alice().write(pipe, 0, as_text(pdu)), NtStatus::SUCCESS);
  EXPECT_EQ(alice().wait(reading).status(), NtStatus::SUCCESS);
}

TEST_F(Pipes, a_waiting_read_ends_with_its_pipe) {
  const FileId pipe = alice().open("srvsvc");
  const MessageId reading =
      alice().start(wire::Command::read, wire::ReadRequest{.length = 4096, .offset = 0, .file_id = pipe});
  world().settle();
  EXPECT_EQ(alice().close(pipe), NtStatus::SUCCESS);
  EXPECT_TRUE(is_error(alice().wait(reading).status()));
}

TEST_F(Pipes, a_waiting_read_can_be_cancelled) {
  const MessageId reading = alice().start(
      wire::Command::read, wire::ReadRequest{.length = 4096, .offset = 0, .file_id = alice().open("srvsvc")});
  world().settle();
  alice().cancel(reading);
  EXPECT_EQ(alice().wait(reading).status(), NtStatus::CANCELLED);
}

TEST_F(Pipes, a_transceive_on_a_file_is_not_supported) {
  alice().connect_tree("data");
  EXPECT_EQ(alice().ioctl(alice().open("f"), Fsctl::pipe_transceive, bind(), 4096).status(), NtStatus::NOT_SUPPORTED);
}

TEST_F(Pipes, a_file_control_on_a_pipe_is_an_invalid_device_request) {
  EXPECT_EQ(alice().ioctl(alice().open("srvsvc"), Fsctl::set_sparse, {}, 0).status(), NtStatus::INVALID_DEVICE_REQUEST);
}

TEST_F(Pipes, a_peek_at_an_empty_pipe_finds_nothing) {
  const Answer answer = alice().ioctl(alice().open("srvsvc"), Fsctl::pipe_peek, {}, 16);
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  const auto peek = wire::decode_plain<wire::PipePeekReply>(answer.as<wire::IoctlResponse>().output);
  ASSERT_TRUE(peek);
  EXPECT_EQ(peek->read_data_available, 0u);
}

}  // namespace
}  // namespace dozo::server::testing
