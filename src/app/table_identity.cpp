#include "app/table_identity.hpp"

#include <string>
#include <utility>

#include "app/driver_table.hpp"

namespace twinshift::app {
namespace {

// The only cell of the answer; empty where the server knows no such thing or does not let us ask.
base::Result<std::string> ask(warehouse::Warehouse& warehouse, const std::string& sql) {
  auto answer = warehouse.query(sql, 1);
  if (!answer) {
    if (answer.error().kind == base::ErrorKind::invalid) return std::string();
    return base::fail(std::move(answer.error()));
  }
  if (answer->rows.empty() || answer->rows.front().empty()) return std::string();
  return answer->rows.front().front().value_or("");
}

// PostgreSQL makes one for each cluster (initdb), Redshift for each namespace.
const char* server_identity_sql(const std::string& product) {
  return product == "Redshift" ? "SELECT current_namespace"
                               : "SELECT CAST(system_identifier AS VARCHAR(32)) FROM pg_control_system()";
}

}  // namespace

base::Result<books::BooksFile::CountedTable> identify_table(const config::Settings& settings, const std::string& target,
                                                            warehouse::Warehouse& warehouse) {
  const warehouse::TableName table = warehouse.event_table();
  const std::string product = warehouse.product();
  books::BooksFile::CountedTable identity{
      .database = product, .database_id = {}, .schema = table.schema, .name = table.table};
  auto chosen = find_target(settings, target);
  if (!chosen) return base::fail(std::move(chosen.error()));
  if ((*chosen)->driver == "sqlite") {
    // As seen from the data folder: both may be moved together.
    identity.database += " " + (*chosen)->path.lexically_proximate(settings.data_dir).string();
    return identity;
  }
  auto database = ask(warehouse, "SELECT current_database()");
  if (!database) return base::fail(std::move(database.error()));
  identity.database = database->empty() ? std::string() : product + " " + *database;
  auto id = ask(warehouse, server_identity_sql(product));
  if (!id) return base::fail(std::move(id.error()));
  identity.database_id = std::move(*id);
  return identity;
}

}  // namespace twinshift::app
