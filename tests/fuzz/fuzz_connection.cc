// A connection of a client that has logged on and then loses its mind: real requests with bytes changed, bodies that
// are noise under a right header, compounds of them, raw frames, raw bytes, cancels, and time in between. Whatever
// comes, what the server answers can be decoded, and nothing is left behind when the client has gone.
//
// The first byte chooses dialect (bits 0 to 2), logged on (3), signed (4), encrypted (5). Then operations: one byte
// each, with what the operation takes.
#include <cstdio>
#include <cstdlib>

#include "base/unicode.h"
#include "server/testing/world.h"
#include "tests/fuzz_input.h"
#include "wire/change_notify.h"
#include "wire/create_contexts.h"
#include "wire/echo.h"
#include "wire/flush.h"
#include "wire/fscc/fsctl.h"
#include "wire/logoff.h"
#include "wire/query_directory.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/tree_connect.h"
#include "wire/tree_disconnect.h"
#include "wire/write.h"

namespace {

using namespace dozo;
using namespace dozo::server;
using namespace dozo::server::testing;
using wire::Command;

constexpr std::size_t kOperationsMax = 48;

using dozo::testing::FuzzInput;

class Dialogue {
 public:
  explicit Dialogue(std::uint8_t choice) : world_(options()), client_(world_.connect(client_options(choice))) {
    if ((choice & 8) == 0) return;
    client_.negotiate();
    client_.log_on();
    client_.connect_tree("data");
    file_ = client_.create("f").file_id();
    directory_ = client_.create("", {.disposition = CreateDisposition::open}).file_id();
    client_.options().sign = (choice & 16) != 0;
  }

  void operate(FuzzInput& in) {
    const std::uint8_t operation = in.u8();
    switch (operation % 8) {
      case 0:
        return client_.send_frame(in.take(in.u16() % 4096));
      case 1:
        return client_.send_bytes(in.take(in.u8()));
      case 2:
        return send({noise(in)});
      case 3:
      case 4:
        return send({real(in)});
      case 5:
        return send_compound(in);
      case 6:
        if (const auto waiting = client_.outstanding(); !waiting.empty()) {
          client_.cancel(waiting[in.u8() % waiting.size()]);
        }
        return;
      default:
        return world_.loop().run_for(std::chrono::microseconds(std::uint64_t{in.u8()} * operation * 64));
    }
  }

  void finish() {
    world_.settle();
    world_.leave();
    const std::string left = world_.leftovers();
    const bool broken =
        problems_.find("decoded") != std::string::npos || problems_.find("signature") != std::string::npos;
    if (!left.empty() || broken) {
      std::fprintf(stderr, "%s%s", left.c_str(), problems_.c_str());
      std::abort();
    }
  }
  void note_problems() { problems_ = world_.problems(); }
  bool is_over() const { return client_.is_disconnected(); }

 private:
  static WorldOptions options() {
    WorldOptions out;
    out.config.server.signing = SigningPolicy::if_asked;
    out.config.auth.failure_delay_ms = 0;
    out.config.limits.credits_max = 128;
    return out;
  }
  static ClientOptions client_options(std::uint8_t choice) {
    ClientOptions out;
    out.dialect = kAllDialects[(choice & 7) % std::size(kAllDialects)];
    out.encrypt = (choice & 32) != 0 && is_smb3(out.dialect);
    return out;
  }

  void send(std::vector<Element> elements) {
    client_.start_compound(std::move(elements));
    for (int i = 0; i < 8; ++i) world_.loop().step();
  }

  void send_compound(FuzzInput& in) {
    std::vector<Element> elements;
    const std::size_t count = 1 + in.u8() % 6;
    for (std::size_t i = 0; i < count; ++i) {
      elements.push_back(in.u8() % 4 == 0 ? noise(in) : real(in));
      elements.back().related = i > 0 && in.u8() % 2 == 0;
    }
    send(std::move(elements));
  }

  // A right header over anything.
  Element noise(FuzzInput& in) {
    Element out;
    out.command = static_cast<Command>(in.u8() % 20);
    const Bytes body = in.take(in.u8());
    out.body.assign(body.begin(), body.end());
    bend(out, in.u8());
    return out;
  }

  // What is seldom right: ids and flags of the header.
  void bend(Element& element, std::uint8_t how) {
    if ((how & 0xF0) == 0x10) element.sending.session = SessionId(how);
    if ((how & 0xF0) == 0x20) element.sending.tree = TreeId(how & 0xF);
    if ((how & 0xF0) == 0x30) element.sending.credit_charge = static_cast<std::uint16_t>(how & 0xF);
    if ((how & 0xF0) == 0x40) element.sending.flags = wire::HeaderFlags::from_wire(how & 0xEu);
    if ((how & 0xF0) == 0x50) element.sending.sign = (how & 1) != 0;
    if ((how & 0xF0) == 0x60) element.sending.message_id = MessageId(how & 0xF);
    if ((how & 0xF0) == 0x70) element.sending.credits = how;
  }

  FileId id(std::uint8_t which) const { return which % 3 == 0 ? file_ : which % 3 == 1 ? directory_ : kRelatedFileId; }

  // A request as a client would make it, then some of its bytes changed.
  Element real(FuzzInput& in) {
    const std::uint8_t what = in.u8();
    Element out = request(what, id(in.u8()), in);
    for (std::uint8_t n = in.u8() % 8; n > 0 && !out.body.empty(); --n) {
      const std::size_t at = in.u16() % out.body.size();
      out.body[at] = in.u8();
    }
    if (in.u8() % 16 == 0) out.body.resize(in.u8());
    bend(out, in.u8());
    return out;
  }

  static Element create(FuzzInput& in) {
    static constexpr std::string_view kNames[] = {"f", "g", "d", "d\\x", "f:s", "", "a\\b\\c", "F"};
    OpenArgs args;
    const std::string_view name = kNames[in.u8() % std::size(kNames)];
    args.disposition = static_cast<CreateDisposition>(in.u8() % 7);
    if (in.u8() % 2 == 0) args.options |= CreateOption::directory_file;
    if (in.u8() % 4 == 0) args.options |= CreateOption::delete_on_close;
    if (in.u8() % 4 == 0) args.contexts.push_back({wire::context_name::kQueryMaximalAccess, {}});
    return element(Command::create, create_request(name, args));
  }

  static Element control(FileId file, FuzzInput& in) {
    static constexpr wire::Fsctl kCodes[] = {wire::Fsctl::srv_copychunk,
                                             wire::Fsctl::srv_request_resume_key,
                                             wire::Fsctl::set_zero_data,
                                             wire::Fsctl::set_sparse,
                                             wire::Fsctl::query_allocated_ranges,
                                             wire::Fsctl::validate_negotiate_info,
                                             wire::Fsctl::set_reparse_point,
                                             wire::Fsctl::get_reparse_point,
                                             wire::Fsctl::file_level_trim,
                                             wire::Fsctl::pipe_transceive,
                                             wire::Fsctl::duplicate_extents_to_file,
                                             wire::Fsctl::query_network_interface_info};
    const wire::Fsctl code = kCodes[in.u8() % std::size(kCodes)];
    const Bytes input = in.take(in.u8());
    return element(Command::ioctl,
                   wire::IoctlRequest{
                       .ctl_code = code, .file_id = file, .input = input, .output = {}, .max_output_response = 4096});
  }

  static Element query(FileId file, FuzzInput& in) {
    return element(Command::query_info,
                   wire::QueryInfoRequest{.info_type = static_cast<wire::InfoType>(1 + in.u8() % 4),
                                          .file_info_class = in.u8(),
                                          .output_buffer_length = in.u16(),
                                          .additional_information = in.u8(),
                                          .file_id = file});
  }

  static Element set(FileId file, FuzzInput& in) {
    const auto type = static_cast<wire::InfoType>(1 + in.u8() % 3);
    const std::uint8_t info_class = in.u8();
    const Bytes value = in.take(in.u8());
    return element(
        Command::set_info,
        wire::SetInfoRequest{.info_type = type, .file_info_class = info_class, .buffer = value, .file_id = file});
  }

  static Element request(std::uint8_t what, FileId file, FuzzInput& in) {
    switch (what % 15) {
      case 0:
        return create(in);
      case 1:
        return element(Command::close, wire::CloseRequest{wire::CloseFlags::from_wire(in.u8() % 2), file});
      case 2:
        return element(Command::read, wire::ReadRequest{.length = in.u16(), .offset = in.u16(), .file_id = file});
      case 3: {
        const std::uint16_t offset = in.u16();
        return element(Command::write, wire::WriteRequest{.data = in.take(in.u8()), .offset = offset, .file_id = file});
      }
      case 4:
        return element(Command::flush, wire::FlushRequest{.file_id = file});
      case 5: {
        wire::LockRequest lock{.file_id = file};
        for (std::uint8_t n = in.u8() % 4; n > 0; --n) {
          lock.locks.push_back(
              {.offset = in.u8(), .length = in.u8(), .flags = wire::LockFlags::from_wire(in.u8() & 0x17u)});
        }
        return element(Command::lock, lock);
      }
      case 6:
        return control(file, in);
      case 7:
        return element(Command::echo, wire::EchoRequest{});
      case 8: {
        static constexpr char16_t kPattern[] = u"*?<>\"fd.";
        const auto info_class = static_cast<wire::FileInfoClass>(in.u8() % 64);
        const char16_t* pattern = kPattern + in.u8() % 8;
        return element(Command::query_directory,
                       wire::QueryDirectoryRequest{.file_information_class = info_class,
                                                   .flags = wire::QueryDirectoryFlags::from_wire(in.u8()),
                                                   .file_id = file,
                                                   .file_name = std::u16string(pattern, in.u8() % 2),
                                                   .output_buffer_length = in.u16()});
      }
      case 9: {
        wire::ChangeNotifyRequest notify{.output_buffer_length = in.u16(), .file_id = file};
        notify.completion_filter = wire::NotifyFilter::from_wire(in.u16());
        return element(Command::change_notify, notify);
      }
      case 10:
        return query(file, in);
      case 11:
        return set(file, in);
      case 12: {
        wire::TreeConnectRequest tree;
        tree.path = in.u8() % 2 == 0 ? u"\\\\s\\data" : u"\\\\s\\IPC$";
        return element(Command::tree_connect, tree);
      }
      case 13: {
        wire::SessionSetupRequest setup;
        setup.security_buffer = in.take(in.u8());
        return element(Command::session_setup, setup);
      }
      default:
        if (in.u8() % 2 == 0) return element(Command::logoff, wire::LogoffRequest{});
        return element(Command::tree_disconnect, wire::TreeDisconnectRequest{});
    }
  }

  World world_;
  Client& client_;
  FileId file_;
  FileId directory_;
  std::string problems_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput in(Bytes(data, size));
  Dialogue dialogue(in.u8());
  for (std::size_t n = 0; n < kOperationsMax && !in.empty() && !dialogue.is_over(); ++n) dialogue.operate(in);
  dialogue.note_problems();
  dialogue.finish();
  return 0;
}
