// The machine that we run on, as far as the service depends on it: clock, data folder, disk, open files, and who
// reaches it. Any thread; each function blocks for a few system calls.
#pragma once

#include <cstdint>
#include <filesystem>

#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Does a service run on this data folder? Asked of its control socket: taking the folder's lock, for however short a
// moment, could keep a service from starting.
bool is_served(const std::filesystem::path& data_folder);

Finding check_clock();
// Writes a file without a name into it, or into the folder that it would be made in; nothing stays.
Finding check_data_folder(const std::filesystem::path& data_folder);
Finding check_disk(const std::filesystem::path& data_folder, std::uint64_t reserve_bytes);
// `connections_max`: HTTP_CONNECTIONS_MAX.
Finding check_open_files(std::uint64_t connections_max);

// Whether anyone who reaches the port can post events, and whether the file of tokens can be read.
Finding check_webhook_door(const config::Settings& settings);

Group machine_group(const config::Settings& settings);

}  // namespace twinshift::app
