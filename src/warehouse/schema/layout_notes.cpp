#include "warehouse/schema/layout_notes.hpp"

#include "base/log.hpp"

namespace twinshift::warehouse {

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
  std::string unused;
  for (const std::string& column : layout.fit.unused) unused += (unused.empty() ? "" : ", ") + column;
  if (unused == told_unused_) return;
  told_unused_ = unused;
  base::log::warn("Columns of other types would change values; their fields go to the column extra instead")
      .add("target", target_)
      .add("table", table)
      .add("columns", unused)
      .add("hint", "`twinshift schema --diff` shows them");
}

}  // namespace twinshift::warehouse
