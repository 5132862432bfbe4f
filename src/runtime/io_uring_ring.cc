#include "runtime/io_uring_ring.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace dozo::runtime {
namespace {

constexpr unsigned submission_entries = 1024;
constexpr unsigned completion_entries = 4096;

// Best first. SINGLE_ISSUER and DEFER_TASKRUN: Linux 6.1; COOP_TASKRUN: 5.19; SUBMIT_ALL: 5.18.
constexpr unsigned flag_choices[] = {
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    0,
};

struct NeededOpcode {
  int opcode;
  const char* name;
};
constexpr NeededOpcode needed_opcodes[] = {
    {IORING_OP_ACCEPT, "ACCEPT"},   {IORING_OP_CONNECT, "CONNECT"},   {IORING_OP_RECV, "RECV"},
    {IORING_OP_SENDMSG, "SENDMSG"}, {IORING_OP_READ, "READ"},         {IORING_OP_WRITE, "WRITE"},
    {IORING_OP_FSYNC, "FSYNC"},     {IORING_OP_POLL_ADD, "POLL_ADD"}, {IORING_OP_ASYNC_CANCEL, "ASYNC_CANCEL"},
};

// What the kernel says when it could not wait or submit now; the next turn tries again.
bool is_transient(int result) {
  return result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY || result == -ENOMEM;
}

}  // namespace

Ring::~Ring() {
  if (created_) io_uring_queue_exit(&ring_);
}

int Ring::create() {
  int result = -EINVAL;
  for (const unsigned flags : flag_choices) {
    io_uring_params params{};
    // Disabled at first: the thread that enables it becomes its one issuer, not the thread that made it.
    params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
    params.cq_entries = completion_entries;
    result = io_uring_queue_init_params(submission_entries, &ring_, &params);
    if (result != -EINVAL) break;
  }
  if (result < 0) return result;
  created_ = true;
  io_uring_ring_dontfork(&ring_);
  // Both are in every kernel since 5.11. Without the first a completion could be lost, without the second a wait
  // could not carry its timeout.
  const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
  return (ring_.features & needed) == needed ? 0 : -ENOSYS;
}

bool Ring::has_needed_opcodes(std::string& missing) {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring_);
  if (probe == nullptr) {
    missing = "the kernel does not say which requests it knows";
    return false;
  }
  for (const NeededOpcode& needed : needed_opcodes) {
    if (io_uring_opcode_supported(probe, needed.opcode) != 0) continue;
    missing = fmt::format("the kernel lacks IORING_OP_{}", needed.name);
    break;
  }
  io_uring_free_probe(probe);
  return missing.empty();
}

void Ring::enable() {
  if (std::exchange(enabled_, true)) return;
  // By hand: liburing 2.3 declares io_uring_enable_rings() and does not export it.
  const auto result = ::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  DOZO_ASSERT(result == 0);
}

io_uring_sqe& Ring::next_sqe() {
  for (;;) {
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_)) return *sqe;
    submit();
  }
}

void Ring::submit() {
  enable();
  const int result = io_uring_submit(&ring_);
  DOZO_ASSERT(result >= 0 || is_transient(result));
  // The completion queue has overflowed and the kernel takes no more before it is emptied.
  if (result == -EBUSY || result == -EAGAIN) harvest();
}

bool Ring::submit_and_wait(const Duration* timeout) {
  enable();
  __kernel_timespec spec{};
  if (timeout != nullptr) {
    const auto nanoseconds = std::max<Duration::rep>(0, timeout->count());
    spec.tv_sec = nanoseconds / 1'000'000'000;
    spec.tv_nsec = nanoseconds % 1'000'000'000;
  }
  io_uring_cqe* ignored = nullptr;
  const int result =
      io_uring_submit_and_wait_timeout(&ring_, &ignored, 1, timeout != nullptr ? &spec : nullptr, nullptr);
  if (result == -EEXIST) return false;  // IORING_SETUP_SINGLE_ISSUER
  DOZO_ASSERT(result >= 0 || is_transient(result));
  return true;
}

void Ring::submit_and_collect() {
  enable();
  const int result = io_uring_submit_and_get_events(&ring_);
  DOZO_ASSERT(result >= 0 || is_transient(result));
}

void Ring::harvest() {
  io_uring_get_events(&ring_);
  io_uring_cqe* batch[64];
  while (const unsigned count = io_uring_peek_batch_cqe(&ring_, batch, std::size(batch))) {
    for (unsigned i = 0; i < count; ++i) {
      harvested_.push_back({batch[i]->user_data, batch[i]->res, batch[i]->flags});
    }
    io_uring_cq_advance(&ring_, count);
  }
}

void Ring::reap(std::vector<Completion>& out, std::size_t out_max) {
  out.clear();
  std::swap(out, harvested_);
  io_uring_cqe* batch[64];
  while (out.size() < out_max) {
    const unsigned count = io_uring_peek_batch_cqe(&ring_, batch, std::size(batch));
    if (count == 0) return;
    for (unsigned i = 0; i < count; ++i) out.push_back({batch[i]->user_data, batch[i]->res, batch[i]->flags});
    io_uring_cq_advance(&ring_, count);
  }
}

bool Ring::has_completions() const { return !harvested_.empty() || io_uring_cq_ready(&ring_) != 0; }

}  // namespace dozo::runtime
