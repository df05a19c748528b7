/* V8's platform: its own worker threads from libplatform, and task queues of ours for the isolates'
 * threads, so that an event loop can be woken when a task arrives and knows when no more can come.
 * There is one platform in the process, and it is never taken down: V8 cannot be started twice. */
#include "limits.h"

#include <errno.h>
#include <libplatform/libplatform.h>
#include <math.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

double monotonic() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct delayed_task {
  double due;
  std::unique_ptr<v8::Task> task;
};

class task_runner final : public v8::TaskRunner {
public:
  void PostTask(std::unique_ptr<v8::Task> task) override { post(std::move(task), 0); }
  void PostNonNestableTask(std::unique_ptr<v8::Task> task) override { post(std::move(task), 0); }
  void PostDelayedTask(std::unique_ptr<v8::Task> task, double delay) override {
    post(std::move(task), delay);
  }
  void PostNonNestableDelayedTask(std::unique_ptr<v8::Task> task, double delay) override {
    post(std::move(task), delay);
  }
  void PostIdleTask(std::unique_ptr<v8::IdleTask>) override {}
  bool IdleTasksEnabled() override { return false; }
  bool NonNestableTasksEnabled() const override { return true; }
  bool NonNestableDelayedTasksEnabled() const override { return true; }

  /* A task is dropped outside of the lock: its destructor may post another. */
  void stop() {
    std::vector<delayed_task> dropped;
    std::lock_guard<std::mutex> guard(mutex_);
    stopped_ = true;
    wake_ = nullptr;
    dropped.swap(tasks_);
    mutex_.unlock();
    dropped.clear();
    mutex_.lock();
  }

  void set_wake(void (*wake)(void *), void *env) {
    std::lock_guard<std::mutex> guard(mutex_);
    wake_ = wake;
    env_ = env;
    if (wake_ && !tasks_.empty()) wake_(env_);
  }

  void wake() {
    std::lock_guard<std::mutex> guard(mutex_);
    if (wake_) wake_(env_);
  }

  /* Runs what is due now, not what these tasks post: the loop goes on between. */
  bool run(v8::Isolate *isolate) {
    std::vector<std::unique_ptr<v8::Task>> ready;
    {
      std::lock_guard<std::mutex> guard(mutex_);
      if (tasks_.empty()) return false;
      double now = monotonic();
      std::vector<delayed_task> later;
      for (auto &entry : tasks_) {
        if (entry.due <= now)
          ready.push_back(std::move(entry.task));
        else
          later.push_back(std::move(entry));
      }
      tasks_.swap(later);
    }
    for (auto &task : ready) {
      v8::HandleScope scope(isolate);
      task->Run();
      task.reset();
    }
    return !ready.empty();
  }

  int delay() {
    std::lock_guard<std::mutex> guard(mutex_);
    int next = -1;
    double now = tasks_.empty() ? 0 : monotonic();
    for (auto &entry : tasks_) {
      double wait = entry.due > now ? ceil((entry.due - now) * 1000) : 0;
      if (next < 0 || wait < next) next = wait > 1e6 ? 1000000 : static_cast<int>(wait);
    }
    return next;
  }

  bool has_ready() {
    std::lock_guard<std::mutex> guard(mutex_);
    for (auto &entry : tasks_)
      if (!entry.due) return true;
    return false;
  }

private:
  void post(std::unique_ptr<v8::Task> task, double delay) {
    std::lock_guard<std::mutex> guard(mutex_);
    if (stopped_) return;
    tasks_.push_back({delay > 0 ? monotonic() + delay : 0, std::move(task)});
    if (wake_) wake_(env_);
  }

  std::mutex mutex_;
  std::vector<delayed_task> tasks_;
  void (*wake_)(void *) = nullptr;
  void *env_ = nullptr;
  bool stopped_ = false;

public:
  task_runner *next_waiting = nullptr; /* among at_work.waiting, under its mutex */
  bool waiting = false;
};

/* How many tasks are with the worker threads, and whom to wake when none is. */
struct {
  std::mutex mutex;
  size_t count = 0;
  task_runner *waiting = nullptr;
} at_work;

/* Under at_work.mutex. */
void stop_waiting(task_runner *runner) {
  if (!runner->waiting) return;
  task_runner **link = &at_work.waiting;
  while (*link != runner) link = &(*link)->next_waiting;
  *link = runner->next_waiting;
  runner->waiting = false;
}

class counted_task final : public v8::Task {
public:
  explicit counted_task(std::unique_ptr<v8::Task> task) : task_(std::move(task)) {
    std::lock_guard<std::mutex> guard(at_work.mutex);
    at_work.count++;
  }
  ~counted_task() override {
    task_.reset();
    std::lock_guard<std::mutex> guard(at_work.mutex);
    if (--at_work.count) return;
    while (at_work.waiting) {
      at_work.waiting->wake();
      stop_waiting(at_work.waiting);
    }
  }
  void Run() override { task_->Run(); }

private:
  std::unique_ptr<v8::Task> task_;
};

class process_platform final : public v8::Platform {
public:
  explicit process_platform(int threads)
      : inner_(v8::platform::NewDefaultPlatform(threads)),
        pages_(ist__pages_new(inner_->GetPageAllocator())) {}

  v8::PageAllocator *GetPageAllocator() override { return pages_; }

  int NumberOfWorkerThreads() override { return inner_->NumberOfWorkerThreads(); }

  std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate *isolate) override {
    std::lock_guard<std::mutex> guard(mutex_);
    return runners_[isolate];
  }

  void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override {
    inner_->CallOnWorkerThread(std::make_unique<counted_task>(std::move(task)));
  }
  void CallBlockingTaskOnWorkerThread(std::unique_ptr<v8::Task> task) override {
    inner_->CallBlockingTaskOnWorkerThread(std::make_unique<counted_task>(std::move(task)));
  }
  void CallLowPriorityTaskOnWorkerThread(std::unique_ptr<v8::Task> task) override {
    inner_->CallLowPriorityTaskOnWorkerThread(std::make_unique<counted_task>(std::move(task)));
  }
  void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double delay) override {
    inner_->CallDelayedOnWorkerThread(std::move(task), delay);
  }
  std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority priority,
                                         std::unique_ptr<v8::JobTask> task) override {
    return v8::platform::NewDefaultJobHandle(this, priority, std::move(task),
                                             static_cast<size_t>(NumberOfWorkerThreads()));
  }

  double MonotonicallyIncreasingTime() override { return inner_->MonotonicallyIncreasingTime(); }
  double CurrentClockTimeMillis() override { return inner_->CurrentClockTimeMillis(); }
  v8::TracingController *GetTracingController() override { return inner_->GetTracingController(); }

  void add(v8::Isolate *isolate, std::shared_ptr<task_runner> runner) {
    std::lock_guard<std::mutex> guard(mutex_);
    runners_[isolate] = std::move(runner);
  }
  void remove(v8::Isolate *isolate) {
    std::lock_guard<std::mutex> guard(mutex_);
    runners_.erase(isolate);
  }

private:
  std::unique_ptr<v8::Platform> inner_;
  v8::PageAllocator *pages_;
  std::mutex mutex_;
  std::unordered_map<v8::Isolate *, std::shared_ptr<task_runner>> runners_;
};

process_platform *the_platform;

/* V8 would read a file for each isolate, which a cell cannot. */
bool give_entropy(unsigned char *buffer, size_t length) {
  while (length) {
    ssize_t got = getrandom(buffer, length, 0);
    if (got < 0 && errno != EINTR) return false;
    if (got <= 0) continue;
    buffer += got;
    length -= static_cast<size_t>(got);
  }
  return true;
}

void start() {
  ist__fork_watch();
  v8::V8::SetEntropySource(give_entropy);
  /* Flags are frozen at the first isolate. */
  v8::V8::SetFlagsFromString(ist__compat::flags);
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  int threads = processors > 4 ? 3 : processors > 2 ? static_cast<int>(processors) - 1 : 1;
  the_platform = new process_platform(threads);
  v8::V8::InitializePlatform(the_platform);
  v8::V8::Initialize();
}

} // namespace

struct ist__runner {
  std::shared_ptr<task_runner> tasks;
};

void ist__platform_start() {
  static std::once_flag once;
  std::call_once(once, start);
}

ist__runner *ist__runner_new(v8::Isolate *isolate) {
  ist__runner *runner = new ist__runner{std::make_shared<task_runner>()};
  the_platform->add(isolate, runner->tasks);
  return runner;
}

bool ist__runner_await_workers(ist__runner *runner) {
  std::lock_guard<std::mutex> guard(at_work.mutex);
  task_runner *tasks = runner->tasks.get();
  if (at_work.count && !tasks->waiting) {
    tasks->next_waiting = at_work.waiting;
    at_work.waiting = tasks;
    tasks->waiting = true;
  }
  return at_work.count > 0;
}

void ist__runner_stop(ist__runner *runner) {
  {
    std::lock_guard<std::mutex> guard(at_work.mutex);
    stop_waiting(runner->tasks.get());
  }
  runner->tasks->stop();
}

void ist__runner_free(ist__runner *runner, v8::Isolate *isolate) {
  the_platform->remove(isolate);
  delete runner;
}

void ist__runner_set_wake(ist__runner *runner, void (*wake)(void *env), void *env) {
  runner->tasks->set_wake(wake, env);
}

bool ist__runner_has_ready(ist__runner *runner) {
  return runner->tasks->has_ready();
}

bool ist__runner_run(ist__runner *runner, v8::Isolate *isolate) {
  return runner->tasks->run(isolate);
}

int ist__runner_delay(ist__runner *runner) {
  return runner->tasks->delay();
}
