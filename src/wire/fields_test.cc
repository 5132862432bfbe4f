#include "wire/fields.h"

#include <gtest/gtest.h>

#include "wire/change_notify.h"
#include "wire/create.h"
#include "wire/fscc/ea.h"
#include "wire/fscc/reparse.h"
#include "wire/header.h"
#include "wire/lock.h"
#include "wire/read.h"
#include "wire/tree_connect.h"
#include "wire/write.h"

namespace dozo::wire {
namespace {

template <class M>
ByteVector message_of(const M& body) {
  ByteWriter out;
  out.zeros(kHeaderSize);
  encode(body, out);
  return std::move(out).take();
}

ByteVector write_request() {
  static constexpr std::uint8_t kData[] = {1, 2, 3, 4};
  WriteRequest request;
  request.data = kData;
  return message_of(request);
}

TEST(Fields, offset_into_the_header_is_refused) {
  ByteVector message = write_request();
  store_le(&message[66], std::uint16_t{63});
  EXPECT_EQ(decode<WriteRequest>(message).error(), NtStatus::INVALID_PARAMETER);
}

TEST(Fields, offset_into_the_fixed_part_is_refused) {
  ByteVector message = write_request();
  store_le(&message[66], std::uint16_t{111});
  EXPECT_FALSE(decode<WriteRequest>(message));
}

TEST(Fields, length_beyond_the_message_is_refused) {
  ByteVector message = write_request();
  store_le(&message[68], std::uint32_t{5});
  EXPECT_FALSE(decode<WriteRequest>(message));
  store_le(&message[68], ~std::uint32_t{0});
  EXPECT_FALSE(decode<WriteRequest>(message));
}

TEST(Fields, offset_of_an_empty_part_is_ignored) {
  ByteVector message = message_of(WriteRequest{});
  store_le(&message[66], std::uint16_t{0xFFFF});
  const auto request = decode<WriteRequest>(message);
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->data.empty());
}

TEST(Fields, structure_size_must_match) {
  ByteVector message = write_request();
  message[64] = 48;
  EXPECT_FALSE(decode<WriteRequest>(message));
}

TEST(Fields, data_is_a_view_of_the_message) {
  const ByteVector message = write_request();
  EXPECT_EQ(decode<WriteRequest>(message)->data.data(), message.data() + 112);
}

TEST(Fields, count_of_more_elements_than_there_are_is_refused) {
  LockRequest request;
  request.locks.resize(1);
  ByteVector message = message_of(request);
  store_le(&message[66], std::uint16_t{0xFFFF});
  EXPECT_FALSE(decode<LockRequest>(message));
}

TEST(Fields, text_of_odd_length_is_refused) {
  TreeConnectRequest request;
  request.path = u"ab";
  ByteVector message = message_of(request);
  message[70] = 3;
  EXPECT_FALSE(decode<TreeConnectRequest>(message));
}

TEST(Fields, message_may_start_anywhere_in_the_writer) {
  static constexpr std::uint8_t kData[] = {9};
  ByteWriter out;
  out.zeros(4 + kHeaderSize);
  ReadResponse response;
  response.data = kData;
  encode(response, out, 4);
  EXPECT_EQ(decode<ReadResponse>(out.view().subspan(4))->data[0], 9);
}

TEST(Fields, read_response_written_in_place_is_the_encoded_one) {
  ByteVector message(kHeaderSize + kReadResponseFixedSize + 3);
  store_read_response(3, MutableBytes(message).subspan(kHeaderSize));
  EXPECT_EQ(decode<ReadResponse>(message)->data.size(), 3u);
  ReadResponse same;
  same.data = Bytes(message).last(3);
  EXPECT_EQ(message_of(same), message);
}

TEST(Printer, text_cannot_forge_a_line) {
  FileFullEaInformation ea;
  ea.ea_name = "a\n\"b";
  EXPECT_EQ(to_text(ea), "FileFullEaInformation{flags=0 ea_name=\"a\\x0a\\x22b\" ea_value=}");
}

TEST(Header, async_form_has_an_async_id_and_sync_form_a_tree) {
  Header header;
  header.async_id = AsyncId{7};
  header.tree_id = TreeId{9};
  ByteWriter sync;
  encode_header(header, sync);
  header.flags = HeaderFlag::async_command;
  ByteWriter async;
  encode_header(header, async);
  EXPECT_EQ(decode_header(sync.view())->tree_id, TreeId{9});
  EXPECT_EQ(decode_header(async.view())->async_id, AsyncId{7});
  EXPECT_EQ(async.size(), kHeaderSize);
}

TEST(Compound, next_command_must_be_aligned_and_inside) {
  ByteVector frame(3 * kHeaderSize);
  for (const std::uint32_t bad : {4u, 63u, 68u, 192u, 200u, 0xFFFFFFF8u}) {
    store_le(&frame[kNextCommandOffset], bad);
    EXPECT_FALSE(split_compound(frame)) << bad;
  }
  store_le(&frame[kNextCommandOffset], std::uint32_t{64});
  EXPECT_EQ(split_compound(frame)->rest.size(), 128u);
}

TEST(Chain, entry_that_points_backwards_or_into_itself_is_refused) {
  ByteVector list(64);
  for (const std::uint32_t bad : {4u, 8u, 13u, 64u, 0xFFFFFFF8u}) {
    store_le(&list[0], bad);
    EXPECT_FALSE(decode_chain<FileNotifyInformation>(list, kNotifyAlignment)) << bad;
  }
}

TEST(Chain, writer_stops_at_its_limit_and_leaves_the_last_link_zero) {
  FileNotifyInformation entry;
  entry.file_name = u"ab";  // 16 bytes
  ByteWriter out;
  ChainWriter writer(out, {.alignment = kNotifyAlignment, .size_max = 47});
  EXPECT_TRUE(writer.append(entry));
  EXPECT_TRUE(writer.append(entry));
  EXPECT_FALSE(writer.append(entry));
  EXPECT_EQ(out.size(), 32u);
  EXPECT_EQ(decode_chain<FileNotifyInformation>(out.view(), kNotifyAlignment)->size(), 2u);
}

TEST(Chain, ea_value_beyond_its_entry_is_refused) {
  FileFullEaInformation ea;
  ea.ea_name = "n";
  ByteVector bytes = encode_plain(ea);
  bytes[6] = 1;
  EXPECT_FALSE(decode_plain<FileFullEaInformation>(bytes));
}

TEST(Create, context_data_beyond_its_context_is_refused) {
  CreateRequest request;
  request.name = u"f";
  request.create_contexts = {{as_bytes("MxAc"), as_bytes("12345678")}, {as_bytes("QFid"), {}}};
  ByteVector message = message_of(request);
  ASSERT_TRUE(decode<CreateRequest>(message));
  message[128 + 12] = 9;  // DataLength of the first; the second begins right behind its eight bytes
  EXPECT_FALSE(decode<CreateRequest>(message));
}

TEST(Create, context_is_found_by_name) {
  const std::vector<CreateContext> list = {{as_bytes("MxAc"), {}}, {as_bytes("QFid"), {}}};
  EXPECT_EQ(find_context(list, as_bytes("QFid")), &list[1]);
  EXPECT_EQ(find_context(list, as_bytes("QFi")), nullptr);
}

TEST(Reparse, symlink_name_outside_the_path_buffer_is_refused) {
  ByteWriter out;
  encode_symlink_data({u"a", u"b", true}, out);
  ByteVector data(out.view().begin(), out.view().end());
  EXPECT_TRUE(decode_symlink_data(data)->relative);
  data[0] = 4;
  EXPECT_FALSE(decode_symlink_data(data));
}

}  // namespace
}  // namespace dozo::wire
