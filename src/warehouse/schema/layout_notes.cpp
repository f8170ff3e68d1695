#include "warehouse/schema/layout_notes.hpp"

#include "base/log.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::warehouse {

base::Status no_right_to_publish(const std::string& target, const Layout& layout) {
  return base::fail(base::ErrorKind::conflict, "our user may not write twinshift_owed",
                    target + ", table " + sibling(layout.table, kOwedTable),
                    "To have it written from the next connection on: " + layout.books_cure);
}

base::Error no_right_to_erase(const std::string& target, const Layout& layout) {
  return {base::ErrorKind::conflict, "our user may not write twinshift_erased: nothing was erased",
          target + ", table " + sibling(layout.table, kErasedTable),
          "From the next connection on it may, after: " + layout.erasures_cure};
}

void LayoutNotes::tell(const Layout& layout) {
  const std::string table = layout.table.quoted();
  if (layout.created) {
    base::log::info("Created the table").add("target", target_).add("table", table);
  } else if (!layout.added.empty()) {
    base::log::info("Added missing columns to the table")
        .add("target", target_)
        .add("table", table)
        .add("columns", layout.added.size());
  }
  tell_unused(layout);
  tell_uncounted(layout);
  tell_unerasable(layout);
}

void LayoutNotes::tell_unused(const Layout& layout) {
  std::string unused;
  for (const std::string& column : layout.fit.unused) unused += (unused.empty() ? "" : ", ") + column;
  if (unused == told_unused_) return;
  told_unused_ = unused;
  base::log::warn("Columns of other types would change values; their fields go to the column extra instead")
      .add("target", target_)
      .add("table", layout.table.quoted())
      .add("columns", unused)
      .add("hint", "`twinshift schema --diff` shows them");
}

void LayoutNotes::tell_uncounted(const Layout& layout) {
  if (told_uncounted_ == !layout.counts_duplicates) return;
  told_uncounted_ = !layout.counts_duplicates;
  if (!told_uncounted_) return;
  base::log::warn(
      "Duplicates are not counted, as our user may not write twinshift_duplicates: hours that had some will "
      "not close in the books. Events land all the same")
      .add("target", target_)
      .add("table", sibling({layout.table.schema, {}}, kDuplicatesTable))
      .add("hint", "To have them counted from the next connection on: " + layout.duplicates_cure);
}

void LayoutNotes::tell_unerasable(const Layout& layout) {
  if (told_unerasable_ == !layout.takes_erasures) return;
  told_unerasable_ = !layout.takes_erasures;
  if (!told_unerasable_) return;
  base::log::warn(
      "Events cannot be erased, as our user may not write twinshift_erased; what another user has erased comes back "
      "when it is delivered again. Events land all the same")
      .add("target", target_)
      .add("table", sibling({layout.table.schema, {}}, kErasedTable))
      .add("hint", "To have it kept from the next connection on: " + layout.erasures_cure);
}

}  // namespace twinshift::warehouse
