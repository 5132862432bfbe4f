#include "netbios/exchange.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace dozo::netbios {
namespace {

using runtime::Endpoint;
using runtime::Loop;
using runtime::Task;

enum class Hearers { one, many };

// What was asked of whom.
struct Question {
  Endpoint to;
  Hearers hearers = Hearers::one;  // one: its port alone is heard, and its refusal
  std::optional<Endpoint> from;    // the interface a multicast leaves
  ByteVector data;
};

// What the judge says of a datagram. After `answer` others are still waited for, but nothing is asked again.
enum class Verdict { not_an_answer, answer, enough };

UdpSocket socket_for(Loop& loop, const Question& question, std::string& error) {
  UdpSocket socket = UdpSocket::open(loop, question.to.family(), error);
  if (!socket) return socket;
  int result = 0;
  if (question.from) result = socket.set_multicast_interface(*question.from);
  if (result == 0 && question.hearers == Hearers::one) result = socket.connect(question.to);
  if (result != 0) error = fmt::format("{}: {}", question.to.text(), std::strerror(result));
  return result == 0 ? std::move(socket) : UdpSocket();
}

constexpr std::string_view kRefuses = " refuses: nothing listens on that UDP port";

std::string silence_text(const Question& question, const Patience& patience, int error, int heard) {
  const std::string who = question.to.text();
  if (error == ECONNREFUSED) return fmt::format("{}{}", who, kRefuses);
  if (error != 0) return fmt::format("{}: {}", who, std::strerror(error));
  const double seconds = std::chrono::duration<double>(patience.timeout).count() * patience.attempts;
  if (heard == 0) return fmt::format("no answer from {} within {:.1f} s", who, seconds);
  return fmt::format("{} datagrams came from {}, and none is an answer to what was asked", heard, who);
}

// Asks up to `attempts` times, until the judge has what it wants. Empty when there was an answer, else why there was
// none.
template <class Judge>
Task<std::string> ask(Loop& loop, Question question, Patience patience, Judge& judge) {
  std::string problem;
  UdpSocket socket = socket_for(loop, question, problem);
  if (!socket) co_return problem;
  int heard = 0;
  int error = 0;
  bool answered = false;
  for (int attempt = 0; attempt < patience.attempts && !answered && heard < patience.datagrams_max; ++attempt) {
    const int sent = socket.send_to(question.to, question.data);
    // A connected socket reports the refusal of the attempt before here.
    if (sent != 0) co_return silence_text(question, patience, sent, heard);
    const Instant deadline = loop.now() + patience.timeout;
    while (heard < patience.datagrams_max) {
      const std::optional<Datagram> datagram = co_await socket.receive(deadline);
      error = socket.last_error();
      if (!datagram) break;
      ++heard;
      const Verdict verdict = judge(*datagram);
      if (verdict == Verdict::enough) co_return "";
      answered = answered || verdict == Verdict::answer;
    }
    if (error != 0) break;
  }
  co_return answered ? std::string() : silence_text(question, patience, error, heard);
}

// Of a name packet that answers a query for `name` with this id.
bool answers(const NamePacket& packet, std::uint16_t id, const Name& name) {
  return packet.response && packet.id == id && packet.opcode == NameOpcode::query && packet.name == name;
}

bool heard_already(const NameAnswers& found, const std::string& from) {
  return std::ranges::find(found.answers, from, &NameAnswer::from) != found.answers.end();
}

NameAnswer name_answer(const NamePacket& packet, const Endpoint& from, Duration after) {
  NameAnswer answer{.from = from.host_text(), .after = after};
  if (packet.rcode != 0) answer.refusal = refusal_text(packet.rcode);
  for (const NameAddress& entry : packet.addresses) {
    if (packet.rcode == 0) answer.addresses.push_back(entry.text());
    answer.group = answer.group || entry.flags.group;
  }
  return answer;
}

Task<NameAnswers> ask_name(Loop& loop, Endpoint to, Hearers hearers, Name name, Patience patience) {
  NameAnswers found;
  const std::uint16_t id = random_id();
  auto request = encode_name_packet(name_query(id, name, hearers == Hearers::many));
  if (!request) {
    found.silence = "the scope is none";
    co_return found;
  }
  const Instant start = loop.now();
  auto judge = [&](const Datagram& datagram) {
    const auto packet = decode_name_packet(datagram.data);
    const std::string from = datagram.from.host_text();
    if (!packet || !answers(*packet, id, name) || packet->status) return Verdict::not_an_answer;
    if (heard_already(found, from)) return Verdict::answer;
    // RFC 1002 4.2.14: only a name server says no; a broadcast's no would be somebody's who must not answer.
    found.answers.push_back(name_answer(*packet, datagram.from, loop.now() - start));
    return hearers == Hearers::one ? Verdict::enough : Verdict::answer;
  };
  std::string silence = co_await ask(loop, Question{to, hearers, std::nullopt, std::move(*request)}, patience, judge);
  found.silence = std::move(silence);
  co_return found;
}

bool is_multicast_or_broadcast(const std::optional<Endpoint>& from) { return from.has_value(); }

bool answers(const DnsMessage& answer, const DnsMessage& question) {
  if (!answer.is_response() || answer.id != question.id) return false;
  // RFC 6762 6.7: a legacy answer repeats the question; LLMNR and DNS always do. Who leaves it out answers with
  // records.
  if (answer.questions.empty()) return !answer.answers.empty();
  return same_labels(answer.questions.front().name, question.questions.front().name);
}

std::string refusal_of(const DnsMessage& message) {
  const unsigned rcode = rcode_of(message.flags);
  if (rcode == 0) return "the name is there, without such a record";
  if (rcode == 3) return "there is no such name";
  return fmt::format("the server refuses (code {})", rcode);
}

}  // namespace

bool is_refusal(std::string_view silence) { return silence.ends_with(kRefuses); }

std::uint16_t random_id() {
  std::uint16_t id = 0;
  const ssize_t got = ::getrandom(&id, sizeof id, 0);
  DOZO_ASSERT(got == sizeof id);
  return id;
}

std::string random_message_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
  DOZO_ASSERT(got == static_cast<ssize_t>(bytes.size()));
  return message_uuid(bytes);
}

Task<std::expected<FoundStatus, std::string>> ask_node_status(Loop& loop, Endpoint target, Patience patience) {
  const std::uint16_t id = random_id();
  const auto request = encode_name_packet(node_status_request(id, any_name()));
  const Instant start = loop.now();
  FoundStatus found{.status = {}, .address = target.host_text()};
  auto judge = [&](const Datagram& datagram) {
    auto packet = decode_name_packet(datagram.data);
    if (!packet || !packet->response || packet->id != id || !packet->status) return Verdict::not_an_answer;
    found.status = std::move(*packet->status);
    found.took = loop.now() - start;
    return Verdict::enough;
  };
  std::string silence = co_await ask(loop, Question{target, Hearers::one, std::nullopt, *request}, patience, judge);
  if (!silence.empty()) co_return std::unexpected(std::move(silence));
  co_return found;
}

Task<NameAnswers> ask_name_broadcast(Loop& loop, Endpoint broadcast, Name name, Patience patience) {
  return ask_name(loop, std::move(broadcast), Hearers::many, std::move(name), patience);
}

Task<NameAnswers> ask_name_server(Loop& loop, Endpoint server, Name name, Patience patience) {
  return ask_name(loop, std::move(server), Hearers::one, std::move(name), patience);
}

Task<NameAnswers> ask_dns_like(Loop& loop, Endpoint to, std::optional<Endpoint> from, DnsMessage message, Labels name,
                               Patience patience) {
  NameAnswers found;
  const Hearers hearers = is_multicast_or_broadcast(from) ? Hearers::many : Hearers::one;
  const Instant start = loop.now();
  auto judge = [&](const Datagram& datagram) {
    const auto reply = decode_dns(datagram.data, Dialect33::srv);
    if (!reply || !answers(*reply, message)) return Verdict::not_an_answer;
    if (heard_already(found, datagram.from.host_text())) return Verdict::answer;
    NameAnswer answer{.from = datagram.from.host_text(), .after = loop.now() - start};
    answer.addresses = addresses_of(*reply, name);
    if (answer.addresses.empty()) answer.refusal = refusal_of(*reply);
    found.answers.push_back(std::move(answer));
    return hearers == Hearers::one ? Verdict::enough : Verdict::answer;
  };
  std::string silence = co_await ask(loop, Question{to, hearers, from, encode_dns(message)}, patience, judge);
  found.silence = std::move(silence);
  co_return found;
}

Task<std::vector<DnsAnswer>> ask_services(Loop& loop, Endpoint to, std::optional<Endpoint> from, DnsMessage message,
                                          Patience patience) {
  std::vector<DnsAnswer> found;
  const Hearers hearers = is_multicast_or_broadcast(from) ? Hearers::many : Hearers::one;
  auto judge = [&](const Datagram& datagram) {
    auto reply = decode_dns(datagram.data, Dialect33::srv);
    if (!reply || !answers(*reply, message)) return Verdict::not_an_answer;
    found.push_back({datagram.from.host_text(), std::move(*reply)});
    return hearers == Hearers::one ? Verdict::enough : Verdict::answer;
  };
  const std::string silence = co_await ask(loop, Question{to, hearers, from, encode_dns(message)}, patience, judge);
  static_cast<void>(silence);  // nobody has such a service
  co_return found;
}

Task<std::vector<DeviceAnswer>> ask_devices(Loop& loop, Endpoint to, std::optional<Endpoint> from, Patience patience) {
  std::vector<DeviceAnswer> found;
  const std::string id = random_message_uuid();
  const std::string probe = encode_probe(id);
  const Bytes data = as_bytes(probe);
  auto judge = [&](const Datagram& datagram) {
    auto reply = decode_probe_matches(datagram.data);
    if (!reply || reply->relates_to != id) return Verdict::not_an_answer;
    for (ProbeMatch& match : reply->matches) found.push_back({datagram.from.host_text(), std::move(match)});
    return Verdict::answer;
  };
  // A device may answer from another port than it was asked at.
  const std::string silence =
      co_await ask(loop, Question{to, Hearers::many, from, {data.begin(), data.end()}}, patience, judge);
  static_cast<void>(silence);
  co_return found;
}

}  // namespace dozo::netbios
