// smb.conf and ksmbd.conf as facts. Defaults are those of smb.conf(5) of Samba 4.17 and of ksmbd.conf(5).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "scan/evidence.h"
#include "scan/self_audit.h"
#include "scan/self_rules.h"
#include "scan/smb_conf.h"

namespace dozo::scan {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view value, Names words) { return std::ranges::find(words, lower(value)) != words.end(); }

// smb.conf(5): the words of "server signing" and "server smb encrypt".
bool is_mandatory(std::string_view value) {
  return is_one_of(value, {"mandatory", "required", "force", "forced", "enforced"});
}
bool is_off(std::string_view value) { return is_one_of(value, {"off", "disabled", "no", "false", "0"}); }

struct Value {
  std::string text;
  std::string origin;  // "smb.conf:12: server signing = auto", or that it is not set
};

class Settings {
 public:
  Settings(const SmbConf& conf, std::string_view file) : file_(file) {
    for (const SmbConfSection& section : conf.sections) {
      if (lower(section.name) == "global") global_ = &section;
    }
  }

  // A parameter by its name or one of its synonyms; the last in the file stands.
  Value global(Names names, std::string_view otherwise) const { return value_of({global_}, names, otherwise); }
  // A share's own, else [global]'s.
  Value of(const SmbConfSection& share, Names names, std::string_view otherwise) const {
    return value_of({&share, global_}, names, otherwise);
  }
  bool is_set(Names names) const { return find({global_}, names) != nullptr; }

 private:
  using Sections = std::initializer_list<const SmbConfSection*>;

  static const SmbConfOption* find(Sections sections, Names names) {
    for (const SmbConfSection* section : sections) {
      const SmbConfOption* found = nullptr;
      for (const std::string_view name : names) {
        const SmbConfOption* option = section == nullptr ? nullptr : section->find(name);
        if (option != nullptr && (found == nullptr || option->line > found->line)) found = option;
      }
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  Value value_of(Sections sections, Names names, std::string_view otherwise) const {
    const SmbConfOption* option = find(sections, names);
    if (option == nullptr) {
      return {std::string(otherwise),
              fmt::format("{}: {} is not set, which means {}", file_, *names.begin(), otherwise)};
    }
    return {option->value, fmt::format("{}:{}: {} = {}", file_, option->line, option->name, option->value)};
  }

  std::string_view file_;
  const SmbConfSection* global_ = nullptr;
};

bool is_yes_word(const Value& value) { return smb_conf_bool(value.text).value_or(false); }

Fact fact(bool yes, const Value& value) { return {yes ? State::yes : State::no, value.origin}; }

// smb.conf(5), "server max protocol", from old to new.
struct Protocol {
  std::string_view name;
  std::string_view dialect;
};
constexpr Protocol kProtocols[] = {{"CORE", "PC NETWORK PROGRAM 1.0"},
                                   {"COREPLUS", "MICROSOFT NETWORKS 1.03"},
                                   {"LANMAN1", "LANMAN1.0"},
                                   {"LANMAN2", "LANMAN2.1"},
                                   {"NT1", "NT LM 0.12"},
                                   {"SMB2_02", "2.0.2"},
                                   {"SMB2_10", "2.1"},
                                   {"SMB3_00", "3.0"},
                                   {"SMB3_02", "3.0.2"},
                                   {"SMB3_11", "3.1.1"}};

// Its place in the list; one that is not known is the default's.
std::size_t place_of(std::string_view typed, std::string_view otherwise) {
  std::string name = lower(typed);
  if (name == "smb2") name = "smb2_10";
  if (name == "smb3") name = "smb3_11";
  for (std::size_t i = 0; i < std::size(kProtocols); ++i) {
    if (lower(kProtocols[i].name) == name) return i;
  }
  return name == lower(otherwise) ? std::size(kProtocols) - 1 : place_of(otherwise, otherwise);
}

struct ProtocolRange {
  Value min;
  Value max;
  std::size_t first = 0;
  std::size_t last = 0;
};

ProtocolRange protocols(const Settings& settings, std::string_view min_default) {
  ProtocolRange range{.min = settings.global({"server min protocol", "min protocol"}, min_default),
                      .max = settings.global({"server max protocol", "max protocol", "protocol"}, "SMB3_11")};
  range.first = place_of(range.min.text, min_default);
  range.last = place_of(range.max.text, "SMB3_11");
  return range;
}

void take_dialects(const ProtocolRange& range, HostFacts& host) {
  for (std::size_t i = 0; i < std::size(kProtocols); ++i) {
    const bool within = range.first <= i && i <= range.last;
    host.dialects[std::string(kProtocols[i].dialect)] = fact(within, i > range.last ? range.max : range.min);
  }
  host.smb1 = host.dialects["NT LM 0.12"];
}

bool has_smb3(const HostFacts& host) {
  return std::ranges::any_of(std::array{"3.0", "3.0.2", "3.1.1"},
                             [&](const char* name) { return is_yes(host.dialects.at(name)); });
}

void take_signing(const Settings& settings, std::string_view otherwise, HostFacts& host) {
  const Value value = settings.global({"server signing"}, otherwise);
  host.signing_required = fact(is_mandatory(value.text), value);
  // With SMB2 signing cannot be switched off; smb.conf(5), "server signing".
  const bool only_smb1 = refuses_all_modern(host);
  host.signing_enabled = fact(!only_smb1 || !is_off(value.text), value);
}

void take_encryption(const Value& value, const ProtocolRange& range, HostFacts& host) {
  const bool off = is_off(value.text);
  host.encryption = has_smb3(host) ? fact(!off, value) : fact(false, range.max);
  host.encryption_required = fact(is_mandatory(value.text), value);
}

// "A, B" is the list; "-A" takes from the default's.
void take_ciphers(const Settings& settings, HostFacts& host) {
  constexpr std::string_view kDefault = "AES-128-GCM, AES-128-CCM, AES-256-GCM, AES-256-CCM";
  const Value value = settings.global({"server smb3 encryption algorithms"}, kDefault);
  const auto listed = smb_conf_list(value.text);
  const bool taken_away = !listed.empty() && listed.front().starts_with('-');
  for (const std::string& cipher : smb_conf_list(kDefault)) {
    const bool named = std::ranges::any_of(
        listed, [&](std::string_view item) { return lower(item) == lower(taken_away ? "-" + cipher : cipher); });
    host.ciphers[cipher] = fact(named != taken_away, value);
  }
}

void take_strangers(const Settings& settings, HostFacts& host) {
  const Value guests = settings.global({"map to guest"}, "never");
  host.guest = fact(!is_one_of(guests.text, {"never"}), guests);
  const Value anonymous = settings.global({"restrict anonymous"}, "0");
  // smbd accepts the session always, and refuses IPC$ with 2.
  host.anonymous = fact(anonymous.text != "2", anonymous);
  host.anonymous_ipc = host.anonymous_enumeration = host.anonymous;
}

// Neither shares nor templates that come to life for a user who has logged on.
bool is_share(const SmbConfSection& section) {
  return !is_one_of(section.name, {"global", "homes", "printers", "print$", "ipc$", "netlogon", "sysvol"});
}

void take_shares(const SmbConf& conf, const Settings& settings, HostFacts& host) {
  for (const SmbConfSection& section : conf.sections) {
    if (!is_share(section)) continue;
    const Value guests = settings.of(section, {"guest ok", "public"}, "no");
    const Value read_only = settings.of(section, {"read only"}, "yes");
    const Value writable = settings.of(section, {"writeable", "writable", "write ok"}, "no");
    const bool may_write = !is_yes_word(read_only) || is_yes_word(writable);
    const bool open = is_yes_word(guests);
    host.shares.push_back({.name = section.name,
                           .type = "disk",
                           .comment = settings.of(section, {"comment"}, "").text,
                           .read = fact(open, guests),
                           .write = fact(open && may_write, may_write ? guests : read_only)});
  }
}

void take_netbios(const Settings& settings, HostFacts& host) {
  const Value netbios = settings.global({"disable netbios"}, "no");
  if (is_yes_word(netbios)) host.netbios = fact(false, netbios);
  const Value ports = settings.global({"smb ports"}, "445 139");
  for (const char* port : {"445", "139"}) {
    const auto listed = smb_conf_list(ports.text);
    host.ports[fmt::format("{}/tcp", port)] = fact(std::ranges::find(listed, port) != listed.end(), ports);
  }
}

void take_printing(const SmbConf& conf, const Settings& settings, HostFacts& host) {
  const Value off = settings.global({"disable spoolss"}, "no");
  const bool prints = std::ranges::any_of(conf.sections, [&](const SmbConfSection& section) {
    return lower(section.name) == "printers" || is_yes_word(settings.of(section, {"printable", "print ok"}, "no"));
  });
  if (is_yes_word(off)) host.spooler = fact(false, off);
  if (prints && !is_yes_word(off)) host.spooler = {State::yes, "printers are shared, and " + off.origin};
}

// A setting of [global] that is bad by itself.
struct BadSetting {
  std::string_view rule;
  std::string_view name;
  std::string_view otherwise;
  bool (*is_bad)(std::string_view value);
};

bool is_true(std::string_view value) { return smb_conf_bool(value).value_or(false); }
bool is_false(std::string_view value) { return !smb_conf_bool(value).value_or(true); }

constexpr BadSetting kBadSettings[] = {
    {"guest-is-root", "guest account", "nobody", [](std::string_view v) { return is_one_of(v, {"root"}); }},
    {"ntlmv1-accepted", "ntlm auth", "ntlmv2-only",
     [](std::string_view v) { return is_true(v) || is_one_of(v, {"ntlmv1-permitted"}); }},
    {"lanman-accepted", "lanman auth", "no", is_true},
    {"plaintext-passwords", "encrypt passwords", "yes", is_false},
    {"empty-passwords", "null passwords", "no", is_true},
    {"schannel-optional", "server schannel", "yes",
     [](std::string_view v) { return is_false(v) || is_one_of(v, {"auto"}); }},
    {"username-map-script", "username map script", "", [](std::string_view v) { return !v.empty(); }},
    {"includes-not-read", "include", "", [](std::string_view v) { return !v.empty(); }},
    {"smb1-client", "client min protocol", "SMB2_02",
     [](std::string_view v) { return place_of(v, "SMB2_02") < place_of("SMB2_02", "SMB2_02"); }},
};

void find_bad_settings(const SmbConf& conf, const Settings& settings, std::vector<Finding>& findings) {
  for (const BadSetting& bad : kBadSettings) {
    const Value value = settings.global({bad.name}, bad.otherwise);
    if (bad.is_bad(value.text)) findings.push_back(self_finding(bad.rule, value.origin));
  }
  const bool insecure = is_true(settings.global({"allow insecure wide links"}, "no").text) ||
                        is_false(settings.global({"smb1 unix extensions", "unix extensions"}, "yes").text);
  for (const SmbConfSection& section : conf.sections) {
    const bool global = lower(section.name) == "global";
    const Value links = settings.of(section, {"wide links"}, "no");
    if (!global && insecure && is_yes_word(links)) {
      findings.push_back(self_finding("wide-links", fmt::format("[{}], {}", section.name, links.origin)));
    }
    const Value admins = settings.of(section, {"admin users"}, "");
    if (!global && !admins.text.empty()) {
      findings.push_back(self_finding("admin-users", fmt::format("[{}], {}", section.name, admins.origin)));
    }
  }
}

HostRecord record_for(std::string_view source, std::string_view kind) {
  HostRecord record;
  record.facts.host = source;
  record.facts.server_kind = kind;
  return record;
}

// ksmbd.conf(5): '#' and ';' begin a comment anywhere in a line; a backslash at its end means nothing.
std::string without_comments(std::string_view text) {
  std::string out;
  bool comment = false;
  for (const char c : text) {
    if (c == '#' || c == ';') comment = true;
    if (c == '\n') comment = false;
    if (!comment && c != '\\') out += c;
  }
  return out;
}

}  // namespace

HostRecord audit_smb_conf(std::string_view text, std::string_view source) {
  const SmbConf conf = parse_smb_conf(text);
  const Settings settings(conf, source);
  HostRecord record = record_for(source, "samba");
  HostFacts& host = record.facts;
  host.name = settings.global({"netbios name"}, "").text;
  host.domain = settings.global({"workgroup"}, "").text;
  const ProtocolRange range = protocols(settings, "SMB2_02");
  take_dialects(range, host);
  const std::string role = lower(settings.global({"server role"}, "auto").text);
  const bool controller = role.contains("domain controller") && role.contains("active directory");
  take_signing(settings, controller ? "mandatory" : "auto", host);
  take_encryption(settings.global({"server smb encrypt", "smb encrypt"}, "if_required"), range, host);
  take_ciphers(settings, host);
  take_strangers(settings, host);
  const Value ntlm = settings.global({"ntlm auth"}, "ntlmv2-only");
  host.ntlm = fact(!is_one_of(ntlm.text, {"disabled"}), ntlm);
  take_shares(conf, settings, host);
  take_netbios(settings, host);
  take_printing(conf, settings, host);
  find_bad_settings(conf, settings, record.findings);
  judge_into(record);
  return record;
}

HostRecord audit_ksmbd_conf(std::string_view text, std::string_view source) {
  const SmbConf conf = parse_smb_conf(without_comments(text));
  const Settings settings(conf, source);
  HostRecord record = record_for(source, "ksmbd");
  HostFacts& host = record.facts;
  host.name = settings.global({"netbios name"}, "").text;
  host.domain = settings.global({"workgroup"}, "").text;
  const ProtocolRange range = protocols(settings, "SMB2_10");
  take_dialects(range, host);
  take_signing(settings, "disabled", host);
  // Its default changed between versions, so that a setting that is not there says nothing.
  if (settings.is_set({"smb3 encryption"})) {
    take_encryption(settings.global({"smb3 encryption"}, "auto"), range, host);
  }
  take_strangers(settings, host);
  take_shares(conf, settings, host);
  const Value port = settings.global({"tcp port"}, "445");
  host.ports["445/tcp"] = fact(port.text == "445", port);
  judge_into(record);
  return record;
}

}  // namespace dozo::scan
