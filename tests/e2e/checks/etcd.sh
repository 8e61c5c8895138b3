# An etcd cluster on three machines by passwords in hosts.ini: as root, and as a user with sudo.

playbook=$root/playbooks/etcd.yml

machines_have_no_python() {
  local i
  for i in 1 2 3; do
    on $i 'if ls /usr/bin/python* /usr/local/bin/python* 2>/dev/null; then exit 1; fi' || return 1
  done
}

keep_trees() { # NAME
  local i
  for i in 1 2 3; do tree_of $i >"$work/tree-$1-$i"; done
}

dry_run_changes_nothing() {
  local i log=$work/dry.log
  keep_trees before
  expect "exit code" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$playbook" --check --diff)" || { tail -n 30 "$log"; return 1; }
  keep_trees after
  for i in 1 2 3; do
    [ "$(wc -l <"$work/tree-before-$i")" -gt 1000 ] || { echo "the tree of node$i was not read"; return 1; }
    diff "$work/tree-before-$i" "$work/tree-after-$i" || return 1
  done
}

dry_run_shows_diffs() {
  expect_text "$work/dry.log" "+ETCD_NAME=node1" && expect_text "$work/dry.log" "+ETCD_NAME=node3" &&
    expect_text "$work/dry.log" "+ExecStart=/usr/bin/etcd"
}

first_run_succeeds() {
  local i log=$work/first.log
  expect "exit code" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$playbook")" || { tail -n 60 "$log"; return 1; }
  for i in 1 2 3; do expect_recap "$log" node$i failed=0 unreachable=0 || return 1; done
}

members_are_healthy() {
  local i
  for i in 1 2 3; do etcdctl_on $i endpoint health || return 1; done
  expect "number of members" 3 "$(etcdctl_on 1 member list | grep -c started)"
}
etcdctl_on() { # N ARGUMENT...
  local n=$1 pki=/etc/etcd/pki
  shift
  on "$n" env ETCDCTL_API=3 etcdctl --endpoints="https://$(address_of "$n"):2379" --cacert=$pki/ca.pem \
    --cert=$pki/client.pem --key=$pki/client.key "$@"
}

strangers_are_refused() {
  local said
  said=$(on 1 env ETCDCTL_API=3 etcdctl --endpoints="https://$(address_of 2):2379" --cacert=/etc/etcd/pki/ca.pem \
    --command-timeout=3s endpoint health 2>&1) && { echo "a client without certificate is let in"; return 1; }
  # It is the certificate that is missing, not the member.
  etcdctl_on 2 endpoint health
}

members_share_what_is_stored() {
  etcdctl_on 1 put ksplay yes >/dev/null && expect "value on node3" yes "$(etcdctl_on 3 get ksplay --print-value-only)"
}

keys_belong_to_etcd_alone() {
  local i
  for i in 1 2 3; do
    expect "keys of node$i" "600 etcd" "$(on $i stat -c "'%a %U'" "/etc/etcd/pki/*.key" | sort -u)" || return 1
  done
  expect "key of the authority" "600" "$(stat -c %a "$work/kubesphere/pki/etcd/ca.key")"
}

second_run_changes_nothing() { # [OPTION]
  local i log=$work/second.log
  expect "exit code" 0 "$(run_play "$log" -i "$work/conf/hosts.ini" "$playbook" "$@")" || { tail -n 60 "$log"; return 1; }
  for i in 1 2 3; do
    expect_recap "$log" node$i changed=0 failed=0 unreachable=0 || { grep -B 3 '^changed' "$log"; return 1; }
  done
}

passwords_are_not_shown() { expect_no_traces && expect_no_password_left; }
output_holds_no_password() {
  local log
  for log in "$work"/{dry,first,second}.log; do
    expect_no_text "$log" "$root_password" && expect_no_text "$log" "$user_password" || return 1
  done
}

etcd_as() { # WHO
  check "$1: machines_have_no_python" machines_have_no_python
  check "$1: dry_run_changes_nothing_on_any_machine" dry_run_changes_nothing
  check "$1: dry_run_shows_diffs" dry_run_shows_diffs
  start_watching
  check "$1: first_run_succeeds" first_run_succeeds
  check "$1: second_run_changes_nothing" second_run_changes_nothing
  stop_watching
  check "$1: members_are_healthy_by_client_certificates" members_are_healthy
  check "$1: strangers_are_refused" strangers_are_refused
  check "$1: members_share_what_is_stored" members_share_what_is_stored
  check "$1: keys_belong_to_etcd_alone" keys_belong_to_etcd_alone
  check "$1: dry_run_of_the_members_finds_nothing_to_change" second_run_changes_nothing --check --diff
  check "$1: password_is_in_no_process_list_environment_file_or_log" passwords_are_not_shown
  check "$1: output_holds_no_password" output_holds_no_password
}

lab_up 3
write_root_inventory
check "watching_finds_passwords" watching_finds_passwords
etcd_as root
lab_up 3
write_user_inventory
etcd_as ubuntu
