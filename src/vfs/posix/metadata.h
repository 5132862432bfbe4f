// Changes of what is stored about an object, by descriptor (O_PATH included).
#pragma once

#include "vfs/posix/node_info.h"

namespace dozo::vfs::posix {

Result<> change_times(const Share& share, int fd, const TimesUpdate& times);
// Of kSettableAttributes; whether the file is sparse stays.
Result<> change_attributes(const Share& share, int fd, FileAttributes attributes);
Result<> change_sparse(const Share& share, int fd, bool sparse);
// STATUS_NOT_SUPPORTED, and nothing is changed: no security descriptor can be stored.
Result<> change_ownership(const Share& share, const Caller* caller, int fd, const OwnershipUpdate& update);
// The record of a new object.
Result<> record_new(const Share& share, int fd, FileAttributes attributes);

std::vector<ExtendedAttribute> read_eas(const Share& share, int fd);
Result<> change_ea(const Share& share, int fd, std::string_view name, Bytes value);
Result<> remove_all_eas_and_streams(const Share& share, int fd);

}  // namespace dozo::vfs::posix
