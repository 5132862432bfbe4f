#include "runtime/thread_setup.h"

#include <pthread.h>

namespace dozo::runtime {

BlockedSignals::BlockedSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace dozo::runtime
