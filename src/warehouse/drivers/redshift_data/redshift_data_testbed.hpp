// The stand-in for the Data API as a test reaches it: what tests/standin/with_servers.py --data-api exports. Any
// thread.
#pragma once

#include <memory>
#include <string>

#include "aws/client.hpp"
#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"

namespace twinshift::warehouse {

// A client of its own, with the stand-in's credentials.
std::shared_ptr<aws::Client> stand_in_client();
// Of `database`; the table is "events_here".
RedshiftDataOptions stand_in_options(const std::string& database);

}  // namespace twinshift::warehouse
