# A task that fails on one of three machines.

[ -n "$lab_is_up" ] || lab_up 3
write_root_inventory

failing_task_fails_one_host() { # NAME-OF-MARKER WANTED-ON-NODE2 [OPTION]
  local log=$work/failing.log marker=$1 wanted=$2 i
  shift 2
  expect "exit code" 2 "$(run_play "$log" -i "$work/conf/hosts.ini" "$here/playbooks/failing.yml" -e "marker=$marker" "$@")" ||
    { tail -n 30 "$log"; return 1; }
  expect_recap "$log" node2 failed=1 unreachable=0 && expect_text "$log" "node2 fails here" || return 1
  for i in 1 3; do
    expect_recap "$log" node$i failed=0 unreachable=0 || return 1
    expect "marker of the last task on node$i" last "$(on $i cat "/root/$marker-last")" || return 1
    expect "marker of the handler on node$i" handler "$(on $i cat "/root/$marker-handler")" || return 1
  done
  expect "last task on node2" no "$(on 2 "test -e /root/$marker-last && echo yes || echo no")" || return 1
  expect "handler on node2" "$wanted" "$(on 2 "test -e /root/$marker-handler && echo yes || echo no")"
}

failure_is_rescued() {
  local log=$work/rescued.log
  expect "exit code" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$here/playbooks/rescued.yml")" || { tail -n 30 "$log"; return 1; }
  expect_recap "$log" node2 failed=0 rescued=1 && expect_recap "$log" node1 failed=0 rescued=0
}

check failing_task_ends_one_host_and_its_handlers failing_task_fails_one_host plain no
check handlers_of_a_failed_host_can_be_forced failing_task_fails_one_host forced yes --force-handlers
check failure_is_rescued failure_is_rescued
