// Result<T>: the error carrier of every layer (docs/adr/0002-error-carrier.md).
#pragma once

#include <cstdint>
#include <expected>
#include <utility>

namespace dozo {

// The enumerators live in model/nt_status.h; base only needs the type.
enum class NtStatus : std::uint32_t;

template <class T = void>
using Result = std::expected<T, NtStatus>;

inline std::unexpected<NtStatus> fail(NtStatus status) { return std::unexpected(status); }

}  // namespace dozo

#define DOZO_CONCAT_(a, b) a##b
#define DOZO_CONCAT(a, b) DOZO_CONCAT_(a, b)

// DOZO_TRY(auto x, expr);  unwraps a Result or returns its error.  DOZO_CHECK(expr); for Result<>.
// The CO_ forms are for coroutines. Each is a statement.
#define DOZO_TRY_IMPL_(ret, tmp, decl, ...)                    \
  auto tmp = (__VA_ARGS__);                                    \
  if (!tmp) [[unlikely]] ret ::dozo::fail(tmp.error());        \
  decl = std::move(*tmp)
#define DOZO_TRY(decl, ...) DOZO_TRY_IMPL_(return, DOZO_CONCAT(dozo_try_, __LINE__), decl, __VA_ARGS__)
#define DOZO_CO_TRY(decl, ...) DOZO_TRY_IMPL_(co_return, DOZO_CONCAT(dozo_try_, __LINE__), decl, __VA_ARGS__)

#define DOZO_CHECK_IMPL_(ret, tmp, ...)                                        \
  do {                                                                         \
    auto tmp = (__VA_ARGS__);                                                  \
    if (!tmp) [[unlikely]] ret ::dozo::fail(tmp.error());                      \
  } while (false)
#define DOZO_CHECK(...) DOZO_CHECK_IMPL_(return, DOZO_CONCAT(dozo_check_, __LINE__), __VA_ARGS__)
#define DOZO_CO_CHECK(...) DOZO_CHECK_IMPL_(co_return, DOZO_CONCAT(dozo_check_, __LINE__), __VA_ARGS__)
