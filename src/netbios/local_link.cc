#include "netbios/local_link.h"

#include <algorithm>

namespace dozo::netbios {
namespace {

constexpr int kAliasesMax = 8;
constexpr std::size_t kInstancesMax = 64;

template <class Visit>
void for_each_record(const DnsMessage& message, Visit visit) {
  for (const DnsRecord& record : message.answers) visit(record);
  for (const DnsRecord& record : message.additionals) visit(record);
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (!text.empty() && std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

void complete(ServiceInstance& found, const DnsMessage& message, const Labels& full_name) {
  Labels host;
  for_each_record(message, [&](const DnsRecord& record) {
    if (!same_labels(record.name, full_name)) return;
    if (record.type == kTypeTxt) found.texts = texts_in(record);
    if (record.type != kTypeSrv) return;
    const auto location = service_location_in(record);
    if (!location) return;
    host = location->host;
    found.port = location->port;
  });
  found.host = dotted(host);
  if (!host.empty()) found.addresses = addresses_of(message, host);
}

// The labels before the type's, as people know the service.
std::string instance_name(const Labels& full_name, const Labels& type) {
  if (full_name.size() <= type.size()) return "";
  const auto end = full_name.end() - static_cast<std::ptrdiff_t>(type.size());
  if (!same_labels({end, full_name.end()}, type)) return "";
  return dotted({full_name.begin(), end});
}

}  // namespace

DnsMessage llmnr_query(std::uint16_t id, const Labels& name, std::uint16_t type) {
  return {.id = id, .questions = {{name, type, kClassIn}}};
}

DnsMessage mdns_query(std::uint16_t id, const Labels& name, std::vector<std::uint16_t> types) {
  DnsMessage message{.id = id};
  for (const std::uint16_t type : types) {
    message.questions.push_back({name, type, static_cast<std::uint16_t>(kClassIn | kClassUnicastReply)});
  }
  return message;
}

DnsMessage dns_query(std::uint16_t id, const Labels& name, std::uint16_t type) {
  return {.id = id, .flags = kFlagRecursionDesired, .questions = {{name, type, kClassIn}}};
}

std::vector<std::string> addresses_of(const DnsMessage& message, const Labels& name) {
  std::vector<std::string> addresses;
  Labels wanted = name;
  for (int step = 0; step < kAliasesMax && !wanted.empty(); ++step) {
    Labels next;
    for_each_record(message, [&](const DnsRecord& record) {
      if (!same_labels(record.name, wanted)) return;
      add_once(addresses, address_in(record));
      if (record.type == kTypeCname) next = name_in(record).value_or(Labels{});
    });
    wanted = std::move(next);
  }
  return addresses;
}

std::vector<ServiceInstance> instances_of(const DnsMessage& message, const Labels& type) {
  std::vector<ServiceInstance> instances;
  for_each_record(message, [&](const DnsRecord& record) {
    if (record.type != kTypePtr || !same_labels(record.name, type) || instances.size() == kInstancesMax) return;
    const Labels full_name = name_in(record).value_or(Labels{});
    ServiceInstance found{.instance = instance_name(full_name, type), .type = dotted(type)};
    const bool known = std::ranges::find(instances, found.instance, &ServiceInstance::instance) != instances.end();
    if (found.instance.empty() || known) return;
    complete(found, message, full_name);
    instances.push_back(std::move(found));
  });
  return instances;
}

std::vector<std::string> service_types_in(const DnsMessage& message) {
  std::vector<std::string> types;
  for (const DnsRecord& record : message.answers) {
    if (record.type == kTypePtr && types.size() < kInstancesMax)
      add_once(types, dotted(name_in(record).value_or(Labels{})));
  }
  return types;
}

}  // namespace dozo::netbios
