// Callback: a move-only void() for posts between loops.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace dozo::runtime {

class Callback {
 public:
  Callback() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Callback> && std::is_invocable_v<F&>)
  Callback(F&& f)  // NOLINT: any callable is one
      : body_(std::make_unique<Model<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return body_ != nullptr; }
  void operator()() { body_->call(); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual void call() = 0;
  };
  template <class F>
  struct Model final : Concept {
    explicit Model(F f) : function(std::move(f)) {}
    void call() override { function(); }
    F function;
  };
  std::unique_ptr<Concept> body_;
};

}  // namespace dozo::runtime
