// FreeList: unused blocks of one size, chained through their first word. For the per-thread pools.
#pragma once

#include <cstddef>
#include <new>

namespace dozo::runtime {

class FreeList {
 public:
  void* pop() {
    Node* node = head_;
    if (node == nullptr) return nullptr;
    head_ = node->next;
    --count_;
    return node;
  }
  void push(void* block) {
    head_ = new (block) Node{head_};
    ++count_;
  }
  std::size_t count() const { return count_; }

 private:
  struct Node {
    Node* next;
  };
  Node* head_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace dozo::runtime
