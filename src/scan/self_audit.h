// What a server's own settings say, without asking it: the facts that a scan from outside would find of a server set up
// like this, judged by the same rules, and what only the settings tell. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "scan/report_json.h"

namespace dozo::scan {

// smb.conf of Samba. `source` names the file in evidence, and is the record's host.
HostRecord audit_smb_conf(std::string_view text, std::string_view source);
// ksmbd.conf.
HostRecord audit_ksmbd_conf(std::string_view text, std::string_view source);

// What was pasted from Windows: Get-SmbServerConfiguration or Get-SmbClientConfiguration, as a list ("Name : Value") or
// from ConvertTo-Json, or `sc qc lanmanworkstation`. UTF-8 or UTF-16 with a byte order mark, as PowerShell writes
// files. The error says what it should have been.
std::expected<HostRecord, std::string> audit_windows(std::string_view text, std::string_view source);

// Adds what the rules find in the record's facts to the findings it has, the worst first.
void judge_into(HostRecord& record);

}  // namespace dozo::scan
