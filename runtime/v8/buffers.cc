/* The bytes of an isolate's buffers, counted and limited: those that V8 takes from its allocator,
 * and those that it takes as pages, which are WebAssembly memories, also as WebAssembly itself
 * grows them, and resizable buffers. Memory that the embedder gives a buffer is not counted. */
#include "limits.h"

#include <stdlib.h>

#include <map>
#include <utility>

ist__buffers::ist__buffers(size_t limit, const ist_buffer_source *source)
    : limit_(limit ? limit : SIZE_MAX) {
  source_.least = SIZE_MAX;
  if (source) source_ = *source;
}

/* Memory from where it is to come; NULL when there is none. */
void *ist__buffers::fetch(size_t length, bool zeroed) {
  if (length >= source_.least) {
    void *memory = source_.allocate(source_.env, length);
    if (memory) return memory;
  }
  return zeroed ? calloc(length ? length : 1, 1) : malloc(length ? length : 1);
}

bool ist__buffers::take(size_t length) {
  size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (length > limit_ || used > limit_ - length) return false;
  } while (!used_.compare_exchange_weak(used, used + length, std::memory_order_relaxed));
  return true;
}

void *ist__buffers::Allocate(size_t length) {
  if (!take(length)) return nullptr;
  void *memory = fetch(length, true);
  if (!memory) give(length);
  return memory;
}

void *ist__buffers::AllocateUninitialized(size_t length) {
  /* V8 keeps the bytes of small typed arrays in its heap, and ends the process when it cannot move
   * them out once somebody wants the buffer. As many as the heap holds may pass the limit. */
  if (length <= most_in_heap)
    used_.fetch_add(length, std::memory_order_relaxed);
  else if (!take(length))
    return nullptr;
  void *memory = fetch(length, false);
  if (!memory) give(length);
  return memory;
}

void ist__buffers::Free(void *memory, size_t length) {
  if (length < source_.least || !source_.release(source_.env, memory, length)) free(memory);
  give(length);
}

size_t ist__buffers_used(const ist_isolate *isolate) {
  return isolate->buffers ? isolate->buffers->used() : 0;
}

namespace {

/* V8 reserves the pages of a growing buffer without access, at no place in particular, and makes
 * them accessible from the start of the buffer on; that is how they are told from those of its heap
 * and of its machine code. */
struct reservation {
  std::shared_ptr<ist__buffers> buffers;
  size_t length;
  uintptr_t begin, end; /* of what is accessible; both 0: nothing was yet */
};

class counting_pages final : public v8::PageAllocator {
public:
  explicit counting_pages(v8::PageAllocator *inner) : inner_(inner) {}

  size_t AllocatePageSize() override { return inner_->AllocatePageSize(); }
  size_t CommitPageSize() override { return inner_->CommitPageSize(); }
  void SetRandomMmapSeed(int64_t seed) override { inner_->SetRandomMmapSeed(seed); }
  void *GetRandomMmapAddr() override { return inner_->GetRandomMmapAddr(); }

  void *AllocatePages(void *address, size_t length, size_t alignment, Permission access) override {
    void *pages = inner_->AllocatePages(address, length, alignment, access);
    if (pages && !address && access == kNoAccess && alignment <= most_alignment)
      note(pages, length);
    return pages;
  }

  bool FreePages(void *address, size_t length) override {
    if (count_.load(std::memory_order_acquire)) forget(address);
    return inner_->FreePages(address, length);
  }

  bool ReleasePages(void *address, size_t length, size_t new_length) override {
    return inner_->ReleasePages(address, length, new_length);
  }

  bool SetPermissions(void *address, size_t length, Permission access) override {
    if (!count_.load(std::memory_order_acquire))
      return inner_->SetPermissions(address, length, access);
    size_t taken = 0;
    if (!adjust(address, length, access, &taken)) return false;
    bool done = inner_->SetPermissions(address, length, access);
    if (!done && taken) take_back(address, taken);
    return done;
  }

  bool DiscardSystemPages(void *address, size_t size) override {
    return inner_->DiscardSystemPages(address, size);
  }
  bool DecommitPages(void *address, size_t size) override {
    return inner_->DecommitPages(address, size);
  }

private:
  /* A page of WebAssembly's; those of the heap are aligned to more. */
  static constexpr size_t most_alignment = 64 * 1024;

  void note(void *pages, size_t length) {
    v8::Isolate *current = v8::Isolate::TryGetCurrent();
    ist_isolate *isolate =
        current ? static_cast<ist_isolate *>(current->GetData(IST_ISOLATE_SLOT)) : nullptr;
    if (!isolate || !isolate->buffers) return;
    std::lock_guard<std::mutex> guard(mutex_);
    reservations_[reinterpret_cast<uintptr_t>(pages)] = {isolate->buffers, length, 0, 0};
    count_.store(reservations_.size(), std::memory_order_release);
  }

  void forget(void *address) {
    std::lock_guard<std::mutex> guard(mutex_);
    auto found = reservations_.find(reinterpret_cast<uintptr_t>(address));
    if (found == reservations_.end()) return;
    found->second.buffers->give(found->second.end - found->second.begin);
    reservations_.erase(found);
    count_.store(reservations_.size(), std::memory_order_release);
  }

  /* Under the mutex. */
  reservation *around(uintptr_t address) {
    auto above = reservations_.upper_bound(address);
    if (above == reservations_.begin()) return nullptr;
    --above;
    return address - above->first < above->second.length ? &above->second : nullptr;
  }

  bool adjust(void *address, size_t length, Permission access, size_t *taken) {
    uintptr_t from = reinterpret_cast<uintptr_t>(address), to = from + length;
    std::lock_guard<std::mutex> guard(mutex_);
    reservation *in = around(from);
    if (!in) return true;
    if (access == kReadWrite) {
      if (!in->begin) in->begin = in->end = from;
      if (to <= in->end) return true;
      if (!in->buffers->take(to - in->end)) return false;
      *taken = to - in->end;
      in->end = to;
    } else if (access == kNoAccess && in->begin && from >= in->begin && to >= in->end &&
               from < in->end) {
      in->buffers->give(in->end - from);
      in->end = from;
    }
    return true;
  }

  void take_back(void *address, size_t taken) {
    std::lock_guard<std::mutex> guard(mutex_);
    reservation *in = around(reinterpret_cast<uintptr_t>(address));
    if (!in) return;
    in->buffers->give(taken);
    in->end -= taken;
  }

  v8::PageAllocator *inner_;
  std::mutex mutex_;
  std::map<uintptr_t, reservation> reservations_;
  std::atomic<size_t> count_{0};
};

} // namespace

v8::PageAllocator *ist__pages_new(v8::PageAllocator *inner) {
  return new counting_pages(inner);
}
