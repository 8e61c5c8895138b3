# Ctrl-C in the middle of a long task.

[ -n "$lab_is_up" ] || lab_up 3
write_user_inventory

# What of ours runs on a machine, or here for this run.
ours_on() { on "$1" 'ps -eo pid,args' | grep -E 'ksplay|sleep 98765' | grep -v grep || true; }

start_long_play() { # LOG; sets `pid`, the leader of a process group as in a terminal
  set -m
  HOME=$work/home TMPDIR=$work/tmp "$KSPLAY" -i "$work/conf/hosts.ini" "$here/playbooks/long.yml" >"$1" 2>&1 </dev/null &
  pid=$!
  set +m
  local i t=0
  for i in 1 2 3; do
    until [ -n "$(on $i pgrep -f "'^sleep 98765'")" ]; do
      t=$((t + 1))
      [ $t -lt 100 ] || { echo "the long task does not start"; cat "$1"; kill -KILL -- -$pid; return 1; }
      sleep 0.2
    done
  done
}

nothing_is_left() {
  local i left
  for i in 1 2 3; do
    left=$(ours_on $i)
    [ -z "$left" ] || { echo "node$i: $left"; return 1; }
  done
  left=$(pgrep -g "$1" -a || true)
  [ -z "$left" ] || { echo "here: $left"; return 1; }
  left=$(pgrep -af "ssh .*$work/known_hosts" || true)
  [ -z "$left" ] || { echo "here: $left"; return 1; }
}

interrupt_ends_everything() { # SIGNAL-TARGET: `group` as Ctrl-C does, or `process`
  local log=$work/interrupt.log code=0 began pid
  start_long_play "$log" || return 1
  began=$SECONDS
  if [ "$1" = group ]; then kill -INT -- -$pid; else kill -INT $pid; fi
  wait $pid || code=$?
  expect "exit code" 99 "$code" || { tail -n 30 "$log"; return 1; }
  while ! left=$(nothing_is_left $pid); do
    [ $((SECONDS - began)) -lt 5 ] || { echo "after 5 seconds: $left"; return 1; }
    sleep 0.2
  done
  expect_text "$log" "PLAY RECAP" && expect_recap "$log" node1 ok=1 unreachable=0 failed=0
}

killed_controller_leaves_nothing() {
  local log=$work/killed.log began pid left
  start_long_play "$log" || return 1
  began=$SECONDS
  kill -KILL $pid
  wait $pid || true
  while ! left=$(nothing_is_left $pid); do
    [ $((SECONDS - began)) -lt 10 ] || { echo "after 10 seconds: $left"; return 1; }
    sleep 0.2
  done
}

# In a terminal: ksplay gets a Ctrl-C that is typed, and the terminal is as before.
terminal_stays_sane() {
  local out=$work/terminal.log
  command -v script >/dev/null || { echo "there is no script(1)"; return 1; }
  # Long enough for the play to begin, and then to end.
  { sleep 6; printf '\003'; sleep 5; } |
    HOME=$work/home TMPDIR=$work/tmp SHELL=/bin/sh script -qec \
      "trap : INT; stty -a >$work/stty-before; $KSPLAY -i $work/conf/hosts.ini $here/playbooks/long.yml; echo code=\$?; stty -a >$work/stty-after" /dev/null >"$out" 2>&1
  expect_text "$out" "code=99" && expect_text "$out" "PLAY RECAP" && diff "$work/stty-before" "$work/stty-after" || return 1
  expect "cursor shown at the end" yes "$(hides=$(grep -ao $'\033\[?25[lh]' "$out" | tail -n 1); [ -z "$hides" ] || [ "$hides" = $'\033[?25h' ] && echo yes || echo no)"
}

check interrupt_ends_everything_within_five_seconds interrupt_ends_everything group
check interrupt_of_the_controller_alone_does_too interrupt_ends_everything process
check killed_controller_leaves_nothing killed_controller_leaves_nothing
check terminal_stays_sane terminal_stays_sane
