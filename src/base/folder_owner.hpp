// Files that one user makes in another one's folder. The service may run as a user of its own and be looked after by
// root: what root's commands make there must stay that user's, else the next start cannot open it. Any thread.
#pragma once

#include <string>

namespace twinshift::base {

// For what was just made under `path`, open as `descriptor`: where we are root it is given to its folder's owner and
// group. Best effort: without that right it stays root's.
void give_to_folders_owner(int descriptor, const std::string& path);

// What to do where `path` cannot be opened because it, or the folder it would be made in, is another user's; empty
// where that is not the cause.
std::string other_owners_hint(const std::string& path);

}  // namespace twinshift::base
