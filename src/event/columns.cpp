// The catalogue and its index: an open-addressing hash table that the compiler builds.
#include <array>
#include <bit>
#include <cstring>

#include "event/row.hpp"

namespace twinshift::event {
namespace {

constexpr std::array kCatalogue = {
#define COLUMN(name, type, width, scale, group, spelling) \
  Column{#name, ColumnType::type, width, scale, #group, Spelling::spelling},
#include "event/columns.def"
#undef COLUMN
};

// The order is the order in a table. The last three times are the message's, not the database's clock.
constexpr std::array kOwnColumns = {
    Column{"event_id", ColumnType::text, 32, 0, "twinshift", Spelling::quoted},
    Column{"id_version", ColumnType::integer, 0, 0, "twinshift", Spelling::bare},
    Column{"event_key", ColumnType::bigint, 0, 0, "twinshift", Spelling::bare},
    Column{"event_at", ColumnType::timestamp, 0, 0, "twinshift", Spelling::quoted},
    Column{"received_at", ColumnType::timestamp, 0, 0, "twinshift", Spelling::quoted},
    Column{"created_at", ColumnType::timestamp, 0, 0, "twinshift", Spelling::quoted},
    Column{"updated_at", ColumnType::timestamp, 0, 0, "twinshift", Spelling::quoted},
    Column{"extra", ColumnType::json, 65535, 0, "twinshift", Spelling::quoted},
};

// Up to eight bytes as one number.
constexpr std::uint64_t load(std::string_view bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

// The eight bytes of `name` from `at`: the loop for the compiler and for big-endian machines, one instruction for the
// others.
constexpr std::uint64_t load8(std::string_view name, std::size_t at) {
  if consteval {
    return load(name.substr(at, 8));
  } else {
    if constexpr (std::endian::native != std::endian::little) return load(name.substr(at, 8));
    std::uint64_t word = 0;
    std::memcpy(&word, &name[at], sizeof(word));
    return word;
  }
}

// Called for each field of each event, so it reads at most 24 bytes: the first, second and last eight tell all names
// apart (contributor_1_touch_time, contributor_2_touch_time, ...).
constexpr std::uint64_t hash_name(std::string_view name) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  const std::size_t size = name.size();
  std::uint64_t mixed = size * kOdd;
  if (size < 8) {
    mixed ^= load(name);
  } else {
    mixed ^= load8(name, 0);
    if (size >= 16) mixed = (mixed ^ (mixed >> 29)) * kOdd ^ load8(name, 8);
    mixed = (mixed ^ (mixed >> 31)) * kOdd ^ load8(name, size - 8);
  }
  mixed *= 0xBF58476D1CE4E5B9ULL;
  return mixed ^ (mixed >> 32);
}

// Names are short: a few words inline are quicker than a call of memcmp.
bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() < 8) return load(a) == load(b);
  for (std::size_t at = 0; at + 8 < a.size(); at += 8) {
    if (load8(a, at) != load8(b, at)) return false;
  }
  return load8(a, a.size() - 8) == load8(b, b.size() - 8);
}

constexpr std::size_t kSlots = 1024;  // at most a quarter full, so that an unknown name ends after a step or two
static_assert(kCatalogue.size() * 4 < kSlots);

constexpr std::array<std::int16_t, kSlots> build_index() {
  std::array<std::int16_t, kSlots> slots{};
  slots.fill(-1);
  for (std::size_t i = 0; i < kCatalogue.size(); ++i) {
    std::size_t slot = hash_name(kCatalogue[i].name) % kSlots;
    while (slots[slot] >= 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<std::int16_t>(i);
  }
  return slots;
}

constexpr std::array<std::int16_t, kSlots> kIndex = build_index();

}  // namespace

std::span<const Column> catalogue() {
  return kCatalogue;
}

std::span<const Column> own_columns() {
  return kOwnColumns;
}

int find_column(std::string_view name) {
  for (std::size_t slot = hash_name(name) % kSlots; kIndex[slot] >= 0; slot = (slot + 1) % kSlots) {
    const auto index = static_cast<std::size_t>(kIndex[slot]);
    if (same_name(kCatalogue[index].name, name)) return static_cast<int>(index);
  }
  return -1;
}

TableShape TableShape::whole() {
  TableShape shape;
  shape.widths.reserve(kCatalogue.size());
  for (const Column& column : kCatalogue) shape.widths.push_back(column.width);
  return shape;
}

}  // namespace twinshift::event
