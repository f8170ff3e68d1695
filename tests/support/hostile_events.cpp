#include "tests/support/hostile_events.hpp"

#include <array>
#include <utility>
#include <vector>

namespace twinshift::tests {
namespace {

// Pieces of a JSON string that any database takes, and such that many refuse.
constexpr std::array<std::string_view, 24> kPieces = {
    "a",     "Z9",         "_",   " ",    "é",         "東京",      "😀", "\u200b", R"(\")", R"(\\)", R"(\/)",
    R"(\n)", "'",          ";--", "\x7f", R"(\u0041)", R"(\u00e9)", "{",  "}",      ",",     ":",     R"(\ud83d\ude00)",
    "%00",   R"(\t\r\b\f)"};
constexpr std::array<std::string_view, 6> kNasty = {R"(\u0000)",       R"(\ud800)",       R"(\udfff)",
                                                    R"(\ud800\ud800)", R"(\udc00\ud800)", R"(\u0000\u0000)"};
constexpr std::array<std::string_view, 14> kOwnNames = {
    "event_id", "id_version", "event_key", "event_at", "received_at", "created_at", "updated_at",
    "extra",    "message_id", "rowid",     "",         "Event_Name",  "EVENT_ID",   "event_name "};
constexpr std::array<std::string_view, 5> kDollarNames = {"$event", "$", "$ref", "$event ", "$$"};

template <std::size_t N>
std::string_view pick(base::Random& random, const std::array<std::string_view, N>& from) {
  return from[random.below(N)];
}

class Maker {
 public:
  Maker(std::uint64_t seed, std::uint64_t index)
      : random_(seed * 0xA0761D6478BD642FULL + index),
        index_(index),
        nasty_(random_.chance(0.25)),
        doubled_(random_.chance(0.15)),
        dollar_(random_.chance(0.15)),
        wide_(random_.chance(0.5)) {}

  std::string make() {
    out_ = "{";
    const std::uint64_t fields = random_.below(60);
    for (std::uint64_t i = 0; i < fields; ++i) {
      member();
    }
    if (random_.chance(0.06)) long_member();
    if (random_.chance(0.03)) deep_member();
    separate();
    out_ += "\"hostile_index\":" + std::to_string(index_) + "}";
    return std::move(out_);
  }

 private:
  void separate() {
    if (out_.size() > 1) out_ += ',';
    blank();
  }

  void blank() {
    if (random_.chance(0.05)) out_ += random_.chance(0.5) ? " " : "\r\n\t ";
  }

  void member() {
    separate();
    const std::string name =
        doubled_ && !names_.empty() && random_.chance(0.2) ? names_[random_.below(names_.size())] : fresh_name();
    names_.push_back(name);
    out_ += name;
    blank();
    out_ += ':';
    blank();
    value(0);
  }

  // With its quotes. Repeats only where the event is to have doubles, as doubles make it a whole-event case.
  std::string fresh_name() {
    for (;;) {
      std::string name = candidate();
      bool used = false;
      for (const std::string& other : names_) used = used || other == name;
      if (!used || doubled_) return name;
    }
  }

  std::string candidate() {
    std::string name = "\"";
    const std::uint64_t dice = random_.below(100);
    if (dice < 75) {
      const auto columns = event::catalogue();
      name += columns[random_.below(columns.size())].name;
    } else if (dice < 80) {
      name += pick(random_, kOwnNames);
    } else if (dice < 84 && dollar_) {
      name += pick(random_, kDollarNames);
    } else {
      pieces(name, 1 + random_.below(12));
    }
    return name + '"';
  }

  void pieces(std::string& out, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      out += nasty_ && random_.chance(0.05) ? pick(random_, kNasty) : pick(random_, kPieces);
    }
  }

  void value(int depth) {
    const std::uint64_t dice = random_.below(100);
    if (dice < 60) return odd();
    if (dice < 75) return text(random_.below(40));
    if (dice < 88 || depth > 4) return number();
    return container(depth);
  }

  // Values that make an event a whole-event case are left to the events chosen for that.
  void odd() {
    for (;;) {
      const auto values = odd_values();
      const std::string_view chosen = values[random_.below(values.size())];
      const bool breaks = chosen.find(R"("\u0000)") != chosen.npos || chosen.find(R"(a\u0000)") != chosen.npos ||
                          chosen.find(R"("\ud800)") != chosen.npos || chosen.find(R"(\udc00)") != chosen.npos;
      if (breaks && !nasty_) continue;
      out_ += chosen;
      return;
    }
  }

  void text(std::uint64_t length) {
    out_ += '"';
    pieces(out_, length);
    out_ += '"';
  }

  void digits(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) out_ += static_cast<char>('0' + random_.below(10));
  }

  void number() {
    if (random_.chance(0.4)) out_ += '-';
    const std::uint64_t most = wide_ ? 44 : 6;
    if (random_.chance(0.3)) {
      out_ += '0';
    } else {
      out_ += static_cast<char>('1' + random_.below(9));
      digits(random_.below(most));
    }
    if (random_.chance(0.5)) {
      out_ += '.';
      digits(1 + random_.below(most / 2 + 3));
    }
    if (random_.chance(0.2)) {
      out_ += random_.chance(0.5) ? "e-" : "E+";
      digits(1 + random_.below(wide_ ? 4 : 1));
    }
  }

  void container(int depth) {
    const bool object = random_.chance(0.5);
    out_ += object ? '{' : '[';
    const std::uint64_t count = random_.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      blank();
      if (object) {
        out_ += '"' + std::to_string(i);
        pieces(out_, random_.below(3));
        out_ += "\":";
      }
      value(depth + 1);
    }
    out_ += object ? '}' : ']';
  }

  void long_member() {
    separate();
    const auto columns = event::catalogue();
    out_.append("\"").append(columns[random_.below(columns.size())].name).append("\":");
    text(random_.chance(0.5) ? 300 + random_.below(4000) : 20'000 + random_.below(15'000));
  }

  void deep_member() {
    separate();
    const std::uint64_t depth = random_.chance(0.5) ? 250 + random_.below(12) : 10'000;
    out_ += "\"deep\":";
    for (std::uint64_t i = 0; i < depth; ++i) out_ += i % 2 == 0 ? "[" : "{\"k\":";
    out_ += "1";
    for (std::uint64_t i = depth; i-- > 0;) out_ += i % 2 == 0 ? ']' : '}';
  }

  base::Random random_;
  std::uint64_t index_;
  bool nasty_, doubled_, dollar_, wide_;
  std::string out_;
  std::vector<std::string> names_;
};

}  // namespace

std::string hostile_event(std::uint64_t seed, std::uint64_t index) {
  return Maker(seed, index).make();
}

event::TableShape random_shape(base::Random& random) {
  event::TableShape shape = event::TableShape::whole();
  if (random.chance(0.25)) return shape;
  const auto columns = event::catalogue();
  for (const event::Column& column : columns) shape.scales.push_back(column.scale);
  const double absent = random.chance(0.5) ? 0.1 : 0.6;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (random.chance(absent)) {
      shape.widths[i] = event::TableShape::kAbsent;
    } else if (columns[i].type == event::ColumnType::decimal) {
      shape.scales[i] = static_cast<std::int32_t>(random.below(13));
      shape.widths[i] = shape.scales[i] + static_cast<std::int32_t>(1 + random.below(20));
    } else if (columns[i].width > 0 && random.chance(0.4)) {
      shape.widths[i] = static_cast<std::int32_t>(random.below(24));
    }
  }
  return shape;
}

}  // namespace twinshift::tests
