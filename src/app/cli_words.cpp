#include "app/cli_words.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace twinshift::app {
namespace {

// Whole: nothing follows it.
template <class Number>
bool read(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && rest == end;
}

const char* name_of(TableFormat format) {
  switch (format) {
    case TableFormat::table:
      return "table";
    case TableFormat::json:
      return "json";
    case TableFormat::csv:
      return "csv";
  }
  return "";
}

}  // namespace

CLI::Validator not_empty() {
  return {[](std::string& text) {
            return text.empty() ? std::string("it is empty (an unset variable?): give a value, or leave the option out")
                                : std::string();
          },
          ""};
}

CLI::Validator between(double least, double most) {
  return {[least, most](std::string& text) {
            double number = NAN;
            if (read(text, number) && number >= least && number <= most) return std::string();
            return fmt::format("{} is no number from {} to {}", text, least, most);
          },
          fmt::format("{} to {}", least, most)};
}

CLI::Option* add_number(CLI::App* command, const std::string& name, double& number, double least, double most,
                        const std::string& description) {
  const auto take = [&number](const std::string& text) { (void)read(text, number); };
  return command->add_option_function<std::string>(name, take, description)
      ->check(between(least, most))
      ->type_name("FLOAT");
}

CLI::Validator a_count() {
  return {[](std::string& text) {
            std::uint64_t number = 0;
            return read(text, number) ? std::string() : text + " is no whole number from 0 on";
          },
          ""};
}

CLI::Validator one_of(std::map<std::string, int> words) {
  std::string list;
  for (const auto& [word, number] : words) list += (list.empty() ? "" : ", ") + word;
  return {[words = std::move(words), list](std::string& text) {
            const auto found = words.find(text);
            if (found == words.end()) return text + " is none of " + list;
            text = std::to_string(found->second);
            return std::string();
          },
          ""};
}

CLI::Validator formats(std::initializer_list<TableFormat> taken) {
  std::map<std::string, int> words;
  for (const TableFormat format : taken) words.emplace(name_of(format), static_cast<int>(format));
  return one_of(std::move(words));
}

void add_text_or_json(CLI::App* command, bool& json) {
  command->add_option("--format", json, "text or json")
      ->transform(one_of({{"text", 0}, {"json", 1}}))
      ->option_text("TEXT");
}

}  // namespace twinshift::app
