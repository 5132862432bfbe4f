#include "client/linked_file.h"

#include <algorithm>

#include "crypto/random.h"
#include "wire/create_contexts.h"

namespace dozo::client {
namespace {

namespace context_name = wire::context_name;

// What a durable open needs to be granted, and to be taken up again. The data of the contexts is views of this.
struct DurableContexts {
  ByteVector durable;
  ByteVector lease;

  std::vector<wire::CreateContext> list(Bytes durable_name, bool leased) const {
    std::vector<wire::CreateContext> out{{durable_name, durable}};
    if (leased) out.push_back({context_name::kRequestLease, lease});
    return out;
  }
};

ByteVector lease_of(const Guid& key) {
  return wire::encode_plain(
      wire::LeaseContextV2{.lease_key = key, .lease_state = LeaseBit::read | LeaseBit::handle, .flags = {}});
}

bool grants_durable(const wire::CreateResponse& answer) {
  return wire::find_context(answer.create_contexts, context_name::kDurableRequestV2) != nullptr;
}

constexpr auto kWriting = Access::write_data | Access::append_data;

}  // namespace

LinkedFile::LinkedFile(Link& link, OpenOptions options) : link_(link), options_(std::move(options)) {}

LinkedFile::~LinkedFile() { let_go(); }

runtime::Task<Result<std::unique_ptr<LinkedFile>>> LinkedFile::open(Link& link, OpenOptions options) {
  auto file = std::make_unique<LinkedFile>(link, std::move(options));
  for (Link::LossCount losses(link);;) {
    auto line = co_await link.line();
    if (!line) co_return fail(line.error());
    const auto opened = co_await file->create_over(*line, file->options_.disposition);
    if (opened) break;
    // A CREATE may be repeated: what it overwrote was to be overwritten. Not one that insists on being the first.
    const bool again = is_loss(opened.error()) && file->options_.disposition != CreateDisposition::create;
    if (!again || !losses.try_again()) co_return fail(opened.error());
    link.lost(*line, opened.error());
  }
  co_return file;
}

bool LinkedFile::wants_durable(Tree& tree) const {
  return options_.access.has_any(kWriting) && is_smb3(tree.connection().negotiated().dialect);
}

runtime::Task<Result<>> LinkedFile::create_over(LinePtr line, CreateDisposition disposition) {
  Tree& tree = *line->tree;
  OpenOptions options = options_;
  options.disposition = disposition;
  // [MS-SMB2] 3.3.5.9.10: durable is what has a lease with HANDLE, or a batch oplock. Another open, other names: until
  // this one is answered, those of the open before may still be needed.
  const bool leased = tree.connection().negotiated().server_capabilities.has(wire::Capability::leasing);
  const Guid create_guid{crypto::random_bytes<16>()};
  const Guid lease_key{crypto::random_bytes<16>()};
  const DurableContexts contexts{.durable = wire::encode_plain(wire::DurableHandleRequestV2{
                                     .timeout = 0, .flags = {}, .create_guid = create_guid}),
                                 .lease = lease_of(lease_key)};
  if (wants_durable(tree)) {
    options.contexts = contexts.list(context_name::kDurableRequestV2, leased);
    options.oplock = leased ? OplockLevel::lease : OplockLevel::batch;
  }
  auto file = co_await tree.open(std::move(options));
  if (!file) co_return fail(file.error());
  create_guid_ = create_guid;
  lease_key_ = lease_key;
  leased_ = leased;
  durable_ = grants_durable((*file)->created());
  adopt(std::move(line), std::move(*file));
  co_return Result<>{};
}

// [MS-SMB2] 3.2.4.4: the open as the server has kept it.
runtime::Task<Result<>> LinkedFile::reconnect_over(LinePtr line) {
  OpenOptions options = options_;
  options.disposition = CreateDisposition::open;
  const DurableContexts contexts{.durable = wire::encode_plain(wire::DurableHandleReconnectV2{
                                     .file_id = now_.file->id(), .create_guid = create_guid_, .flags = {}}),
                                 .lease = lease_of(lease_key_)};
  options.contexts = contexts.list(context_name::kDurableReconnectV2, leased_);
  options.oplock = leased_ ? OplockLevel::lease : OplockLevel::batch;
  auto file = co_await line->tree->open(std::move(options));
  if (!file) co_return fail(file.error());
  adopt(std::move(line), std::move(*file));
  co_return Result<>{};
}

void LinkedFile::adopt(LinePtr line, std::unique_ptr<File> file) {
  const bool first = now_.line == nullptr;
  let_go();
  if (first) created_ = file->created();
  if (first) created_.create_contexts.clear();  // they would end with the first open
  now_ = {.line = std::move(line), .file = std::move(file)};
  now_.line->connection->add_listener(*this);
}

void LinkedFile::let_go() {
  if (now_.line) now_.line->connection->remove_listener(*this);
  now_.file.reset();
}

runtime::Task<Result<LinkedFile::Current>> LinkedFile::current() {
  auto line = co_await link_.line();
  if (!line) co_return fail(line.error());
  if (now_.line == *line && now_.file) co_return now_;
  const bool my_turn = co_await turn_.acquire(1);
  if (!my_turn) co_return fail(NtStatus::FILE_CLOSED);
  Result<> opened;
  if (now_.line != *line) opened = co_await open_again(*line);
  turn_.release(1);
  if (!opened) co_return fail(opened.error());
  co_return now_;
}

runtime::Task<Result<>> LinkedFile::open_again(LinePtr line) {
  if (durable_) {
    const auto taken_up = co_await reconnect_over(line);
    if (taken_up || is_loss(taken_up.error())) co_return taken_up;
  }
  if (unflushed_ && !goes_on_) co_return fail(NtStatus::HANDLE_NO_LONGER_VALID);
  may_have_lost_ = may_have_lost_ || unflushed_;
  const auto opened = co_await create_over(std::move(line), CreateDisposition::open);
  if (!opened) co_return opened;
  const wire::CreateResponse& found = now_.file->created();
  const bool same =
      wrote_ || (found.end_of_file == created_.end_of_file && found.last_write_time == created_.last_write_time);
  if (!same) co_return fail(NtStatus::FILE_NOT_AVAILABLE);
  co_return Result<>{};
}

// Runs make(file), again over another line when it was lost on the way.
template <class F>
auto LinkedFile::run(F make) -> std::invoke_result_t<F&, File&> {
  for (Link::LossCount losses(link_);;) {
    auto at = co_await current();
    NtStatus why = at ? NtStatus::SUCCESS : at.error();
    if (at) {
      auto result = co_await make(*at->file);
      if (result || !is_loss(result.error())) co_return result;
      why = result.error();
      link_.lost(at->line, why);
    }
    if (!is_loss(why) || !losses.try_again()) co_return fail(why);
  }
}

runtime::Task<Result<std::size_t>> LinkedFile::read_range(std::uint64_t offset, MutableBytes into) {
  return run([offset, into](File& file) { return file.read_range(offset, into); });
}

runtime::Task<Result<>> LinkedFile::write_range(std::uint64_t offset, Bytes from) {
  wrote_ = unflushed_ = true;
  ++writes_;
  return run([offset, from](File& file) { return file.write_range(offset, from); });
}

runtime::Task<Result<>> LinkedFile::flush() {
  const std::uint64_t before = writes_;
  const auto flushed = co_await run([](File& file) { return file.flush(); });
  if (flushed && writes_ == before) unflushed_ = false;  // what is written beside a FLUSH may not be of it
  if (flushed && std::exchange(may_have_lost_, false)) co_return fail(NtStatus::HANDLE_NO_LONGER_VALID);
  co_return flushed;
}

runtime::Task<Result<>> LinkedFile::set_info(wire::FileInfoClass info_class, ByteVector information) {
  wrote_ = true;
  return run([info_class, information = std::move(information)](File& file) {
    return file.set_info(info_class, information);
  });
}

runtime::Task<Result<>> LinkedFile::close() {
  if (!now_.file) co_return Result<>{};
  turn_.close();
  const Current last = now_;
  const auto closed = co_await last.file->close();
  let_go();
  now_ = {};
  // A connection that is gone has closed what is not durable; what was flushed is flushed.
  if (!closed && is_loss(closed.error()) && !unflushed_) co_return Result<>{};
  co_return closed;
}

// Nothing is cached here, so the server gets at once what it asks for.
void LinkedFile::on_oplock_break(const wire::OplockBreak& notification) {
  if (!now_.file || notification.file_id != now_.file->id()) return;
  durable_ = false;
  // [MS-SMB2] 3.2.5.19.1
  const wire::OplockBreakAcknowledgment answer{.oplock_level = notification.oplock_level,
                                               .file_id = notification.file_id};
  Line& line = *now_.line;
  line.connection->post(line.tree->request(wire::Command::oplock_break, answer), line.session->id());
}

void LinkedFile::on_lease_break(const wire::LeaseBreakNotification& notification) {
  if (!now_.file || !leased_ || notification.lease_key != lease_key_) return;
  durable_ = durable_ && notification.new_lease_state.has(LeaseBit::handle);
  // [MS-SMB2] 3.2.5.19.2
  if (!notification.flags.has(wire::LeaseBreakFlag::ack_required)) return;
  const wire::LeaseBreakAcknowledgment answer{.lease_key = lease_key_, .lease_state = notification.new_lease_state};
  Line& line = *now_.line;
  line.connection->post(line.tree->request(wire::Command::oplock_break, answer), line.session->id());
}

}  // namespace dozo::client
