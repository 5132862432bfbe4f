// Traffic of other implementations, from the folder that DOZO_CAPTURES names: each SMB2 message decodes, prints,
// and encodes to the same bytes again; what is not encoded the same way is counted and must decode to the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "wire/framing.h"
#include "wire/messages.h"

namespace dozo::wire {
namespace {

// One direction of a TCP connection.
using Flow = std::tuple<ByteVector, std::uint16_t, std::uint16_t>;  // addresses, ports

struct Stream {
  std::map<std::uint64_t, ByteVector> segments;  // by position relative to the first
  std::uint32_t first = 0;
  bool started = false;
};

struct Capture {
  std::map<Flow, Stream> streams;
};

void add_segment(Stream& stream, std::uint32_t sequence, bool syn, Bytes payload) {
  if (!stream.started) stream.first = syn ? sequence + 1 : sequence;
  stream.started = true;
  if (payload.empty()) return;
  const auto position = static_cast<std::int32_t>(sequence - stream.first);
  if (position < 0) return;
  ByteVector& slot = stream.segments[static_cast<std::uint64_t>(position)];
  if (payload.size() > slot.size()) slot.assign(payload.begin(), payload.end());
}

ByteVector reassemble(const Stream& stream) {
  ByteVector out;
  for (const auto& [position, bytes] : stream.segments) {
    if (position > out.size()) break;  // a gap: what follows cannot be framed
    const auto skip = static_cast<std::size_t>(out.size() - position);
    if (skip < bytes.size()) out.insert(out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(skip), bytes.end());
  }
  return out;
}

void add_tcp(Bytes ip, std::size_t header, std::size_t total, Bytes addresses, Capture& out) {
  if (ip.size() < header + 20 || total > ip.size() || total < header + 20) return;
  const Bytes tcp = ip.subspan(header, total - header);
  const auto source = load_be<std::uint16_t>(&tcp[0]);
  const auto target = load_be<std::uint16_t>(&tcp[2]);
  const std::size_t offset = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (offset > tcp.size()) return;
  Stream& stream = out.streams[Flow(ByteVector(addresses.begin(), addresses.end()), source, target)];
  add_segment(stream, load_be<std::uint32_t>(&tcp[4]), (tcp[13] & 2) != 0, tcp.subspan(offset));
}

void add_ip(Bytes ip, Capture& out) {
  if (ip.size() < 40) return;
  if (ip[0] >> 4 == 4 && ip[9] == 6) {
    add_tcp(ip, static_cast<std::size_t>(ip[0] & 15) * 4, load_be<std::uint16_t>(&ip[2]), ip.subspan(12, 8), out);
  } else if (ip[0] >> 4 == 6 && ip[6] == 6) {
    add_tcp(ip, 40, 40u + load_be<std::uint16_t>(&ip[4]), ip.subspan(8, 32), out);
  }
}

void add_frame(Bytes frame, std::uint32_t link, Capture& out) {
  std::size_t header = 14;                    // Ethernet
  if (link == 113) header = 16;               // Linux cooked
  if (link == 276) header = 20;               // Linux cooked v2
  if (link == 101 || link == 12) header = 0;  // raw IP
  if (link == 0) header = 4;                  // BSD loopback
  if (link == 1 && frame.size() > 18 && load_be<std::uint16_t>(&frame[12]) == 0x8100) header = 18;
  if (frame.size() > header) add_ip(frame.subspan(header), out);
}

void read_pcap(ByteReader& in, Capture& out) {
  in.skip(20);
  const std::uint32_t link = in.u32();
  while (in.remaining() >= 16) {
    in.skip(8);
    const std::size_t length = in.u32();
    in.skip(4);
    add_frame(in.bytes(length), link, out);
  }
}

void read_pcapng(ByteReader& in, Capture& out) {
  std::uint32_t link = 1;
  while (in.remaining() >= 12) {
    const std::uint32_t type = in.u32();
    const std::size_t length = in.u32();
    if (length < 12) return;
    ByteReader block(in.bytes(length - 8));
    if (type == 1) link = block.u16();
    if (type == 6) {
      block.skip(12);
      const std::size_t captured = block.u32();
      block.skip(4);
      add_frame(block.bytes(captured), link, out);
    }
  }
}

Capture read_capture(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const ByteVector bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Capture out;
  ByteReader reader(bytes);
  if (bytes.size() < 24) return out;
  if (load_le<std::uint32_t>(bytes.data()) == 0x0A0D0D0A) {
    read_pcapng(reader, out);
  } else {
    read_pcap(reader, out);
  }
  return out;
}

// The SMB2 messages of a stream, compounds split.
void split_messages(Bytes stream, std::vector<ByteVector>& out) {
  ByteReader in(stream);
  while (in.remaining() >= kFramePrefixSize) {
    const auto packet = decode_session_packet(in.bytes(kFramePrefixSize));
    const auto direct = decode_frame_prefix(in.all().subspan(in.position() - kFramePrefixSize));
    if (!packet && !direct) return;
    Bytes frame = in.bytes(direct ? *direct : packet->length);
    if (!in.ok()) return;
    while (frame_kind(frame) == FrameKind::smb2) {
      const auto element = split_compound(frame);
      if (!element) break;
      out.emplace_back(element->message.begin(), element->message.end());
      frame = element->rest;
    }
  }
}

std::vector<ByteVector> messages_of(const std::filesystem::path& path) {
  std::vector<ByteVector> out;
  for (const auto& [flow, stream] : read_capture(path).streams) split_messages(reassemble(stream), out);
  return out;
}

struct Loaded {
  std::string file;
  ByteVector message;
};

class Captures : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("DOZO_CAPTURES");
    if (folder == nullptr) GTEST_SKIP() << "DOZO_CAPTURES names no folder of captures";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".pcap" && extension != ".pcapng") continue;
      for (auto& message : messages_of(entry.path())) {
        const std::string file = entry.path().filename().string();
        if (!decode_header(message)) {
          ++refused_[file];
        } else {
          messages_.push_back({file, std::move(message)});
        }
      }
    }
    ASSERT_GT(messages_.size(), 1000u);
  }
  std::vector<Loaded> messages_;
  std::map<std::string, std::size_t> refused_;
};

// Whether `again` differs from `original` only in a tail of zeros, as padding between compound elements is.
bool same_but_padding(Bytes original, Bytes again) {
  const std::size_t n = std::min(original.size(), again.size());
  const auto zero = [](std::uint8_t b) { return b == 0; };
  return std::equal(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(n), original.begin()) &&
         std::all_of(original.begin() + static_cast<std::ptrdiff_t>(n), original.end(), zero) &&
         std::all_of(again.begin() + static_cast<std::ptrdiff_t>(n), again.end(), zero);
}

// One capture holds a made-up message, with a StructureSize of 319.
TEST_F(Captures, every_header_decodes_but_that_of_a_hostile_client) {
  EXPECT_EQ(refused_, (std::map<std::string, std::size_t>{{"smb2_fscontrol.pcap", 1}}));
}

TEST_F(Captures, every_message_decodes_and_prints) {
  for (const Loaded& loaded : messages_) {
    const std::string text = message_to_text(loaded.message);
    EXPECT_EQ(text.find("malformed"), std::string::npos) << loaded.file << ": " << text;
    EXPECT_EQ(text.find("unknown command"), std::string::npos) << loaded.file << ": " << text;
  }
}

TEST_F(Captures, every_message_encodes_to_its_bytes_or_to_its_fields) {
  std::map<std::string, std::size_t> exact;
  std::map<std::string, std::size_t> same_fields;
  for (const Loaded& loaded : messages_) {
    const auto header = decode_header(loaded.message);
    ASSERT_TRUE(header);
    const Codec* codec = find_codec(*header, loaded.message);
    ASSERT_NE(codec, nullptr);
    const std::string name = std::string(codec->name);
    const auto again = codec->recode(loaded.message);
    ASSERT_TRUE(again) << loaded.file << ": " << name;
    if (same_but_padding(loaded.message, *again)) {
      ++exact[name];
      continue;
    }
    EXPECT_EQ(codec->to_text(*again), codec->to_text(loaded.message)) << loaded.file;
    ++same_fields[name + " in " + loaded.file];
    if (std::getenv("DOZO_CAPTURES_SHOW") != nullptr) {
      const auto at = std::mismatch(again->begin(), again->end(), loaded.message.begin(), loaded.message.end());
      std::string note = std::to_string(at.first - again->begin()) + " of " + std::to_string(loaded.message.size());
      same_fields[name + " in " + loaded.file + " at " + note] += 1;
    }
  }
  for (const auto& [name, count] : same_fields) {
    RecordProperty(name, static_cast<int>(count));
    printf("same fields, other bytes: %s: %zu\n", name.c_str(), count);
  }
  std::size_t total = 0;
  for (const auto& [name, count] : exact) total += count;
  printf("%zu of %zu messages encode to their bytes\n", total, messages_.size());
}

TEST_F(Captures, every_truncation_fails_cleanly) {
  for (const Loaded& loaded : messages_) {
    const Header header = *decode_header(loaded.message);
    const Codec* codec = find_codec(header, loaded.message);
    const auto whole = codec->to_text(loaded.message);
    const std::size_t limit = std::min<std::size_t>(loaded.message.size(), 512);
    for (std::size_t n = 0; n < limit; ++n) {
      const ByteVector cut(loaded.message.begin(), loaded.message.begin() + static_cast<std::ptrdiff_t>(n));
      const auto text = codec->to_text(cut);
      if (text) EXPECT_EQ(*text, *whole) << loaded.file << " cut to " << n;  // only padding was cut
    }
  }
}

}  // namespace
}  // namespace dozo::wire
