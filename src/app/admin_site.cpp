#include "app/admin_site.hpp"

#include <chrono>
#include <utility>

#include "app/driver_table.hpp"
#include "app/page.hpp"
#include "base/log.hpp"

namespace twinshift::app {

namespace log = base::log;

AdminSite::AdminSite(Parts parts)
    : parts_(std::move(parts)),
      door_(*parts_.settings),
      metrics_(parts_.read),
      board_({.read = parts_.read,
              .read_refused = [this] { return read_refused(); },
              .queue_driver = parts_.settings->queue.driver,
              .clock = parts_.clock}) {}

AdminSite::~AdminSite() {
  stop();
}

base::Status AdminSite::start() {
  board_.start();
  if (door_.is_shut()) {
    log::warn("The page and /metrics are closed: this address is reached by others")
        .add("host", parts_.settings->host)
        .add("hint", "Set ADMIN_PORT or ADMIN_TOKEN (docs/page.md)");
  }
  if (door_.elsewhere()) {
    if (auto started = start_server(); !started) return started;
  }
  if (!parts_.settings->metrics_emf) return {};
  emf_ = std::make_unique<EmfReporter>(
      EmfReporter::Parts{.name_space = parts_.settings->metrics_namespace,
                         .interval = parts_.settings->metrics_emf_interval,
                         .read = parts_.read,
                         .write = [](const std::string& line) { log::write_beside(line); }});
  emf_->start();
  return {};
}

base::Status AdminSite::start_server() {
  const config::Settings& settings = *parts_.settings;
  http::Options options = parts_.options;
  options.host = settings.admin_host.empty() ? settings.host : settings.admin_host;
  options.port = static_cast<std::uint16_t>(settings.admin_port);
  options.host_option = settings.admin_host.empty() ? "HOST" : "ADMIN_HOST";
  options.port_option = "ADMIN_PORT";
  options.threads = 1;
  options.on_refusal = {};
  http::Routes routes;
  parts_.health->add_routes(routes, [this](const http::Request& request) { return door_.lets_in(request); });
  add_admin_routes(routes);
  server_ = std::make_unique<http::Server>(options, std::move(routes));
  if (auto started = server_->start(); !started) return started;
  log::info("Admin page listening").add("host", options.host).add("port", static_cast<std::int64_t>(server_->port()));
  if (settings.admin_token.empty() && !is_loopback(options.host)) {
    log::warn("Whoever reaches the admin port sees the page and /metrics")
        .add("hint", "Set ADMIN_TOKEN, or ADMIN_HOST=127.0.0.1");
  }
  return {};
}

void AdminSite::add_routes(http::Routes& routes) {
  parts_.health->add_routes(
      routes, [this](const http::Request& request) { return !door_.elsewhere() && door_.lets_in(request); });
  if (!door_.elsewhere()) add_admin_routes(routes);
}

void AdminSite::add_admin_routes(http::Routes& routes) {
  add_page_routes(routes, door_);
  const auto add = [&](const char* path, auto answer, bool head_too) {
    routes.add("GET", path,
               door_.guard([answer](const http::Request&, http::Responder responder) { answer(std::move(responder)); }),
               head_too);
  };
  add("/metrics", [this](http::Responder responder) { metrics_.answer(std::move(responder)); }, true);
  add("/api/status", [this](http::Responder responder) { board_.answer_status(std::move(responder)); }, true);
  add("/api/events", [this](http::Responder responder) { board_.answer_events(std::move(responder)); }, false);
}

// A quarantine in a queue takes minutes to read: there the number has to do.
std::vector<RefusedWhy> AdminSite::read_refused() const {
  if (!parts_.settings->quarantine_queue_url.empty()) return {};
  auto reader = open_quarantine_reader(*parts_.settings);
  if (!reader) return {};
  quarantine::Query query;
  query.records_max = kRefusedReadMax;
  query.newest_first = true;
  query.with_json = false;
  const auto records = (*reader)->read(query);
  return records ? reasons_of(*records) : std::vector<RefusedWhy>();
}

void AdminSite::tell_the_end() {
  if (emf_) emf_->finish();
}

void AdminSite::stop() {
  board_.stop();
  if (emf_) emf_->stop();
  if (server_) server_->drain(std::chrono::milliseconds(0));
  server_.reset();
}

}  // namespace twinshift::app
