# What is refused when connecting, and what is said then.

[ -n "$lab_is_up" ] || lab_up 3
ping=$here/playbooks/ping.yml

wrong_password_is_unreachable() {
  local log=$work/accounts.log
  write_user_inventory "$user_password" not-the-password
  expect "exit code" 4 "$(run_play "$log" -i "$work/conf/hosts.ini" "$ping" -l node1)" || { tail -n 30 "$log"; return 1; }
  expect_text "$log" "UNREACHABLE!" && expect_text "$log" "Permission denied" && expect_recap "$log" node1 unreachable=1 ok=0
}

wrong_sudo_password_is_said() {
  local log=$work/accounts.log
  write_user_inventory not-the-password
  expect "exit code" 2 "$(run_play "$log" -i "$work/conf/hosts.ini" "$ping" -l node1)" || { tail -n 30 "$log"; return 1; }
  expect_text "$log" "Incorrect sudo password"
}

unknown_host_key_is_refused() {
  local log=$work/accounts.log
  write_root_inventory
  expect "exit code" 4 "$(ANSIBLE_HOST_KEY_CHECKING=True run_play "$log" -i "$work/conf/hosts.ini" "$ping" -l node1)" ||
    { tail -n 30 "$log"; return 1; }
  expect_text "$log" "UNREACHABLE!" && expect_text "$log" "Host key verification failed"
}

known_host_key_is_taken() {
  local log=$work/accounts.log
  write_root_inventory
  ssh-keyscan -t ed25519 "$(address_of 1)" >"$work/known_hosts" 2>/dev/null
  expect "exit code" 0 "$(ANSIBLE_HOST_KEY_CHECKING=True run_play "$log" -i "$work/conf/hosts.ini" "$ping" -l node1)" ||
    { tail -n 30 "$log"; return 1; }
}

changed_host_key_is_refused() {
  local log=$work/accounts.log
  write_root_inventory
  ssh-keyscan -t ed25519 "$(address_of 2)" 2>/dev/null | sed "s/^[^ ]*/$(address_of 1)/" >"$work/known_hosts"
  expect "exit code" 4 "$(ANSIBLE_HOST_KEY_CHECKING=True run_play "$log" -i "$work/conf/hosts.ini" "$ping" -l node1)" ||
    { tail -n 30 "$log"; return 1; }
  expect_text "$log" "REMOTE HOST IDENTIFICATION HAS CHANGED"
}

key_serves_too() {
  local log=$work/accounts.log
  write_root_inventory
  sed -i 's/ansible_ssh_pass=[^ ]*//' "$work/conf/hosts.ini"
  expect "exit code" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$ping" --private-key "$("$lab" key)")" || { tail -n 30 "$log"; return 1; }
  expect_recap "$log" node3 failed=0 unreachable=0
}

# A plan is made and carried out for a user with sudo; the small agent lacks two of the three modules.
plan_is_made_and_applied() {
  local log=$work/accounts.log plan=$work/few.plan
  write_user_inventory
  expect "exit code of plan" 0 "$(run_play "$log" plan -i "$work/conf/hosts.ini" "$here/playbooks/few.yml" -o "$plan")" ||
    { tail -n 30 "$log"; return 1; }
  expect_text "$log" "Plan: 6 changes, 0 commands, 0 decided while applying; on 3 hosts." || return 1
  grep -q "$user_password" "$plan" && { echo "a password is in the plan"; return 1; }
  expect "exit code of apply" 0 "$(run_play "$log" apply "$plan")" || { tail -n 30 "$log"; return 1; }
  expect_recap "$log" node2 changed=2 failed=0 unreachable=0 || return 1
  expect "exit code of a second apply" 1 "$(run_play "$log" apply "$plan")" && expect_text "$log" "does not fit any more" || return 1
  expect "exit code of a run" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$here/playbooks/few.yml")" &&
    expect_recap "$log" node2 changed=0 failed=0
}

# The passwords of the inventory serve once; afterwards the key does. With ssh's own check of host keys.
key_is_sent_by_password() { # USER
  local log=$work/accounts.log key=$work/home/.ssh/id_ed25519 send
  "write_$1_inventory"
  send="env ANSIBLE_HOST_KEY_CHECKING=True HOME=$work/home TMPDIR=$work/tmp $KSPLAY ssh-copy-id -i $work/conf/hosts.ini --generate"
  $send >"$log" 2>&1 </dev/null && { echo "unknown host keys are taken"; return 1; }
  expect_text "$log" "\`--accept-new\` remembers" || return 1
  $send --accept-new >"$log" 2>&1 </dev/null && expect_text "$log" "3 machines, 3 changes" || { cat "$log"; return 1; }
  $send >"$log" 2>&1 </dev/null && expect_text "$log" "3 machines, 0 changes" || { cat "$log"; return 1; }
  sed -i 's/ansible_ssh_pass=[^ ]*//' "$work/conf/hosts.ini"
  expect "exit code" 0 "$(ANSIBLE_HOST_KEY_CHECKING=True run_play "$log" -i "$work/conf/hosts.ini" "$ping" --private-key "$key")" ||
    { tail -n 30 "$log"; return 1; }
}

check wrong_password_is_unreachable wrong_password_is_unreachable
check wrong_sudo_password_is_said wrong_sudo_password_is_said
check unknown_host_key_is_refused unknown_host_key_is_refused
check known_host_key_is_taken known_host_key_is_taken
check changed_host_key_is_refused changed_host_key_is_refused
check plan_is_made_and_applied plan_is_made_and_applied
check key_serves_too key_serves_too
check key_of_root_is_sent_by_password key_is_sent_by_password root
check key_of_a_user_is_sent_by_password key_is_sent_by_password user
