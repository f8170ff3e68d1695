// `twinshift quarantine`: list, show, export what targets refuse for good; send it on its way again; drop it.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "app/backlog_store.hpp"
#include "app/commands.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/own_stores.hpp"
#include "app/quarantine_actions.hpp"
#include "app/quarantine_text.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using quarantine::Record;
using quarantine::Ticket;

constexpr std::size_t kPageRecords = 200;
constexpr std::size_t kWidth = 200;

int explain(const base::Error& error) {
  std::fprintf(stderr, "twinshift: quarantine: %s\n", error.text().c_str());
  return kExitFailed;
}

// Calls `each` for every record of the query, oldest first, page by page.
template <class Each>
base::Status for_each(quarantine::Reader& reader, quarantine::Query query, Each each) {
  query.records_max = kPageRecords;
  for (;;) {
    auto page = reader.read(query);
    if (!page) return base::fail(std::move(page.error()));
    for (const Record& record : *page) {
      if (!each(record)) return base::fail(ErrorKind::unavailable, "cannot write the output", "export");
      query.after_id = record.id;
    }
    if (page->empty()) return {};
  }
}

int list(quarantine::Reader& reader, const QuarantineOptions& options) {
  auto records = reader.read({.target = options.target,
                              .records_max = options.records_max,
                              .newest_first = true,
                              .with_json = options.format == TableFormat::json});
  if (!records) return explain(records.error());
  std::string text;
  if (options.format == TableFormat::json) {
    for (const Record& record : *records) text += record_as_json(record, false) + "\n";
  } else if (options.format == TableFormat::csv) {
    text = table_as_csv(records_as_table(*records));
  } else if (records->empty()) {
    text = "nothing is in the quarantine\n";
  } else {
    text = table_as_text(records_as_table(*records), kWidth);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int show(quarantine::Reader& reader, const QuarantineOptions& options) {
  for (const std::int64_t id : options.ids) {
    auto record = reader.find(id);
    if (!record) return explain(record.error());
    const std::string text = record_as_json(*record, true) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  return kExitOk;
}

int export_records(quarantine::Reader& reader, const QuarantineOptions& options) {
  const bool to_stdout = options.out_file == "-";
  // An event's values: for its owner alone.
  std::FILE* const file = to_stdout ? stdout : std::fopen(options.out_file.c_str(), "we");
  if (file == nullptr) return explain({ErrorKind::unavailable, "cannot write the file", options.out_file, {}});
  if (!to_stdout) (void)::fchmod(::fileno(file), 0600);
  std::uint64_t count = 0;
  auto done = for_each(reader, {.target = options.target}, [&](const Record& record) {
    const std::string line = record_as_json(record, true) + "\n";
    ++count;
    return std::fwrite(line.data(), 1, line.size(), file) == line.size();
  });
  const bool flushed = std::fflush(file) == 0;
  if (!to_stdout) std::fclose(file);
  if (done && !flushed) done = base::fail(ErrorKind::unavailable, "cannot write the file", options.out_file);
  if (!done) return explain(done.error());
  std::fprintf(stderr, "twinshift: quarantine: %llu records exported\n", static_cast<unsigned long long>(count));
  return kExitOk;
}

base::Result<std::vector<Ticket>> chosen(quarantine::Reader& reader, const QuarantineOptions& options) {
  std::vector<Ticket> tickets;
  for (const std::int64_t id : options.ids) {
    auto record = reader.find(id);
    if (!record) return base::fail(std::move(record.error()));
    tickets.push_back({record->id, record->tries});
  }
  if (!options.all) return tickets;
  auto done = for_each(reader, {.target = options.target, .with_json = false}, [&](const Record& record) {
    tickets.push_back({record.id, record.tries});
    return true;
  });
  if (!done) return base::fail(std::move(done.error()));
  return tickets;
}

bool is_here(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// With the quarantine in a queue this may be any machine, and the service may run on another one: nobody would ever
// drain a queue or a backlog that is a file made here.
bool makes_files(const config::Settings& settings) {
  return settings.quarantine_queue_url.empty();
}

base::Status open_queue_store(const config::Settings& settings, OwnStores& stores) {
  if (settings.queue.driver == "sqlite" && !makes_files(settings) && !is_here(settings.queue.path)) {
    return base::fail(ErrorKind::not_found, "the service's queue is not here", settings.queue.path.string(),
                      "Replay where the service runs, with its data folder (TWINSHIFT_DATA_DIR)");
  }
  return stores.open_queue(settings);
}

base::Status open_backlog_store(const config::Settings& settings, OwnStores& stores) {
  const auto secondary = find_target(settings, "secondary");
  if (!secondary) return {};
  if ((*secondary)->backlog_url.empty() && !makes_files(settings) && !has_backlog_files(**secondary)) return {};
  return stores.open_backlog(settings, **secondary);
}

// The folder's lock keeps a service from starting on the files meanwhile.
bool touches_files(const config::Settings& settings, bool sends) {
  if (settings.quarantine_queue_url.empty()) return true;
  const auto secondary = find_target(settings, "secondary");
  return sends && (settings.queue.driver == "sqlite" || (secondary && (*secondary)->backlog_url.empty()));
}

base::Status open_stores(const config::Settings& settings, bool sends, OwnStores& stores) {
  if (touches_files(settings, sends)) {
    if (auto opened = stores.open_folder(settings); !opened) return opened;
  }
  if (auto opened = stores.open_quarantine(settings); !opened) return opened;
  if (!sends) return {};
  if (auto opened = open_queue_store(settings, stores); !opened) return opened;
  return open_backlog_store(settings, stores);
}

// What a request has done, in the words of the reply.
struct Count {
  std::uint64_t done = 0;
  std::uint64_t stay = 0;  // of a replay: sent, and refused again at once
};

base::Result<Count> count_in(const control::Reply& reply, const std::string& where) {
  Count count;
  const char* const end = reply.text.data() + reply.text.size();
  const auto done = std::from_chars(reply.text.data(), end, count.done);
  if (!reply.ok || done.ec != std::errc()) return base::fail(ErrorKind::unavailable, reply.text, where);
  if (done.ptr != end) std::from_chars(done.ptr + 1, end, count.stay);
  return count;
}

base::Result<Count> act_here(const config::Settings& settings, const control::Request& request) {
  OwnStores stores;
  if (auto opened = open_stores(settings, request.verb == kReplayVerb, stores); !opened)
    return base::fail(std::move(opened.error()));
  QuarantineActions::Parts parts{
      .quarantine = stores.quarantine.get(),
      .open_reader = [&settings](std::stop_token stop) { return open_quarantine_reader(settings, std::move(stop)); },
      .queue = stores.queue.get(),
      .backlogs = {},
      .through_queue = {},
      .identity = identity_mode(settings),
      .books = stores.books};
  if (stores.backlog) {
    parts.backlogs.push_back(stores.backlog.get());
  } else if (settings.secondary) {
    parts.through_queue.push_back(settings.secondary->name);
  }
  return count_in(QuarantineActions(std::move(parts)).answer(request), settings.data_dir.string());
}

base::Result<Count> act(const config::Settings& settings, const control::Request& request) {
  auto reply = control::ask(settings.data_dir, request);
  if (!reply && reply.error().kind == ErrorKind::not_found) return act_here(settings, request);
  if (!reply) return base::fail(std::move(reply.error()));
  return count_in(*reply, "the running service");
}

int change(const config::Settings& settings, quarantine::Reader& reader, const QuarantineOptions& options) {
  const bool drops = options.action == "drop";
  auto tickets = chosen(reader, options);
  if (!tickets) return explain(tickets.error());
  if (drops && !options.yes) {
    std::fprintf(stderr, "twinshift: quarantine: %zu records would be dropped for good; add --yes to do so\n",
                 tickets->size());
    return kExitUsage;
  }
  Count all;
  for (std::size_t at = 0; at < tickets->size(); at += kTicketsMax) {
    control::Request request{drops ? kDropVerb : kReplayVerb, {}};
    for (std::size_t i = at; i < std::min(tickets->size(), at + kTicketsMax); ++i) {
      request.arguments.push_back(text_of((*tickets)[i]));
    }
    const auto done = act(settings, request);
    if (!done) {
      std::fprintf(stderr, "twinshift: quarantine: %llu records done before this\n",
                   static_cast<unsigned long long>(all.done));
      return explain(done.error());
    }
    all.done += done->done;
    all.stay += done->stay;
  }
  std::printf("%llu of %zu records %s\n", static_cast<unsigned long long>(all.done), tickets->size(),
              drops ? "dropped" : "sent on their way again");
  if (all.stay > 0) {
    std::printf("%llu of these were refused again at once: see `twinshift quarantine list`\n",
                static_cast<unsigned long long>(all.stay));
  }
  return all.done == tickets->size() ? kExitOk : kExitFailed;
}

}  // namespace

int run_quarantine(const config::Settings& settings, const QuarantineOptions& options) {
  auto reader = open_quarantine_reader(settings);
  if (!reader && reader.error().kind == ErrorKind::not_found) {
    if (options.ids.empty()) {
      std::fprintf(stderr, "twinshift: nothing is in the quarantine\n");
      return kExitOk;
    }
  }
  if (!reader) return explain(reader.error());
  if (options.action == "list") return list(**reader, options);
  if (options.action == "show") return show(**reader, options);
  if (options.action == "export") return export_records(**reader, options);
  return change(settings, **reader, options);
}

}  // namespace twinshift::app
