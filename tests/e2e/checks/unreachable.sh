# One of three machines is off.

[ -n "$lab_is_up" ] || lab_up 3
write_root_inventory

others_finish() {
  local log=$work/unreachable.log i
  "$lab" stop 3
  expect "exit code" 4 "$(ANSIBLE_TIMEOUT=5 run_play "$log" -i "$work/conf/hosts.ini" "$here/playbooks/steps.yml")" || { tail -n 30 "$log"; return 1; }
  expect_recap "$log" node3 unreachable=1 ok=0 failed=0 && expect_text "$log" "UNREACHABLE!" || return 1
  for i in 1 2; do
    expect_recap "$log" node$i unreachable=0 failed=0 || return 1
    expect "file of the last step on node$i" "2 of 3" "$(on $i cat /root/steps)" || return 1
  done
}

check others_finish_when_a_machine_is_off others_finish
