// The table of subcommands.
#pragma once

#include <span>
#include <string_view>

#include "cli/command.h"

namespace dozo::cli {

std::span<const CommandSpec> commands();
const CommandSpec* find_command(std::string_view name);  // "user add"; nothing when there is none

// What groups of commands are called in help: "user" of "user add".
struct CommandGroup {
  std::string_view name;
  std::string_view summary;
};
std::span<const CommandGroup> command_groups();

// The functions of the rows, one file for each group.
Exit run_serve(const Arguments& arguments, Io& io);
Exit run_user_add(const Arguments& arguments, Io& io);
Exit run_user_passwd(const Arguments& arguments, Io& io);
Exit run_user_remove(const Arguments& arguments, Io& io);
Exit run_user_list(const Arguments& arguments, Io& io);
Exit run_user_join(const Arguments& arguments, Io& io);
Exit run_user_leave(const Arguments& arguments, Io& io);
Exit run_config_check(const Arguments& arguments, Io& io);
Exit run_config_show(const Arguments& arguments, Io& io);
Exit run_config_import_smb_conf(const Arguments& arguments, Io& io);
Exit run_status(const Arguments& arguments, Io& io);
Exit run_reload(const Arguments& arguments, Io& io);
Exit run_kick(const Arguments& arguments, Io& io);
Exit run_ls(const Arguments& arguments, Io& io);
Exit run_stat(const Arguments& arguments, Io& io);
Exit run_get(const Arguments& arguments, Io& io);
Exit run_put(const Arguments& arguments, Io& io);
Exit run_sync(const Arguments& arguments, Io& io);
Exit run_du(const Arguments& arguments, Io& io);
Exit run_find(const Arguments& arguments, Io& io);
Exit run_cat(const Arguments& arguments, Io& io);
Exit run_rm(const Arguments& arguments, Io& io);
Exit run_mkdir(const Arguments& arguments, Io& io);
Exit run_mv(const Arguments& arguments, Io& io);
Exit run_mount(const Arguments& arguments, Io& io);
Exit run_nbtstat(const Arguments& arguments, Io& io);
Exit run_netview(const Arguments& arguments, Io& io);
Exit run_resolve(const Arguments& arguments, Io& io);
Exit run_policy_init(const Arguments& arguments, Io& io);
Exit run_policy_check(const Arguments& arguments, Io& io);
Exit run_policy_compile(const Arguments& arguments, Io& io);
Exit run_policy_simulate(const Arguments& arguments, Io& io);
Exit run_policy_impact(const Arguments& arguments, Io& io);
Exit run_policy_apply(const Arguments& arguments, Io& io);
Exit run_policy_confirm(const Arguments& arguments, Io& io);
Exit run_policy_undo(const Arguments& arguments, Io& io);
Exit run_policy_verify(const Arguments& arguments, Io& io);
Exit run_policy_ban(const Arguments& arguments, Io& io);
Exit run_policy_unban(const Arguments& arguments, Io& io);
Exit run_policy_lockdown(const Arguments& arguments, Io& io);
Exit run_scan(const Arguments& arguments, Io& io);
Exit run_help(const Arguments& arguments, Io& io);
Exit run_manual(const Arguments& arguments, Io& io);
Exit run_completion(const Arguments& arguments, Io& io);

}  // namespace dozo::cli
