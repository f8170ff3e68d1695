#include "app/erased_apart.hpp"

#include <utility>

namespace twinshift::app {
namespace {

using warehouse::EventPlace;

// One side's list.
class List {
 public:
  explicit List(ErasedPage page) : page_(std::move(page)) {}

  // The next one, or null at the end.
  base::Result<const EventPlace*> peek() {
    if (at_ == read_.size() && !ended_) {
      auto page = page_(after_);
      if (!page) return base::fail(std::move(page.error()));
      read_ = std::move(*page);
      at_ = 0;
      ended_ = read_.size() < kErasedPageMax;
      if (!read_.empty()) after_ = read_.back().id;
    }
    return at_ == read_.size() ? nullptr : &read_[at_];
  }
  void pass() { ++at_; }

 private:
  const ErasedPage page_;
  std::vector<EventPlace> read_;
  std::size_t at_ = 0;
  std::optional<event::EventId> after_;
  bool ended_ = false;
};

}  // namespace

ErasedApart compare_erased(std::array<ErasedPage, 2> pages, std::size_t lacking_max) {
  ErasedApart apart;
  std::array<List, 2> lists{List(std::move(pages[0])), List(std::move(pages[1]))};
  for (;;) {
    std::array<const EventPlace*, 2> next{};
    for (std::size_t side = 0; side < lists.size(); ++side) {
      auto place = lists[side].peek();
      if (!place) {
        apart.lacking = {};
        apart.troubles[side] = std::move(place.error());
        return apart;
      }
      next[side] = *place;
    }
    if (next[0] == nullptr && next[1] == nullptr) return apart;
    if (next[0] != nullptr && next[1] != nullptr && next[0]->id == next[1]->id) {
      for (List& list : lists) list.pass();
      continue;
    }
    const bool first_alone = next[1] == nullptr || (next[0] != nullptr && next[0]->id < next[1]->id);
    std::vector<EventPlace>& lacking = apart.lacking[first_alone ? 1 : 0];
    apart.more = lacking.size() == lacking_max;
    if (apart.more) return apart;
    lacking.push_back(*next[first_alone ? 0 : 1]);
    lists[first_alone ? 0 : 1].pass();
  }
}

}  // namespace twinshift::app
