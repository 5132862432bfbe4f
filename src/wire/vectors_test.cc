// The golden messages of tests/vectors: decode to their text, encode to their bytes, refuse truncation, and survive
// any flipped byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wire/messages.h"

namespace dozo::wire {
namespace {

// A file holds blocks of lines, separated by empty ones: `name: T` or `name: T response`, `hex: …` (several), and
// `text: …`. A # begins a comment line.
struct Vector {
  std::string file;
  std::string name;
  std::string direction;  // "request", "response", or empty for a structure that stands by itself
  ByteVector bytes;
  std::string text;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void append_hex(std::string_view hex, ByteVector& out) {
  std::string digits;
  std::copy_if(hex.begin(), hex.end(), std::back_inserter(digits), [](char c) { return hex_digit(c) >= 0; });
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1])));
  }
}

void read_line(const std::string& line, Vector& vector) {
  const auto value = [&](std::string_view key) { return line.substr(key.size()); };
  if (line.starts_with("name: ")) {
    vector.name = value("name: ");
    const std::size_t space = vector.name.find(' ');
    if (space != std::string::npos) {
      vector.direction = vector.name.substr(space + 1);
      vector.name.resize(space);
    }
  }
  if (line.starts_with("hex: ")) append_hex(value("hex: "), vector.bytes);
  if (line.starts_with("text: ")) vector.text = value("text: ");
}

void load_file(const std::filesystem::path& path, std::vector<Vector>& out) {
  std::ifstream in(path);
  Vector vector;
  const auto finish = [&] {
    if (!vector.name.empty()) out.push_back(vector);
    vector = {};
    vector.file = path.filename().string();
  };
  finish();
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) finish();
    if (!line.starts_with('#')) read_line(line, vector);
  }
  finish();
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::vector<Vector> out;
    for (const auto& entry : std::filesystem::directory_iterator(DOZO_SOURCE_DIR "/tests/vectors")) {
      if (entry.path().extension() == ".txt") load_file(entry.path(), out);
    }
    return out;
  }();
  return all;
}

const Codec* codec_for(const Vector& vector) {
  if (vector.name == "ErrorResponse") return &error_response_codec();
  if (vector.direction.empty()) {
    const auto plain = plain_codecs();
    const auto it = std::ranges::find(plain, std::string_view(vector.name), &Codec::name);
    return it == plain.end() ? nullptr : &*it;
  }
  for (const MessageCodec& entry : message_codecs()) {
    if (entry.codec.name == vector.name && entry.is_response == (vector.direction == "response")) return &entry.codec;
  }
  return nullptr;
}

TEST(Vectors, name_a_codec) {
  ASSERT_FALSE(vectors().empty());
  for (const Vector& vector : vectors()) EXPECT_NE(codec_for(vector), nullptr) << vector.file << ": " << vector.name;
}

TEST(Vectors, decode_to_their_fields) {
  for (const Vector& vector : vectors()) {
    const auto text = codec_for(vector)->to_text(vector.bytes);
    ASSERT_TRUE(text) << vector.file << ": " << vector.name;
    EXPECT_EQ(*text, vector.text) << vector.file;
  }
}

TEST(Vectors, encode_to_their_bytes_and_size) {
  for (const Vector& vector : vectors()) {
    const auto bytes = codec_for(vector)->recode(vector.bytes);
    ASSERT_TRUE(bytes) << vector.file << ": " << vector.name;
    EXPECT_EQ(*bytes, vector.bytes) << vector.file << ": " << vector.name;
    EXPECT_EQ(codec_for(vector)->size(vector.bytes), vector.bytes.size()) << vector.file << ": " << vector.name;
  }
}

// A cut message is refused or, where only what may be missing was cut, decodes to the same fields. Structures of
// `rest` have no length of their own and are exempt.
bool takes_the_rest(const Vector& vector) {
  for (const std::string_view name : {"NetnameContext", "PosixCreateResponse", "SrvRequestResumeKeyResponse",
                                      "PipePeekReply", "DfsGetReferralRequest"}) {
    if (vector.name == name) return true;
  }
  return false;
}

TEST(Vectors, refuse_every_truncation) {
  for (const Vector& vector : vectors()) {
    for (std::size_t n = 0; n < vector.bytes.size(); ++n) {
      const ByteVector cut(vector.bytes.begin(), vector.bytes.begin() + static_cast<std::ptrdiff_t>(n));
      const auto text = codec_for(vector)->to_text(cut);
      if (!text || takes_the_rest(vector)) continue;
      EXPECT_EQ(*text, vector.text) << vector.file << ": " << vector.name << " cut to " << n;
      EXPECT_EQ(vector.bytes.size() - n, 1u) << "only the byte of an empty Buffer may be missing: " << vector.name;
    }
  }
}

TEST(Vectors, survive_any_flipped_byte) {
  for (const Vector& vector : vectors()) {
    for (std::size_t i = 0; i < vector.bytes.size(); ++i) {
      for (const unsigned mask : {0x01u, 0x80u, 0xFFu}) {
        ByteVector bytes = vector.bytes;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ mask);
        const auto once = codec_for(vector)->recode(bytes);
        if (!once) continue;
        const auto size = codec_for(vector)->size(bytes);
        EXPECT_EQ(size, once->size()) << vector.name << " byte " << i;
        EXPECT_EQ(codec_for(vector)->recode(*once), once) << vector.name << " byte " << i;
      }
    }
  }
}

TEST(Vectors, every_message_has_one) {
  for (const MessageCodec& entry : message_codecs()) {
    const bool found = std::ranges::any_of(vectors(), [&](const Vector& vector) {
      return vector.name == entry.codec.name && vector.direction == (entry.is_response ? "response" : "request");
    });
    EXPECT_TRUE(found) << entry.codec.name << (entry.is_response ? " response" : " request");
  }
}

TEST(MessageTable, every_command_has_both_directions) {
  for (std::uint16_t value = 0; value < kCommandCount; ++value) {
    for (const bool is_response : {false, true}) {
      // [MS-SMB2] 2.2.30: CANCEL has no response.
      if (is_response && static_cast<Command>(value) == Command::cancel) continue;
      const bool found = std::ranges::any_of(message_codecs(), [&](const MessageCodec& entry) {
        return entry.command == static_cast<Command>(value) && entry.is_response == is_response;
      });
      EXPECT_TRUE(found) << to_string(static_cast<Command>(value)) << is_response;
    }
  }
}

}  // namespace
}  // namespace dozo::wire
