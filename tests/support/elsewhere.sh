#!/usr/bin/env bash
# Runs a command under TZ=Asia/Kolkata and a locale whose decimal sign is a comma. The locale is made in a temporary folder, so the machine's own
# set of locales does not matter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
localedef -i de_DE -f UTF-8 "$folder/de_DE.UTF-8" 2>/dev/null || [ -d "$folder/de_DE.UTF-8" ] || {
  echo "cannot make the locale de_DE.UTF-8; install the package 'locales'" >&2
  exit 1
}
# In a child each time: the shell's own idea of its locale is settled when it starts.
here=$(cd "$(dirname "$0")" && pwd)
elsewhere() { env LSAN_OPTIONS="suppressions=$here/glibc_locale.supp:print_suppressions=0" LOCPATH="$folder" LC_ALL=de_DE.UTF-8 TZ=Asia/Kolkata "$@"; }
[ "$(elsewhere /usr/bin/printf '%.1f' 1,5 2>/dev/null)" = "1,5" ] || {
  echo "the locale's decimal sign is not a comma: this test would prove nothing" >&2
  exit 1
}
elsewhere "$@"
