#include "cli/import_smb_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "scan/smb_conf.h"
#include "server/config.h"
#include "server/config_value.h"

namespace dozo::cli {
namespace {

using scan::lower;
using scan::parse_smb_conf;
using scan::smb_conf_bool;
using scan::smb_conf_list;
using scan::SmbConf;
using scan::SmbConfOption;
using scan::SmbConfSection;
using server::toml_quoted;

std::string compact(std::string_view option) {
  std::string out = lower(option);
  std::erase(out, ' ');
  return out;
}

std::string toml_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + toml_quoted(item);
  return fmt::format("[{}]", out);
}

// What an option turns into: lines of TOML and, when something is lost, a note.
struct Outcome {
  std::string line;  // "signing = \"required\""; empty: nothing to write
  std::string note;
};

// ---- Options of [global], by their value ----

Outcome import_dialect(std::string_view key, std::string_view value) {
  struct Name {
    std::string_view samba;
    std::string_view ours;
  };
  constexpr Name kNames[] = {{"smb2", "2.0.2"},  {"smb2_02", "2.0.2"}, {"smb2_10", "2.1"},  {"smb3", "3.0"},
                             {"smb3_00", "3.0"}, {"smb3_02", "3.0.2"}, {"smb3_11", "3.1.1"}};
  const std::string word = lower(value);
  if (key == "max_dialect" && (word == "smb3" || word == "default")) return {"max_dialect = \"3.1.1\"", {}};
  if (key == "max_dialect" && word == "smb2") return {"max_dialect = \"2.1\"", {}};
  for (const Name& name : kNames) {
    if (name.samba == word) return {fmt::format("{} = \"{}\"", key, name.ours), {}};
  }
  return {{}, "SMB1 is not spoken; the default stays"};
}
Outcome import_min_protocol(std::string_view value) { return import_dialect("min_dialect", value); }
Outcome import_max_protocol(std::string_view value) { return import_dialect("max_dialect", value); }

Outcome import_signing(std::string_view value) {
  const std::string word = lower(value);
  if (word == "mandatory" || word == "required" || word == "force") return {"signing = \"required\"", {}};
  if (word == "auto" || word == "default" || word == "yes") return {"signing = \"if-asked\"", {}};
  return {{}, "signing cannot be turned off; it stays required"};
}

Outcome import_encryption(std::string_view value) {
  const std::string word = lower(value);
  if (word == "required" || word == "mandatory") return {"encryption = \"required\"", {}};
  if (word == "off" || word == "disabled" || word == "no") return {"encryption = \"off\"", {}};
  return {"encryption = \"offered\"", {}};
}

Outcome import_ports(std::string_view value) {
  std::vector<std::string> listen;
  for (const std::string& port : smb_conf_list(value)) {
    if (port == "139") continue;  // NetBIOS sessions
    listen.push_back("0.0.0.0:" + port);
    listen.push_back("[::]:" + port);
  }
  if (listen.empty()) return {{}, "port 139 (NetBIOS) is not served; the default stays"};
  return {"listen = " + toml_list(listen), {}};
}

Outcome import_name(std::string_view value) { return {"name = " + toml_quoted(value), {}}; }

Outcome import_security(std::string_view value) {
  const std::string word = lower(value);
  if (word == "user" || word == "auto") return {};
  return {{}, "this server knows its own users; membership in a domain has no counterpart"};
}

Outcome import_map_to_guest(std::string_view value) {
  if (lower(value) == "never") return {};
  return {{}, "guests are refused: a wrong name or password never becomes a session"};
}

// 2 is Samba's own way to refuse them. 0 and 1 let them in, to more than there is here: that is for a person to decide.
Outcome import_restrict_anonymous(std::string_view value) {
  if (value == "2") return {"anonymous = \"refuse\"", {}};
  return {{}, "sessions without a name are refused; auth.anonymous = \"ipc\" lets them reach IPC$, and list nothing"};
}

Outcome import_ntlm(std::string_view value) {
  const std::string word = lower(value);
  if (word == "disabled") return {"ntlm = \"off\"", {}};
  if (word == "ntlmv2-only" || word == "no") return {"ntlm = \"v2\"", {}};
  return {"ntlm = \"v2\"", "NTLMv1 is not accepted"};
}

struct GlobalRow {
  std::string_view option;  // without blanks
  std::string_view section;
  Outcome (*import)(std::string_view value);
};
constexpr GlobalRow kGlobal[] = {
    {"netbiosname", "server", import_name},
    {"serverminprotocol", "server", import_min_protocol},
    {"minprotocol", "server", import_min_protocol},
    {"servermaxprotocol", "server", import_max_protocol},
    {"maxprotocol", "server", import_max_protocol},
    {"protocol", "server", import_max_protocol},
    {"serversigning", "server", import_signing},
    {"serversmbencrypt", "server", import_encryption},
    {"smbencrypt", "server", import_encryption},
    {"smbports", "server", import_ports},
    {"security", "server", import_security},
    {"maptoguest", "auth", import_map_to_guest},
    {"restrictanonymous", "auth", import_restrict_anonymous},
    {"ntlmauth", "auth", import_ntlm},
};

// Options of a share that are read by name below; elsewhere in [global] they are the shares' defaults.
constexpr std::string_view kShareOptions[] = {"path",      "directory", "comment",    "readonly",   "writeable",
                                              "writable",  "writeok",   "validusers", "smbencrypt", "serversmbencrypt",
                                              "forceuser", "user",      "guestok",    "public",     "available",
                                              "printable", "printok"};

// What people ask about options that have no counterpart; others get a general sentence.
struct Explanation {
  std::string_view option;
  std::string_view sentence;
};
constexpr Explanation kExplanations[] = {
    {"include", "the other file is not read; import it by itself"},
    {"vetofiles", "the files will be visible"},
    {"hidedotfiles", "the attribute is kept with each file (user.DOSATTRIB), not made from the name"},
    {"browseable", "every share is shown in lists; who may not connect is still refused"},
    {"browsable", "every share is shown in lists; who may not connect is still refused"},
    {"vfsobjects", "modules of Samba do not exist here"},
    {"createmask", "new files get the modes that the process' umask leaves"},
    {"directorymask", "new folders get the modes that the process' umask leaves"},
    {"forcegroup", "files get the group of their user or folder"},
    {"invalidusers", "only allow lists exist: name who may connect"},
    {"hostsallow", "filter addresses in the firewall"},
    {"hostsdeny", "filter addresses in the firewall"},
    {"readlist", "a share is read-only for everybody or for nobody; use file permissions"},
    {"writelist", "a share is read-only for everybody or for nobody; use file permissions"},
    {"workgroup", "not needed: names are found by DNS, not by workgroup"},
};

class Importer {
 public:
  Importer(const SmbConf& conf, std::string_view file) : conf_(conf), file_(file) {}

  ImportedSmbConf run() {
    for (const std::string& problem : conf_.problems) out_.notes.push_back(fmt::format("{}: {}", file_, problem));
    const auto global = std::ranges::find_if(conf_.sections, [](const auto& s) { return lower(s.name) == "global"; });
    if (global != conf_.sections.end()) {
      global_ = &*global;
      import_global();
    }
    for (const SmbConfSection& section : conf_.sections) {
      if (&section != global_) import_share(section);
    }
    check();
    return std::move(out_);
  }

 private:
  void note(const SmbConfSection& section, const SmbConfOption& option, std::string_view text) {
    out_.notes.push_back(
        fmt::format("{}:{}: [{}] {} = {}: {}", file_, option.line, section.name, option.name, option.value, text));
  }

  void no_counterpart(const SmbConfSection& section, const SmbConfOption& option) {
    const auto known = std::ranges::find(kExplanations, compact(option.name), &Explanation::option);
    note(section, option, known == std::end(kExplanations) ? "has no counterpart and is left out" : known->sentence);
  }

  void import_global() {
    std::map<std::string_view, std::map<std::string, std::string>> lines;  // section, key, line
    for (const SmbConfOption& option : global_->options) {
      const auto row = std::ranges::find(kGlobal, compact(option.name), &GlobalRow::option);
      if (row == std::end(kGlobal)) {
        if (std::ranges::find(kShareOptions, compact(option.name)) == std::end(kShareOptions)) {
          no_counterpart(*global_, option);
        }
        continue;
      }
      const Outcome outcome = row->import(option.value);
      if (!outcome.note.empty()) note(*global_, option, outcome.note);
      if (!outcome.line.empty()) lines[row->section][outcome.line.substr(0, outcome.line.find(' '))] = outcome.line;
    }
    for (const std::string_view section : {"server", "auth"}) {
      if (!lines.contains(section)) continue;
      out_.toml += fmt::format("[{}]\n", section);
      for (const auto& [key, line] : lines[section]) out_.toml += line + "\n";
      out_.toml += '\n';
    }
  }

  // The share's option or, when it has none of these names, the default that [global] sets. The last of the names wins.
  const SmbConfOption* find(const SmbConfSection& share, std::initializer_list<std::string_view> names) const {
    for (const SmbConfSection* section : {&share, global_}) {
      const SmbConfOption* found = nullptr;
      for (const std::string_view name : names) {
        const SmbConfOption* option = section ? section->find(name) : nullptr;
        if (option && (!found || option->line > found->line)) found = option;
      }
      if (found) return found;
    }
    return nullptr;
  }

  bool flag(const SmbConfSection& share, std::initializer_list<std::string_view> names, bool otherwise) {
    const SmbConfOption* option = find(share, names);
    if (!option) return otherwise;
    const auto value = smb_conf_bool(option->value);
    if (!value) note(share, *option, "is neither yes nor no");
    return value.value_or(otherwise);
  }

  void import_share(const SmbConfSection& share) {
    const std::string name = lower(share.name);
    if (name == "ipc$") return;
    const SmbConfOption* path = find(share, {"path", "directory"});
    const std::string why = reason_to_leave_out(share, name, path);
    if (!why.empty()) {
      out_.notes.push_back(fmt::format("{}:{}: [{}] is left out: {}", file_, share.line, share.name, why));
      return;
    }
    out_.toml += fmt::format("[[share]]\nname = {}\npath = {}\n", toml_quoted(share.name), toml_quoted(path->value));
    if (const auto* comment = find(share, {"comment"})) {
      out_.toml += fmt::format("comment = {}\n", toml_quoted(comment->value));
    }
    out_.toml += fmt::format("read_only = {}\n", read_only(share));
    import_access(share);
    out_.toml += '\n';
    for (const SmbConfOption& option : share.options) {
      if (std::ranges::find(kShareOptions, compact(option.name)) == std::end(kShareOptions)) {
        no_counterpart(share, option);
      }
    }
  }

  std::string reason_to_leave_out(const SmbConfSection& share, const std::string& name, const SmbConfOption* path) {
    if (name == "homes") return "a share for each home folder has no counterpart";
    if (name == "printers" || name == "print$" || flag(share, {"printable", "print ok"}, false)) {
      return "printers are not served";
    }
    if (!flag(share, {"available"}, true)) return "it is not available";
    if (const auto wrong = server::share_name_problem(share.name)) return "the name " + *wrong;
    if (!path) return "it has no path";
    if (path->value.find('%') != std::string::npos) return "its path has substitutions (%), which do not exist here";
    if (!path->value.starts_with('/')) return "its path is not absolute";
    return {};
  }

  // smb.conf(5): read only = yes unless told otherwise; writeable and its synonyms are the inverse.
  bool read_only(const SmbConfSection& share) {
    const SmbConfOption* option = find(share, {"read only", "writeable", "writable", "write ok"});
    if (!option) return true;
    const auto value = smb_conf_bool(option->value);
    if (!value) note(share, *option, "is neither yes nor no; the share is read-only");
    return compact(option->name) == "readonly" ? value.value_or(true) : !value.value_or(false);
  }

  void import_access(const SmbConfSection& share) {
    if (const auto* users = find(share, {"valid users"})) import_valid_users(share, *users);
    const SmbConfOption* encrypt =
        share.find("smb encrypt") ? share.find("smb encrypt") : share.find("server smb encrypt");
    if (encrypt && (lower(encrypt->value) == "required" || lower(encrypt->value) == "mandatory")) {
      out_.toml += "encryption = \"required\"\n";
    }
    if (const auto* user = find(share, {"force user"})) {
      out_.toml += fmt::format("run_as = {}\n", toml_quoted(user->value));
      note(share, *user, "became run_as, which is only for users without a system account of their name");
    }
    if (const auto* guest = find(share, {"guest ok", "public"}); guest && smb_conf_bool(guest->value).value_or(false)) {
      note(share, *guest, "guests are refused; add users with dozo user add");
    }
  }

  void import_valid_users(const SmbConfSection& share, const SmbConfOption& option) {
    std::vector<std::string> allow;
    for (std::string who : smb_conf_list(option.value)) {
      const bool group = who.starts_with('@') || who.starts_with('+') || who.starts_with('&');
      while (!who.empty() && std::string_view("@+&").find(who[0]) != std::string_view::npos) who.erase(0, 1);
      if (who.empty() || who.find_first_of("\\%") != std::string::npos) {
        note(share, option, fmt::format("{} is not a user or group of this server and is left out", toml_quoted(who)));
      } else {
        allow.push_back((group ? "@" : "") + who);
      }
    }
    // An empty list would let everybody in.
    if (allow.empty()) {
      allow.emplace_back("nobody");
      note(share, option, "nobody is left who may connect; edit allow");
    }
    out_.toml += "allow = " + toml_list(allow) + "\n";
  }

  void check() {
    const auto result = server::parse_config(out_.toml, "the result");
    if (result) return;
    for (const auto& problem : result.error()) out_.notes.push_back("needs an edit: " + to_string(problem));
  }

  const SmbConf& conf_;
  std::string_view file_;
  const SmbConfSection* global_ = nullptr;
  ImportedSmbConf out_;
};

}  // namespace

ImportedSmbConf import_smb_conf(std::string_view text, std::string_view file_name) {
  const SmbConf conf = parse_smb_conf(text);
  return Importer(conf, file_name).run();
}

}  // namespace dozo::cli
