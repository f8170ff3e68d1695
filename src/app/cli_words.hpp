// What values options of the command line take, and what is said where one is none. One thread.
#pragma once

#include <initializer_list>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "app/table_text.hpp"

namespace twinshift::app {

// A text that is not empty: `--from "$DAY"` where DAY is unset must not mean everything.
CLI::Validator not_empty();
// A number within both ends; CLI::Range takes "nan" for one.
CLI::Validator between(double least, double most);
// An option for such a number, whatever the locale's decimal sign.
CLI::Option* add_number(CLI::App* command, const std::string& name, double& number, double least, double most,
                        const std::string& description);
// A whole number, 0 or more.
CLI::Validator a_count();
// One of these words; the option then holds its number, which CLI11 reads as bool or as an enum.
CLI::Validator one_of(std::map<std::string, int> words);
CLI::Validator formats(std::initializer_list<TableFormat> taken);

// --format text|json.
void add_text_or_json(CLI::App* command, bool& json);

}  // namespace twinshift::app
