// Hosts as scans find them, for the tests of this folder.
#pragma once

#include <string>

#include "scan/facts.h"

namespace dozo::scan {

inline const Fact kYes{State::yes, "the answer says so"};
inline const Fact kNo{State::no, "refused"};
inline const Fact kUntested{State::untested, "no answer within 2 s"};

// Nothing known but its address.
inline HostFacts silent_host() { return {.host = "192.0.2.1", .address = "192.0.2.1"}; }

// A server of today with nothing to find.
inline HostFacts safe_host() {
  HostFacts host = silent_host();
  host.name = "STORE";
  host.os = "10.0 build 26100";
  host.domain = "EXAMPLE";
  host.server_kind = "windows";
  host.clock_skew_s = -2;
  host.ports = {{"445/tcp", kYes}, {"139/tcp", kNo}, {"135/tcp", kNo}, {"137/udp", kNo}, {"443/udp", kNo}};
  host.smb1 = kNo;
  host.dialects = {{"NT LM 0.12", kNo}, {"2.0.2", kNo}, {"2.1", kNo}, {"3.0", kYes}, {"3.0.2", kYes}, {"3.1.1", kYes}};
  host.signing_enabled = kYes;
  host.signing_required = kYes;
  host.encryption = kYes;
  host.encryption_required = kYes;
  host.ciphers = {{"AES-128-CCM", kYes}, {"AES-128-GCM", kYes}, {"AES-256-CCM", kYes}, {"AES-256-GCM", kYes}};
  host.signing_algorithms = {{"AES-CMAC", kYes}, {"AES-GMAC", kYes}, {"HMAC-SHA256", kYes}};
  host.compression = {{"LZNT1", kNo}};
  host.guest = host.anonymous = host.anonymous_ipc = host.anonymous_enumeration = kNo;
  host.netbios = host.ntlm = host.ms17_010 = host.smbghost = host.spooler = kNo;
  host.coercion_pipes = {{"efsrpc", kNo}, {"spoolss", kNo}};
  host.password_policy = {{"lockout", {State::yes, "after 10 attempts"}}};
  return host;
}

// What somebody who means ill would call a share or a host.
inline const std::string kHostile =
    "<script>alert(1)</script>\"'&\x1b[31m\r\n\xe2\x80\xae"
    "txt.exe,=1+1|\xff\xc2\x9b"
    "end";

}  // namespace dozo::scan
