#include "http/tls_context.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "base/time_text.hpp"

namespace twinshift::http {
namespace {

namespace log = base::log;

// What the files are, as far as a change shows; also one of their rights.
std::array<long long, 10> signature_of(const TlsFiles& files) {
  std::array<long long, 10> out{};
  std::size_t at = 0;
  for (const auto* file : {&files.certificate, &files.key}) {
    struct stat found{};
    const bool there = ::stat(file->c_str(), &found) == 0;
    out[at++] = there ? static_cast<long long>(found.st_ino) : -1;
    out[at++] = found.st_size;
    out[at++] = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec;
    out[at++] = found.st_ctim.tv_sec * 1'000'000'000LL + found.st_ctim.tv_nsec;
    out[at++] = static_cast<long long>(found.st_mode);
  }
  return out;
}

void tell(const CertificateFacts& facts) {
  const std::string ends = base::iso8601_ms(facts.not_after);
  log::info("TLS certificate taken").add("subject", facts.subject).add("notAfter", ends);
  const auto now = base::system_clock().now();
  if (facts.not_after - now > kCertificateEndsSoon) return;
  log::warn(facts.not_after <= now ? "The TLS certificate has expired" : "The TLS certificate ends soon")
      .add("subject", facts.subject)
      .add("notAfter", ends)
      .add("hint", "Renew it and write it to TLS_CERT_FILE; it is taken without a restart");
}

}  // namespace

struct TlsContext::Impl {
  base::Status take(const TlsFiles& fresh) {
    const std::lock_guard turn(reloading);
    return take_in_turn(fresh);
  }

  // Under `reloading`.
  base::Status take_in_turn(const TlsFiles& fresh) {
    const auto signature = signature_of(fresh);  // before reading: what changes meanwhile is seen at the next look
    if (fresh == files) seen = signature;        // a broken pair is told once
    auto pair = load_tls(fresh);
    if (!pair) return base::fail(std::move(pair.error()));
    files = fresh;
    seen = signature;
    tell(pair->facts);
    const std::lock_guard lock(mutex);
    loaded = std::move(*pair);
    return {};
  }

  void look() {
    const std::lock_guard turn(reloading);
    if (signature_of(files) == seen) return;
    if (auto taken = take_in_turn(TlsFiles(files)); !taken) {
      log::warn("The changed TLS files are refused; the certificate before stays in use").add(taken.error());
    }
  }

  void watch(const std::stop_token& stop) {
    std::mutex waiting;
    std::condition_variable_any woken;
    std::unique_lock lock(waiting);
    while (!woken.wait_for(lock, stop, look_every, [&] { return stop.stop_requested(); })) {
      if (stop.stop_requested()) return;
      look();
    }
  }

  std::chrono::milliseconds look_every{};
  std::mutex reloading;
  TlsFiles files;                    // reloading
  std::array<long long, 10> seen{};  // reloading
  mutable std::mutex mutex;
  TlsPair loaded;        // mutex
  std::jthread watcher;  // the last member: it uses the others
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<TlsContext>> TlsContext::open(const TlsFiles& files,
                                                           std::chrono::milliseconds look_every) {
  auto impl = std::make_unique<Impl>();
  impl->files = files;
  impl->look_every = look_every;
  if (auto taken = impl->take(files); !taken) return base::fail(std::move(taken.error()));
  impl->watcher = base::start_thread("tls-files", [at = impl.get()](const std::stop_token& stop) { at->watch(stop); });
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

base::Status TlsContext::take(const TlsFiles& files) {
  return impl_->take(files);
}

CertificateFacts TlsContext::certificate() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->loaded.facts;
}

std::shared_ptr<ssl_ctx_st> TlsContext::current() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->loaded.context;
}

}  // namespace twinshift::http
