// A server whose answers are right until the input says otherwise: bytes of them change, other bytes take their place,
// or nothing comes. The session is a guest's, so that nothing is signed and every decoder of the client is reached.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "client/linked_file.h"
#include "client/raw_connection.h"
#include "client/server_copy.h"
#include "client/small_files.h"
#include "client/srvsvc.h"
#include "identity/logon_for_tests.h"
#include "runtime/simulated_loop.h"
#include "tests/fuzz_input.h"
#include "wire/close.h"
#include "wire/echo.h"
#include "wire/error.h"
#include "wire/flush.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/fsctl.h"
#include "wire/logoff.h"
#include "wire/ndr.h"
#include "wire/read.h"
#include "wire/rpc_pdu.h"
#include "wire/set_info.h"
#include "wire/spnego.h"
#include "wire/transform.h"
#include "wire/tree_disconnect.h"
#include "wire/write.h"

namespace dozo::client::testing {

using dozo::testing::FuzzInput;

class BentServer {
 public:
  BentServer(std::unique_ptr<RawConnection> raw, FuzzInput& input)
      : raw_(std::move(raw)), input_(input), acceptor_(logon_.acceptor()) {}

  std::vector<std::u16string> names = {u".", u"..", u"a", u"longer name", u"c"};  // in every directory

  runtime::Task<void> run() {
    for (;;) {
      const auto frame = co_await raw_->receive_frame();
      if (!frame) break;
      ByteVector answers;
      for (Bytes rest = frame->view(); !rest.empty();) {
        const auto element = wire::split_compound(rest);
        if (!element) break;
        add(answers, answer(element->message), element->rest.empty());
        rest = element->rest;
      }
      co_await send(std::move(answers));
    }
    raw_->shutdown();
  }

 private:
  static void add(ByteVector& frame, ByteVector message, bool last) {
    if (!last) {
      message.resize((message.size() + 7) / 8 * 8);
      auto header = wire::decode_header(message);
      if (header) header->next_command = static_cast<std::uint32_t>(message.size());
      if (header) wire::store_header(*header, message);
    }
    frame.insert(frame.end(), message.begin(), message.end());
  }

  runtime::Task<void> send(ByteVector frame) {
    const std::uint8_t how = input_.u8();
    switch (how % 16) {
      case 1:
      case 2:
      case 3:  // some bytes are others
        for (int n = 1 + how / 64; n > 0 && !frame.empty(); --n) {
          const std::size_t at = input_.u16() % frame.size();
          frame[at] = input_.u8();
        }
        break;
      case 4:  // cut off
        frame.resize(std::min<std::size_t>(frame.size(), input_.u16()));
        break;
      case 5: {  // a right header, and noise
        const Bytes noise = input_.take(input_.u8());
        frame.resize(std::min(frame.size(), wire::kHeaderSize));
        frame.insert(frame.end(), noise.begin(), noise.end());
        break;
      }
      case 6: {
        const Bytes noise = input_.take(input_.u8());
        co_await raw_->send_bytes(noise);
        co_return;
      }
      case 7:
        if (how > 128) co_return;  // nothing at all
        break;
      default:
        break;
    }
    if (frame.empty()) co_return;
    const auto sent = co_await raw_->send_frame(frame);
    static_cast<void>(sent);
  }

  template <class M>
  ByteVector reply(wire::Header header, const M& body, NtStatus status = NtStatus::SUCCESS) {
    header.status = status;
    return make_message(header, body);
  }

  ByteVector answer(Bytes message) {
    const auto request = wire::decode_header(message);
    wire::Header header{.message_id = request ? request->message_id : MessageId{}};
    if (!request) return reply(header, wire::ErrorResponse{}, NtStatus::INVALID_PARAMETER);
    header.command = request->command;
    header.flags = wire::HeaderFlag::server_to_redir;
    header.credits = std::max<std::uint16_t>(request->credits, 1);
    header.session_id = SessionId(7);
    header.tree_id = TreeId(9);
    switch (request->command) {
      case wire::Command::negotiate:
        return negotiated(header);
      case wire::Command::session_setup:
        return logged_on(header, message);
      case wire::Command::tree_connect:
        return reply(header, wire::TreeConnectResponse{});
      case wire::Command::create:
        return created(header);
      case wire::Command::query_directory:
        return listed(header);
      case wire::Command::read:
        return read(header);
      case wire::Command::write:
        return reply(header, wire::WriteResponse{.count = 5});
      case wire::Command::ioctl:
        return controlled(header, message);
      default:
        return emptied(header);
    }
  }

  ByteVector negotiated(const wire::Header& header) {
    const ByteVector hint = identity::spnego_hint({identity::oid_ntlmssp()});
    return reply(header, wire::NegotiateResponse{.security_mode = wire::SecurityModeBit::signing_enabled,
                                                 .dialect_revision = 0x0210,
                                                 .capabilities = wire::Capability::large_mtu,
                                                 .max_transact_size = 1 << 20,
                                                 .max_read_size = 1 << 20,
                                                 .max_write_size = 1 << 20,
                                                 .security_buffer = hint});
  }

  // The challenge is a real one; whoever answers it is a guest.
  ByteVector logged_on(const wire::Header& header, Bytes message) {
    const auto request = wire::decode<wire::SessionSetupRequest>(message);
    const auto init = request ? wire::decode_neg_token_init(request->security_buffer) : fail(NtStatus::UNSUCCESSFUL);
    wire::NegTokenResp response;
    if (init && init->mech_token) {
      const auto step = acceptor_->step(*init->mech_token);
      if (!step) return reply(header, wire::ErrorResponse{}, NtStatus::LOGON_FAILURE);
      response.neg_state = wire::NegState::accept_incomplete;
      response.response_token = step->token;
      const ByteVector token = wire::encode_neg_token_resp(response);
      return reply(header, wire::SessionSetupResponse{.security_buffer = token}, NtStatus::MORE_PROCESSING_REQUIRED);
    }
    response.neg_state = wire::NegState::accept_completed;
    const ByteVector token = wire::encode_neg_token_resp(response);
    return reply(header,
                 wire::SessionSetupResponse{.session_flags = wire::SessionFlag::is_guest, .security_buffer = token});
  }

  ByteVector created(const wire::Header& header) {
    return reply(header, wire::CreateResponse{.end_of_file = 5, .file_id = {1, 2}});
  }

  ByteVector listed(const wire::Header& header) {
    if (++listings_ % 2 == 0) return reply(header, wire::ErrorResponse{}, NtStatus::NO_MORE_FILES);
    ByteWriter out;
    wire::ChainWriter chain(out, {});
    for (const std::u16string& name : names) {
      wire::FileIdBothDirectoryInformation entry;
      entry.file_name = name;
      entry.end_of_file = 5;
      static_cast<void>(chain.append(entry));
    }
    return reply(header, wire::QueryDirectoryResponse{.output_buffer = out.view()});
  }

  ByteVector read(const wire::Header& header) {
    static constexpr std::array<std::uint8_t, 5> content{1, 2, 3, 4, 5};
    if (++reads_ % 2 == 0) return reply(header, wire::ErrorResponse{}, NtStatus::END_OF_FILE);
    return reply(header, wire::ReadResponse{.data = content});
  }

  // A server's list of one share, behind a bind.
  ByteVector called(const wire::Header& header, const wire::IoctlRequest& request) {
    const auto asked = wire::decode_rpc_header(request.input);
    const std::uint32_t id = asked ? asked->call_id : 0;
    ByteVector output;
    if (asked && asked->is(wire::RpcType::bind)) {
      wire::RpcBindAck ack{.secondary_address = "\\PIPE\\srvsvc", .results = {{}}};
      ack.results[0].transfer = wire::kNdr20;
      output = wire::encode_rpc_bind_ack(wire::RpcType::bind_ack, id, ack);
    } else {
      wire::NdrWriter stub;
      // From the level to the flat part of the one element.
      for (const std::uint32_t number : {1u, 1u, 1u, 1u, 1u, 1u, 1u, 0u, 1u}) stub.u32(number);
      stub.string(std::string_view("data"));
      stub.string(std::string_view("a comment"));
      for (const std::uint32_t number : {1u, 0u, 0u}) stub.u32(number);
      output = wire::encode_rpc_response(wire::kRpcWhole, id, {.alloc_hint = 0, .context_id = 0, .stub = stub.view()});
    }
    return reply(header,
                 wire::IoctlResponse{.ctl_code = request.ctl_code, .file_id = {1, 2}, .input = {}, .output = output});
  }

  ByteVector controlled(const wire::Header& header, Bytes message) {
    const auto request = wire::decode<wire::IoctlRequest>(message);
    if (request && request->ctl_code == wire::Fsctl::pipe_transceive) return called(header, *request);
    const bool key = request && request->ctl_code == wire::Fsctl::srv_request_resume_key;
    const ByteVector output =
        key ? wire::encode_plain(wire::SrvRequestResumeKeyResponse{})
            : wire::encode_plain(wire::SrvCopychunkResponse{.chunks_written = 1, .total_bytes_written = 5});
    return reply(
        header,
        wire::IoctlResponse{
            .ctl_code = request ? request->ctl_code : wire::Fsctl{}, .file_id = {1, 2}, .input = {}, .output = output});
  }

  ByteVector emptied(const wire::Header& header) {
    switch (header.command) {
      case wire::Command::close:
        return reply(header, wire::CloseResponse{});
      case wire::Command::flush:
        return reply(header, wire::FlushResponse{});
      case wire::Command::set_info:
        return reply(header, wire::SetInfoResponse{});
      case wire::Command::query_info: {
        const ByteVector information = wire::encode_plain(wire::FileBasicInformation{});
        return reply(header, wire::QueryInfoResponse{.output_buffer = information});
      }
      case wire::Command::logoff:
        return reply(header, wire::LogoffResponse{});
      default:
        return reply(header, wire::EchoResponse{});
    }
  }

  std::unique_ptr<RawConnection> raw_;
  FuzzInput& input_;
  identity::testing::Logon logon_;
  std::unique_ptr<identity::Mechanism> acceptor_;
  int listings_ = 0;
  int reads_ = 0;
};

// Uses what a client uses of a share; how much of it worked.
inline runtime::Task<int> use_share(Tree& tree) {
  int worked = 0;
  const auto count = [&worked](const auto& result) { worked += result ? 1 : 0; };
  const auto result1 = co_await list_directory(tree, "");
  count(result1);
  const auto result2 = co_await stat(tree, "a");
  count(result2);
  const auto result3 = co_await read_file(tree, "a");
  count(result3);
  const auto result4 = co_await read_small_file(tree, "a");
  count(result4);
  const auto result5 = co_await write_small_file(tree, "a", as_bytes("12345"));
  count(result5);
  const auto result6 = co_await make_directory(tree, "d");
  count(result6);
  const auto result7 = co_await rename(tree, "a", "b");
  count(result7);
  const auto result8 = co_await remove_directory(tree, "d");
  count(result8);
  const auto file = co_await tree.open({.path = "a", .options = {}, .attributes = {}, .contexts = {}});
  if (file) {
    const auto copied = co_await copy_on_server(**file, **file, 5);
    count(copied);
    const auto information = co_await (*file)->query_info(wire::FileInfoClass::basic);
    count(information);
    const auto closed = co_await (*file)->close();
    count(closed);
  }
  const auto shares = co_await list_shares(tree);
  count(shares);
  co_return worked;
}

template <class T>
runtime::Task<void> meet_bent_server(runtime::SimulatedLoop& loop, runtime::Handle handle, T& worked,
                                     runtime::Task<T> (*use)(Tree& tree)) {
  ConnectionOptions options{.require_signing = false, .timeout = std::chrono::seconds(2)};
  auto raw = std::make_unique<RawConnection>(runtime::Socket(loop, handle));
  auto connection = co_await Connection::negotiate(std::move(raw), options);
  if (!connection) co_return;
  {
    const auto session = co_await Session::log_on(**connection, {.user = "Alice", .domain = "", .password = "secret"},
                                                  {.allow_guest = true});
    if (session) {
      const auto tree = co_await (*session)->connect_tree("data");
      if (tree) worked = co_await use(**tree);
      const auto left = co_await (*session)->log_off();
      static_cast<void>(left);
    }
    co_await (*connection)->close();
  }
}

// One meeting; how many of the twelve things that a client does have worked. Aborts when it does not end.
inline int run_against_bent_server(Bytes bytes) {
  runtime::SimulatedLoop loop(1);
  FuzzInput input(bytes);
  const auto [ours, theirs] = loop.make_pair();
  runtime::Gate gate;
  BentServer server(std::make_unique<RawConnection>(runtime::Socket(loop, theirs)), input);
  int worked = 0;
  runtime::spawn(gate, server.run());
  runtime::spawn(gate, meet_bent_server(loop, ours, worked, use_share));
  const bool ended = loop.run_until([&gate] { return gate.count() == 0; });
  DOZO_ASSERT(ended);
  return worked;
}

}  // namespace dozo::client::testing
