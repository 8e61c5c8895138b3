# Looking for passwords where they must not be, while ksplay runs and afterwards.
#
# The processes of the machines are processes of this one too, so one look at /proc sees both sides. The
# passwords are read from a file, never given as an argument, or the search would find itself.

watcher=

# The files of both sides that live on no disk, or are short-lived.
volatile_places() {
  local i first
  echo "$work/home" "$work/tmp"
  for i in 1 2 3; do
    first=$(first_process_of $i)
    [ -z "$first" ] || printf '%s ' "/proc/$first/root/tmp" "/proc/$first/root/root" "/proc/$first/root/home" \
      "/proc/$first/root/run" "/proc/$first/root/dev/shm" "/proc/$first/root/var/tmp"
  done
}

# look_once PATTERNS PLACE...: names of processes and files that hold a password
look_once() {
  local patterns=$1
  shift
  grep -laF -f "$patterns" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
    printf '%s: %s\n' "$file" "$(tr '\0' ' ' <"${file%/*}/cmdline" 2>/dev/null | cut -c1-200)"
  done
  grep -rlaF -D skip -f "$patterns" "$@" 2>/dev/null
}

start_watching() {
  printf '%s\n' "$root_password" "$user_password" >"$work/patterns"
  : >"$work/traces"
  rm -f "$work/looks"
  (
    set +e
    trap 'exit 0' TERM
    while :; do
      look_once "$work/patterns" $(volatile_places) >>"$work/traces"
      echo >>"$work/looks"
    done
  ) &
  watcher=$!
}

stop_watching() {
  [ -z "$watcher" ] || { kill "$watcher" 2>/dev/null || true; wait "$watcher" 2>/dev/null || true; }
  watcher=
}

# The watching found nothing, and did look.
expect_no_traces() {
  local looks
  looks=$(wc -l <"$work/looks")
  [ "$looks" -ge 10 ] || { echo "looked only $looks times"; return 1; }
  [ ! -s "$work/traces" ] || { sort "$work/traces" | uniq -c; return 1; }
}

# A password that is in an argument, in an environment and in a file is found: else the watching would
# prove nothing.
watching_finds_passwords() {
  local password=$user_password found
  printf '%s\n' "$password" >"$work/canary-patterns"
  printf '%s\n' "$password" >"$work/tmp/canary"
  # A machine gets it on standard input, so that only the two processes meant here show it.
  "$lab" ssh node2 'read -r p; SECRET=$p sleep 5 & exec -a "canary $p" sleep 5' <<<"$password" &
  sleep 1
  found=$(look_once "$work/canary-patterns" $(volatile_places))
  rm -f "$work/tmp/canary"
  wait $!
  case $found in *tmp/canary*) ;; *) echo "the file was not found"; return 1 ;; esac
  case $found in *"canary $password"*) ;; *) echo "the argument was not found"; return 1 ;; esac
  case $found in */environ*) ;; *) echo "the environment was not found"; return 1 ;; esac
}

# What is on the machines' disks and in their journals, and what ksplay left here.
expect_no_password_left() {
  local i found
  found=$(grep -rlaF -f "$work/patterns" "$work/home" "$work/tmp" "$LAB_DIR"/nodes/*/upper "$LAB_DIR"/nodes/*/var 2>/dev/null)
  [ -z "$found" ] || { echo "$found"; return 1; }
  for i in 1 2 3; do
    # The journal as well as every file, auth.log among them.
    "$lab" ssh "node$i" 'journalctl -q --no-pager -o export 2>/dev/null >/dev/shm/journal
      grep -laF -f - /dev/shm/journal; rm -f /dev/shm/journal' <"$work/patterns" >"$work/journal-hits"
    [ ! -s "$work/journal-hits" ] || { echo "node$i: a password is in the journal"; return 1; }
    expect "lines in the journal of node$i" yes "$([ "$(on "$i" journalctl -q --no-pager | wc -l)" -gt 20 ] && echo yes || echo no)" || return 1
  done
}
