#include "guard/audit.h"

#include <gtest/gtest.h>

#include <set>

namespace dozo::guard {
namespace {

TEST(Audit, a_line_has_what_the_record_has) {
  const AuditRecord record{.event = AuditEvent::logon_refused,
                           .address = "192.0.2.1",
                           .user = "alice",
                           .status = NtStatus::LOGON_FAILURE,
                           .dialect = Dialect::smb_3_1_1,
                           .session = SessionId(0x2A)};
  EXPECT_EQ(render(record),
            "address=\"192.0.2.1\" user=\"alice\" status=STATUS_LOGON_FAILURE dialect=3.1.1 session=0x2a");
}

TEST(Audit, text_from_the_wire_can_forge_neither_field_nor_line) {
  AuditRecord record{.event = AuditEvent::logon_refused, .address = "192.0.2.1"};
  record.user = "x\" status=STATUS_SUCCESS\nlogon_succeeded: \\";
  EXPECT_EQ(render(record), "address=\"192.0.2.1\" user=\"x\\\" status=STATUS_SUCCESS\\x0alogon_succeeded: \\\\\"");
}

TEST(Audit, every_event_has_its_own_name_and_a_level) {
  std::set<std::string_view> names;
#define DOZO_X(name, level)                                      \
  EXPECT_TRUE(names.insert(to_string(AuditEvent::name)).second); \
  EXPECT_EQ(level_of(AuditEvent::name), log::Level::level);
  DOZO_AUDIT_EVENTS(DOZO_X)
#undef DOZO_X
}

std::string logged_event;
log::Level logged_level;

TEST(Audit, a_record_is_logged_under_its_events_name) {
  log::set_sink([](log::Level level, std::string_view event, std::string_view) {
    logged_level = level;
    logged_event = event;
  });
  emit({.event = AuditEvent::share_refused, .address = "192.0.2.1", .share = "private"});
  EXPECT_EQ(logged_event, "share_refused");
  EXPECT_EQ(logged_level, log::Level::warning);
}

}  // namespace
}  // namespace dozo::guard
