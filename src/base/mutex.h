// Mutex and MutexLock: std::mutex with Clang's thread-safety annotations, so that -Wthread-safety proves the locking.
#pragma once

#include <mutex>

#define DOZO_CAPABILITY(name) __attribute__((capability(name)))
#define DOZO_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define DOZO_GUARDED_BY(mutex) __attribute__((guarded_by(mutex)))
#define DOZO_REQUIRES(mutex) __attribute__((requires_capability(mutex)))
#define DOZO_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define DOZO_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define DOZO_EXCLUDES(mutex) __attribute__((locks_excluded(mutex)))

namespace dozo {

class DOZO_CAPABILITY("mutex") Mutex {
 public:
  void lock() DOZO_ACQUIRE() { mutex_.lock(); }
  void unlock() DOZO_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Held for a scope. Never across a co_await.
class DOZO_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DOZO_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() DOZO_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace dozo
