#include <fmt/format.h>

#include "config/resolve.hpp"

namespace twinshift::config {

void check_limits(const Settings& settings, Findings& findings) {
  const auto fault_if = [&](bool wrong, std::string text) {
    if (wrong) findings.faults.push_back(std::move(text));
  };
  const auto warn_if = [&](bool doubtful, std::string text) {
    if (doubtful) findings.warnings.push_back(std::move(text));
  };
  fault_if(settings.queue_inbox_bytes_max < settings.http_body_bytes_max,
           "QUEUE_INBOX_BYTES_MAX is less than HTTP_BODY_BYTES_MAX: the largest event could never be taken");
  fault_if(settings.lane_bytes_max < settings.batch_bytes_max,
           "LANE_BYTES_MAX is less than BATCH_BYTES_MAX: a full batch could never be gathered");
  fault_if(settings.lane_rows_max < settings.batch_rows_max,
           "LANE_ROWS_MAX is less than BATCH_ROWS_MAX: a full batch could never be gathered");
  fault_if(settings.http_header_timeout > settings.http_keep_alive_idle,
           "HTTP_HEADER_TIMEOUT is longer than HTTP_KEEP_ALIVE_IDLE: an idle connection would end before a slow one");
  fault_if(settings.tls_cert_file.empty() != settings.tls_key_file.empty(),
           "only one of TLS_CERT_FILE and TLS_KEY_FILE is set: HTTPS needs both, or neither for plain HTTP");
  warn_if(settings.intake_timeout >= std::chrono::seconds(2),
          "INTAKE_TIMEOUT is 2 s or more: AppsFlyer will have given up by then");
  warn_if(settings.shutdown_timeout >= std::chrono::seconds(30),
          "SHUTDOWN_TIMEOUT is 30 s or more: ECS and Kubernetes kill after 30 s by default");
  warn_if(settings.queue_lease_timeout < 2 * settings.park_after,
          "QUEUE_LEASE_TIMEOUT is less than twice PARK_AFTER: messages may come again while they are being settled");
  warn_if(settings.aws_access_key_id.empty() != settings.aws_secret_access_key.empty(),
          "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set: static credentials need both");
}

}  // namespace twinshift::config
