// How a Redshift target is reached: by the Data API or over the wire, from the guide's variables or a redshift-data
// URL. Any thread; no I/O.
#pragma once

#include "config/resolve.hpp"
#include "config/target_input.hpp"

namespace twinshift::config {

// From the variables with or without SECONDARY_. The input's cluster or workgroup is set.
void use_redshift_variables(TargetInput& input, Findings& findings);

// From redshift-data://[USER@]CLUSTER/DATABASE[?region=&endpoint=&secret_arn=&workgroup=true].
void use_data_url(TargetInput& input, Findings& findings);

}  // namespace twinshift::config
