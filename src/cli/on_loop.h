// A loop of its own for a command that asks the network something and ends.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/gate.h"
#include "runtime/loop.h"
#include "runtime/task.h"

namespace dozo::cli {

template <class T>
runtime::Task<void> store_and_stop(runtime::Loop& loop, runtime::Task<T> task, std::optional<T>& result) {
  T value = co_await task;
  result.emplace(std::move(value));
  loop.stop();
}

// Runs start(loop), a Task<T>, to its end.
template <class T, class Start>
T run_on_loop(Start start) {
  std::string why;
  const std::unique_ptr<runtime::Loop> loop = runtime::make_loop(runtime::detect_backend(why));
  runtime::Gate gate;
  std::optional<T> result;
  loop->post([&] { runtime::spawn(gate, store_and_stop<T>(*loop, start(*loop), result)); });
  loop->run();
  return std::move(*result);
}

}  // namespace dozo::cli
