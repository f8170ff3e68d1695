# shellcheck shell=bash
# Part of tools/fresh-*: a minimal Debian or Ubuntu root by debootstrap, with this machine's way to its mirror. Whoever
# sources it has the variables suite, mirror and root, and the functions say and fail.

# "URI suite component" for each of this machine's binary sources.
own_sources() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u
}

own_codename() { (. /etc/os-release && printf '%s\n' "$VERSION_CODENAME"); }

family_of() { case $1 in bookworm | trixie) echo debian ;; noble) echo ubuntu ;; *) fail "unknown suite '$1'; known: bookworm trixie noble" ;; esac; }

choose_mirror() {
  [ -z "$mirror" ] || return 0
  local own; own=$(own_codename)
  [ "$(family_of "$suite")" = "$(. /etc/os-release && printf '%s' "$ID")" ] ||
    fail "this machine's apt sources serve no $suite; name a mirror: --mirror URL"
  mirror=$(own_sources | awk -v own="$own" '$2 == own { print $1; exit }')
  [ -n "$mirror" ] || fail "no apt source for $own found on this machine; name a mirror: --mirror URL"
}

write_sources() {
  local own components=main; own=$(own_codename)
  [ "$(family_of "$suite")" = debian ] || components='main universe'
  if [ "$(family_of "$suite")" = "$(. /etc/os-release && printf '%s' "$ID")" ]; then
    own_sources | awk -v own="$own" -v suite="$suite" -v components="$components" \
      'index($2, own) == 1 { sub(own, suite, $2); print "deb", $1, $2, components }' | sort -u
  else
    printf 'deb %s %s %s\n' "$mirror" "$suite" "$components" "$mirror" "$suite-updates" "$components"
  fi >"$root/etc/apt/sources.list"
  rm -f "$root"/etc/apt/sources.list.d/*
}

# What this machine needs to reach its mirror (proxy, clock and certificate settings) the new one needs too.
carry_network_settings() {
  local file
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if [ -f "$file" ] && grep -qi '^ *Acquire::' "$file"; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi
  done
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"  # every machine has it but a bare root
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
  fi
}

mount_kernel_folders() {
  mount --bind /proc "$root/proc" 2>/dev/null || mount -t proc proc "$root/proc" || fail "cannot mount /proc in $root"
  if ! mount --bind /dev "$root/dev" 2>/dev/null; then
    local node
    for node in 'null 3' 'zero 5' 'random 8' 'urandom 9'; do
      # shellcheck disable=SC2086
      set -- $node
      [ -e "$root/dev/$1" ] || mknod -m 666 "$root/dev/$1" c 1 "$2"
    done
  fi
  # Its own file system, which a bind of /dev does not bring along: terminals.
  mkdir -p "$root/dev/pts"
  mountpoint -q "$root/dev/pts" || mount --bind /dev/pts "$root/dev/pts" 2>/dev/null || mount -t devpts devpts "$root/dev/pts" || fail "cannot mount /dev/pts in $root"
  mkdir -p "$root/dev/shm"
}

unmount_kernel_folders() {
  local folder
  for folder in dev/pts dev proc; do
    if mountpoint -q "$root/$folder"; then umount "$root/$folder" 2>/dev/null || umount -l "$root/$folder"; fi
  done
}

# $root, made from nothing. What debootstrap says stands in $root.log.
bootstrap() {
  chmod 755 "$root"  # apt fetches as a user of its own
  say "debootstrap $suite into $root"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; fail "debootstrap (its last lines stand above)"; }
  write_sources
  carry_network_settings
}

free_port() {
  local candidate
  for candidate in 3000 $(seq 13000 13050); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then echo "$candidate"; return; fi
  done
  fail "no free port"
}
