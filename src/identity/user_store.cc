#include "identity/user_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/unicode.h"
#include "identity/user_store_file.h"

namespace dozo::identity {
namespace {

std::string key_of(std::string_view name) { return utf16_to_utf8(fold_name(name)); }

std::int64_t now_ns() { return SystemClock().wall_now().time_since_epoch().count(); }

StoreError invalid(std::string message) { return {StoreError::Kind::invalid, std::move(message)}; }
StoreError no_user(std::string_view name) { return {StoreError::Kind::not_found, fmt::format("no user {}", name)}; }
StoreError no_group(std::string_view name) { return {StoreError::Kind::not_found, fmt::format("no group {}", name)}; }

// What Windows does not allow in account names; '@' and '%' besides, since clients take names apart there.
constexpr std::string_view kForbidden = "\"/\\[]:|<>+=;,?*@%";

StoreResult<> check_name(std::string_view name, std::string_view what, std::size_t units_max) {
  const std::optional<std::u16string> text = utf8_to_utf16(name);
  if (!text || has_unpaired_surrogate(*text)) return std::unexpected(invalid(fmt::format("a {} must be UTF-8", what)));
  if (text->empty()) return std::unexpected(invalid(fmt::format("a {} must not be empty", what)));
  if (text->size() > units_max) {
    return std::unexpected(invalid(fmt::format("a {} may have at most {} characters", what, units_max)));
  }
  const auto bad = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || kForbidden.find(c) != std::string_view::npos;
  };
  if (std::ranges::any_of(name, bad)) {
    return std::unexpected(
        invalid(fmt::format("a {} must not hold control characters or any of {}", what, kForbidden)));
  }
  if (name.find_first_not_of(". ") == std::string_view::npos || name.back() == '.' || name.back() == ' ' ||
      name.front() == ' ') {
    return std::unexpected(invalid(fmt::format("a {} must not begin with a blank or end with a blank or a dot", what)));
  }
  return {};
}

}  // namespace

StoreResult<> check_user_name(std::string_view name) { return check_name(name, "user name", 64); }

StoreResult<> check_password(std::string_view password) {
  if (password.empty()) return std::unexpected(invalid("a password must not be empty"));
  const std::optional<std::u16string> text = utf8_to_utf16(password);
  if (!text) return std::unexpected(invalid("a password must be UTF-8"));
  if (text->size() > 256) return std::unexpected(invalid("a password may have at most 256 characters"));
  return {};
}

struct UserStore::Impl {
  std::mutex mutex;
  std::string path;
  SqliteDatabase database;
  std::shared_ptr<const UserSnapshot> current;
  std::int64_t data_version = -1;  // as SQLite counts the commits of other connections

  Impl(std::string p, SqliteDatabase d) : path(std::move(p)), database(std::move(d)) {}

  StoreResult<> reload() {
    const SqliteResult<std::int64_t> version = database.query_integer("PRAGMA data_version");
    if (!version) return std::unexpected(store_error(version.error(), path));
    if (current && *version == data_version) return {};
    SqliteResult<std::shared_ptr<const UserSnapshot>> loaded = load_snapshot(database);
    if (!loaded) return std::unexpected(store_error(loaded.error(), path));
    current = std::move(*loaded);
    data_version = *version;
    return {};
  }

  // Runs `change` in a transaction; what it wrote is in the next snapshot.
  template <class Change>
  StoreResult<> transact(Change change) {
    const std::lock_guard lock(mutex);
    SqliteResult<SqliteTransaction> transaction = SqliteTransaction::begin(database);
    if (!transaction) return std::unexpected(store_error(transaction.error(), path));
    if (StoreResult<> done = change(); !done) return done;
    if (const SqliteResult<> done = transaction->commit(); !done)
      return std::unexpected(store_error(done.error(), path));
    data_version = -1;  // SQLite does not count our own commits
    return {};
  }

  // One statement; how many rows it changed.
  template <class Bind>
  StoreResult<int> change_rows(std::string_view sql, Bind bind) {
    SqliteResult<SqliteStatement> statement = database.prepare(sql);
    if (!statement) return std::unexpected(store_error(statement.error(), path));
    bind(*statement);
    const SqliteResult<> done = statement->run();
    if (!done) return std::unexpected(store_error(done.error(), path));
    return database.changed_rows();
  }

  StoreResult<bool> exists(std::string_view table, std::string_view key) {
    SqliteResult<SqliteStatement> statement = database.prepare(fmt::format("SELECT 1 FROM {} WHERE key = ?", table));
    if (!statement) return std::unexpected(store_error(statement.error(), path));
    statement->bind(key);
    const SqliteResult<bool> row = statement->step();
    if (!row) return std::unexpected(store_error(row.error(), path));
    return *row;
  }

  // Users and groups share one space of names, as they do in a Windows domain: a SID lookup must not be ambiguous.
  StoreResult<> check_free(std::string_view name) {
    for (const std::string_view table : {"users", "groups"}) {
      const StoreResult<bool> taken = exists(table, key_of(name));
      if (!taken) return std::unexpected(taken.error());
      if (*taken) {
        return std::unexpected(
            StoreError{StoreError::Kind::exists,
                       fmt::format("there is a {} {} already", table == "users" ? "user" : "group", name)});
      }
    }
    return {};
  }

  StoreResult<std::int64_t> take_rid() {
    const SqliteResult<std::int64_t> rid = database.query_integer("SELECT value FROM meta WHERE key = 'next_rid'");
    if (!rid) return std::unexpected(store_error(rid.error(), path));
    const StoreResult<int> done = change_rows("UPDATE meta SET value = value + 1 WHERE key = 'next_rid'", [](auto&) {});
    if (!done) return std::unexpected(done.error());
    return *rid;
  }

  template <class Bind>
  StoreResult<> update_user(std::string_view name, std::string_view assignment, Bind bind) {
    return transact([&]() -> StoreResult<> {
      const std::string sql = fmt::format("UPDATE users SET {}, changed = ? WHERE key = ?", assignment);
      const StoreResult<int> rows = change_rows(sql, [&](SqliteStatement& s) {
        bind(s);
        s.bind(now_ns()).bind(key_of(name));
      });
      if (!rows) return std::unexpected(rows.error());
      if (*rows == 0) return std::unexpected(no_user(name));
      return {};
    });
  }

  template <class Bind>
  StoreResult<> insert(std::string_view sql, Bind bind) {
    const StoreResult<int> rows = change_rows(sql, bind);
    if (!rows) return std::unexpected(rows.error());
    return {};
  }

  StoreResult<> check_member(std::string_view group, std::string_view user) {
    const StoreResult<bool> has_group = exists("groups", key_of(group));
    if (!has_group) return std::unexpected(has_group.error());
    if (!*has_group) return std::unexpected(no_group(group));
    const StoreResult<bool> has_user = exists("users", key_of(user));
    if (!has_user) return std::unexpected(has_user.error());
    if (!*has_user) return std::unexpected(no_user(user));
    return {};
  }
};

UserStore::UserStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UserStore::~UserStore() = default;

StoreResult<std::unique_ptr<UserStore>> UserStore::open(const std::string& state_directory) {
  StoreResult<SqliteDatabase> database = open_user_database(state_directory);
  if (!database) return std::unexpected(database.error());
  auto impl = std::make_unique<Impl>(user_database_path(state_directory), std::move(*database));
  if (const StoreResult<> loaded = impl->reload(); !loaded) return std::unexpected(loaded.error());
  return std::make_unique<UserStore>(std::move(impl));
}

std::shared_ptr<const UserSnapshot> UserStore::snapshot() {
  const std::lock_guard lock(impl_->mutex);
  if (const StoreResult<> loaded = impl_->reload(); !loaded) {
    // A file that broke under a running server: those who could log on still can, and somebody is told.
    log::error("user_store_unreadable", "{}", loaded.error().message);
  }
  return impl_->current;
}

StoreResult<> UserStore::add_user(const NewUser& user) {
  if (const StoreResult<> ok = check_user_name(user.name); !ok) return ok;
  if (const StoreResult<> ok = check_password(user.password); !ok) return ok;
  const crypto::NtHash hash = crypto::nt_hash(user.password).value_or(crypto::NtHash{});
  return impl_->transact([&]() -> StoreResult<> {
    if (const StoreResult<> free = impl_->check_free(user.name); !free) return free;
    const StoreResult<std::int64_t> rid = impl_->take_rid();
    if (!rid) return std::unexpected(rid.error());
    return impl_->insert("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)", [&](SqliteStatement& s) {
      s.bind(key_of(user.name)).bind(user.name).bind(user.full_name).bind(*rid).bind_blob(hash.bytes());
      user.unix_account ? s.bind(*user.unix_account) : s.bind_null();
      s.bind(now_ns()).bind(now_ns());
    });
  });
}

StoreResult<> UserStore::set_password(std::string_view name, std::string_view password) {
  if (const StoreResult<> ok = check_password(password); !ok) return ok;
  const crypto::NtHash hash = crypto::nt_hash(password).value_or(crypto::NtHash{});
  return impl_->update_user(name, "nt_hash = ?", [&](SqliteStatement& s) { s.bind_blob(hash.bytes()); });
}

StoreResult<> UserStore::set_disabled(std::string_view name, bool disabled) {
  return impl_->update_user(name, "disabled = ?", [&](SqliteStatement& s) { s.bind(std::int64_t{disabled}); });
}

StoreResult<> UserStore::set_full_name(std::string_view name, std::string_view full_name) {
  return impl_->update_user(name, "full_name = ?", [&](SqliteStatement& s) { s.bind(full_name); });
}

StoreResult<> UserStore::set_unix_account(std::string_view name, std::optional<std::string> account) {
  return impl_->update_user(name, "unix_account = ?",
                            [&](SqliteStatement& s) { account ? s.bind(*account) : s.bind_null(); });
}

StoreResult<> UserStore::remove_user(std::string_view name) {
  return impl_->transact([&]() -> StoreResult<> {
    const StoreResult<int> rows =
        impl_->change_rows("DELETE FROM users WHERE key = ?", [&](SqliteStatement& s) { s.bind(key_of(name)); });
    if (!rows) return std::unexpected(rows.error());
    if (*rows == 0) return std::unexpected(no_user(name));
    return {};
  });
}

StoreResult<> UserStore::add_group(std::string_view name) {
  if (const StoreResult<> ok = check_name(name, "group name", 64); !ok) return ok;
  return impl_->transact([&]() -> StoreResult<> {
    if (const StoreResult<> free = impl_->check_free(name); !free) return free;
    const StoreResult<std::int64_t> rid = impl_->take_rid();
    if (!rid) return std::unexpected(rid.error());
    return impl_->insert("INSERT INTO groups VALUES (?, ?, ?, 0)",
                         [&](SqliteStatement& s) { s.bind(key_of(name)).bind(name).bind(*rid); });
  });
}

StoreResult<> UserStore::remove_group(std::string_view name) {
  return impl_->transact([&]() -> StoreResult<> {
    const StoreResult<bool> known = impl_->exists("groups", key_of(name));
    if (!known) return std::unexpected(known.error());
    if (!*known) return std::unexpected(no_group(name));
    const StoreResult<int> rows = impl_->change_rows("DELETE FROM groups WHERE key = ? AND builtin = 0",
                                                     [&](SqliteStatement& s) { s.bind(key_of(name)); });
    if (!rows) return std::unexpected(rows.error());
    if (*rows == 0) return std::unexpected(invalid(fmt::format("the group {} is built in and stays", name)));
    return {};
  });
}

StoreResult<> UserStore::add_member(std::string_view group, std::string_view user) {
  return impl_->transact([&]() -> StoreResult<> {
    if (const StoreResult<> ok = impl_->check_member(group, user); !ok) return ok;
    return impl_->insert("INSERT OR IGNORE INTO members VALUES (?, ?)",
                         [&](SqliteStatement& s) { s.bind(key_of(group)).bind(key_of(user)); });
  });
}

StoreResult<> UserStore::remove_member(std::string_view group, std::string_view user) {
  return impl_->transact([&]() -> StoreResult<> {
    if (const StoreResult<> ok = impl_->check_member(group, user); !ok) return ok;
    const StoreResult<int> rows =
        impl_->change_rows("DELETE FROM members WHERE group_key = ? AND user_key = ?",
                           [&](SqliteStatement& s) { s.bind(key_of(group)).bind(key_of(user)); });
    if (!rows) return std::unexpected(rows.error());
    if (*rows == 0) {
      return std::unexpected(StoreError{StoreError::Kind::not_found, fmt::format("{} is not in {}", user, group)});
    }
    return {};
  });
}

}  // namespace dozo::identity
