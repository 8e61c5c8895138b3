# The machines.

lab=$root/tests/lab/lab
lab_is_up=
export LAB_DIR=${LAB_DIR:-/var/tmp/ksplay-lab}
LAB_NET=${LAB_NET:-10.77.0}
root_password=Lab-r00t user_password=Lab-us3r

can_run_lab() { [ -z "$(why_no_lab)" ]; }
why_no_lab() {
  if [ "$(id -u)" != 0 ]; then
    echo "the machines of tests/lab need root"
  elif ! grep -qx 'ID=debian' /etc/os-release 2>/dev/null || ! grep -qx 'VERSION_ID="12"' /etc/os-release; then
    echo "the machines of tests/lab need Debian 12 as their host"
  fi
}

# Fresh machines node1 to nodeN.
lab_up() {
  lab_is_up=1
  lab_down
  lab_is_up=1
  "$lab" up "$1" 2>"$work/lab.log" || { cat "$work/lab.log" >&2; exit 1; }
}
lab_down() {
  [ -z "$lab_is_up" ] || "$lab" down
  lab_is_up=
}

address_of() { echo "$LAB_NET.$((10 + $1))"; }
on() { # N COMMAND...: as root on node N
  local n=$1
  shift
  "$lab" ssh "node$n" "$@" </dev/null
}
# The first process of node N, as this machine sees it: its /proc/PID/root is that machine's file system.
first_process_of() { ps -o pid= --ppid "$(cat "$LAB_DIR/nodes/node$1/pid")" | head -n 1 | tr -d ' '; }

# One line for every file, directory and link of node N, with what it holds and whose it is. Left out are what
# the kernel makes up, logs, what systemd and sudo keep for themselves, and caches of users, where the agent is.
tree_of() {
  on "$1" "export LC_ALL=C
    left_out='-path /proc -o -path /sys -o -path /dev -o -path /run -o -path /srv/debs -o -path /var/log
      -o -path /var/lib/systemd -o -path /tmp/systemd-private-* -o -path /var/tmp/systemd-private-*
      -o -path /var/lib/sudo -o -name .sudo_as_admin_successful -o -path /root/.cache -o -path /home/*/.cache'
    set -f
    { find / \( \$left_out \) -prune -o -printf '%y %m %u %g %p %l\n'
      find / \( \$left_out \) -prune -o -type f -exec sha256sum {} +; } | sort"
}
