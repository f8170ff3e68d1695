#include "app/doctor_port.hpp"

#include <fmt/format.h>

#include "app/doctor_machine.hpp"

namespace twinshift::app {

Finding check_port(const http::Address& address, const std::filesystem::path& data_folder) {
  const auto could = http::could_listen_on(address);
  const std::string where = fmt::format("{} port {}", address.host.empty() ? "*" : address.host, address.port);
  if (could) return good(address.port == 0 ? address.host + ", any free port" : where + " is free");
  if (could.error().kind == base::ErrorKind::conflict && is_served(data_folder)) {
    return good(where + " is in use, and a service runs on this data folder");
  }
  return failure(could.error(), "the service cannot start (exit code 4)");
}

std::vector<Step> port_steps(const config::Settings& settings) {
  const auto step = [&](const char* id, const http::Address& address) {
    return Step{id, [address, folder = settings.data_dir] { return check_port(address, folder); }, false};
  };
  std::vector<Step> steps;
  steps.push_back(step("port", {.host = settings.host, .port = static_cast<std::uint16_t>(settings.port)}));
  if (settings.admin_port == 0) return steps;
  const bool own_host = !settings.admin_host.empty();
  steps.push_back(step("admin-port", {.host = own_host ? settings.admin_host : settings.host,
                                      .port = static_cast<std::uint16_t>(settings.admin_port),
                                      .host_option = own_host ? "ADMIN_HOST" : "HOST",
                                      .port_option = "ADMIN_PORT"}));
  return steps;
}

}  // namespace twinshift::app
