// The families of /metrics, a part of the service at a time. No I/O; one thread.
#pragma once

#include "app/metric_families.hpp"
#include "app/metrics.hpp"

namespace twinshift::app {

void add_intake(MetricFamilies& families, const MetricsInput& input);
void add_queue(MetricFamilies& families, const queue::QueueStatus& queue);
void add_targets(MetricFamilies& families, const MetricsInput& input);
void add_backlogs(MetricFamilies& families, const std::vector<delivery::TargetStatus>& targets);
void add_books(MetricFamilies& families, const std::vector<books::TargetBooks>& books);
void add_aws(MetricFamilies& families, const std::vector<aws::ServiceThrottles>& throttles);
// `state`: nothing where there is nothing to compare.
void add_parity(MetricFamilies& families, const std::optional<proof::ParityState>& state, base::WallTime now);
void add_process(MetricFamilies& families, const ProcessUsage& usage);

// Of a point in time, as Prometheus has it.
double seconds_of(base::WallTime time);

}  // namespace twinshift::app
