// dozo user: the store of users, whether a server is running or not.
#include <fmt/format.h>

#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json_text.h"
#include "cli/password.h"
#include "identity/user_store.h"

namespace dozo::cli {
namespace {

using identity::StoreError;
using identity::StoreResult;
using identity::UserStore;

std::unique_ptr<UserStore> open_store(const Arguments& arguments, Io& io) {
  const auto loaded = configuration(arguments, io);
  if (!loaded) return nullptr;
  auto store = UserStore::open(loaded->config.server.state_dir);
  if (!store) {
    failed(io, store.error().message);
    return nullptr;
  }
  return std::move(*store);
}

Exit finish(const StoreResult<>& result, Io& io) { return result ? Exit::done : failed(io, result.error().message); }

StoreResult<> join(UserStore& store, const std::string& user, const std::string& group) {
  if (!store.snapshot()->find_group(group)) {
    if (auto made = store.add_group(group); !made) return made;
  }
  return store.add_member(group, user);
}

std::string group_names(const identity::UserSnapshot& users, const identity::User& user, bool json) {
  std::string names;
  for (const identity::Group* group : users.groups_of(user.name)) {
    if (!names.empty()) names += json ? "," : " ";
    names += json ? json_quoted(group->name) : "@" + group->name;
  }
  return names;
}

std::string user_as_json(const identity::UserSnapshot& users, const identity::User& user) {
  return fmt::format(R"({{"name":{},"full_name":{},"sid":{},"disabled":{},"groups":[{}]}})", json_quoted(user.name),
                     json_quoted(user.full_name), json_quoted(to_string(users.sid_of(user))), user.disabled,
                     group_names(users, user, true));
}

}  // namespace

Exit run_user_add(const Arguments& arguments, Io& io) {
  const std::string& name = arguments.required("NAME");
  if (const auto valid = identity::check_user_name(name); !valid) return failed(io, valid.error().message);
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  const auto password = read_password(arguments, io, name);
  if (!password) return failed(io, password.error());

  const auto added = store->add_user({.name = name,
                                      .password = *password,
                                      .full_name = arguments.value("--full-name").value_or(""),
                                      .unix_account = std::nullopt});
  if (!added) return failed(io, added.error().message);
  for (const std::string& group : arguments.all("--group")) {
    if (const auto joined = join(*store, name, group); !joined) return failed(io, joined.error().message);
  }
  return Exit::done;
}

Exit run_user_passwd(const Arguments& arguments, Io& io) {
  const std::string& name = arguments.required("NAME");
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  if (!store->snapshot()->find_user(name)) {
    return failed(io, fmt::format("there is no user {}; dozo user list shows those there are", name));
  }
  const auto password = read_password(arguments, io, name);
  if (!password) return failed(io, password.error());
  return finish(store->set_password(name, *password), io);
}

Exit run_user_remove(const Arguments& arguments, Io& io) {
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  return finish(store->remove_user(arguments.required("NAME")), io);
}

Exit run_user_list(const Arguments& arguments, Io& io) {
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  const auto users = store->snapshot();
  const bool json = arguments.flag("--json");
  std::string separator;
  if (json) io.out << "{\"users\":[";
  for (const identity::User& user : users->users()) {
    if (json) {
      io.out << std::exchange(separator, ",") << user_as_json(*users, user);
      continue;
    }
    io.out << fmt::format("{:<24} {:<8} {}\n", user.name, user.disabled ? "disabled" : "enabled",
                          group_names(*users, user, false));
  }
  if (json) io.out << "]}\n";
  return Exit::done;
}

Exit run_user_join(const Arguments& arguments, Io& io) {
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  return finish(join(*store, arguments.required("NAME"), arguments.required("GROUP")), io);
}

Exit run_user_leave(const Arguments& arguments, Io& io) {
  const auto store = open_store(arguments, io);
  if (!store) return Exit::failed;
  return finish(store->remove_member(arguments.required("GROUP"), arguments.required("NAME")), io);
}

}  // namespace dozo::cli
