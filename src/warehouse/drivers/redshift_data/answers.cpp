#include "warehouse/drivers/redshift_data/answers.hpp"

#include <fmt/format.h>
#include <simdjson.h>

namespace twinshift::warehouse {
namespace {

namespace dom = simdjson::dom;

std::string text_of(dom::object object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::int64_t number_of(dom::object object, std::string_view name, std::int64_t otherwise) {
  std::int64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : otherwise;
}

bool flag_of(dom::object object, std::string_view name) {
  bool flag = false;
  return object[name].get(flag) == simdjson::SUCCESS && flag;
}

// A parser with the text that it reads, which must live as long as what is taken from it.
class Document {
 public:
  explicit Document(std::string_view json) : text_(json) {
    good_ = parser_.parse(text_).get(root_) == simdjson::SUCCESS;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] dom::object root() const { return root_; }

 private:
  simdjson::padded_string text_;
  dom::parser parser_;
  dom::object root_;
  bool good_ = false;
};

SubStatement statement_of(dom::object object) {
  SubStatement statement;
  statement.id = text_of(object, "Id");
  statement.status = data_status_from(text_of(object, "Status"));
  statement.error = text_of(object, "Error");
  statement.result_rows = number_of(object, "ResultRows", -1);
  statement.has_result_set = flag_of(object, "HasResultSet");
  return statement;
}

// API model, Field: a union of which one member is there.
std::optional<std::string> cell_of(dom::object field) {
  std::string_view text;
  std::int64_t number = 0;
  double real = 0;
  bool flag = false;
  if (field["stringValue"].get(text) == simdjson::SUCCESS) return std::string(text);
  if (field["longValue"].get(number) == simdjson::SUCCESS) return std::to_string(number);
  if (field["booleanValue"].get(flag) == simdjson::SUCCESS) return std::string(flag ? "t" : "f");
  if (field["doubleValue"].get(real) == simdjson::SUCCESS) return fmt::format("{}", real);
  if (field["blobValue"].get(text) == simdjson::SUCCESS) return std::string(text);
  return std::nullopt;
}

bool read_row(dom::array fields, ResultPage::Row& row) {
  for (const dom::element element : fields) {
    dom::object field;
    if (element.get(field) != simdjson::SUCCESS) return false;
    row.push_back(cell_of(field));
  }
  return true;
}

}  // namespace

std::optional<Submitted> read_submitted(std::string_view json) {
  const Document document(json);
  if (!document.good()) return std::nullopt;
  Submitted submitted{text_of(document.root(), "Id"), data_status_from(text_of(document.root(), "Status"))};
  if (submitted.id.empty()) return std::nullopt;
  return submitted;
}

std::optional<Description> read_description(std::string_view json) {
  const Document document(json);
  if (!document.good() || text_of(document.root(), "Id").empty()) return std::nullopt;
  Description description;
  description.status = data_status_from(text_of(document.root(), "Status"));
  description.error = text_of(document.root(), "Error");
  dom::array statements;
  if (document.root()["SubStatements"].get(statements) != simdjson::SUCCESS) {
    description.statements.push_back(statement_of(document.root()));
    return description;
  }
  for (const dom::element element : statements) {
    dom::object object;
    if (element.get(object) == simdjson::SUCCESS) description.statements.push_back(statement_of(object));
  }
  return description;
}

std::optional<ResultPage> read_result_page(std::string_view json) {
  const Document document(json);
  dom::array records;
  if (!document.good() || document.root()["Records"].get(records) != simdjson::SUCCESS) return std::nullopt;
  ResultPage page;
  for (const dom::element element : records) {
    dom::array fields;
    if (element.get(fields) != simdjson::SUCCESS || !read_row(fields, page.rows.emplace_back())) return std::nullopt;
  }
  dom::array columns;
  if (document.root()["ColumnMetadata"].get(columns) == simdjson::SUCCESS) {
    for (const dom::element element : columns) {
      dom::object column;
      if (element.get(column) != simdjson::SUCCESS) return std::nullopt;
      const std::string label = text_of(column, "label");
      page.columns.push_back(label.empty() ? text_of(column, "name") : label);
    }
  }
  page.next_token = text_of(document.root(), "NextToken");
  return page;
}

}  // namespace twinshift::warehouse
