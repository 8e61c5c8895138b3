# Members of etcd that come and go, on machines without Kubernetes: 1, 3, 5, 3 and 1.

members_inventory() { # MEMBERS: numbers, as "1 2 3"; all machines are in [all]
  local i
  {
    echo '[all]'
    for i in 1 2 3 4 5; do
      echo "node$i  ansible_host=$(address_of $i)  ip=$(address_of $i)  ansible_user=root  ansible_ssh_pass=$root_password"
    done
    printf '\n[etcd]\n'
    printf 'node%s\n' $1
    printf '\n[kube-master]\n\n[kube-node]\n\n[k8s-cluster:children]\nkube-node\nkube-master\n'
    printf '\n[all:vars]\nansible_ssh_common_args="-o UserKnownHostsFile=%s"\n' "$work/known_hosts"
  } >"$work/conf/hosts.ini"
}
etcdctl_on() { # N ARGUMENT...
  local n=$1 pki=/etc/etcd/pki
  shift
  on "$n" env ETCDCTL_API=3 etcdctl --endpoints="https://$(address_of "$n"):2379" --cacert=$pki/ca.pem \
    --cert=$pki/client.pem --key=$pki/client.key "$@"
}
members_are() { # N...: the members, as each of them knows them, healthy, and with what was stored at the beginning
  local i
  for i; do
    etcdctl_on $i endpoint health || return 1
    expect "members that node$i knows" "$(printf 'node%s\n' "$@")" "$(etcdctl_on $i member list | awk -F', ' '$2 == "started" { print $3 }' | sort)" &&
      expect "value on node$i" yes "$(etcdctl_on $i get ksplay --print-value-only)" || return 1
  done
}
started_at() { on $1 systemctl show --property=ExecMainStartTimestampMonotonic --value etcd; }

one_member() { members_inventory "1" && succeeds etcd && etcdctl_on 1 put ksplay yes && members_are 1; }
three_members() {
  local before
  before=$(started_at 1)
  members_inventory "1 2 3" && succeeds etcd && members_are 1 2 3 && unchanged etcd 1 &&
    expect "start of the first member" "$before" "$(started_at 1)"
}
five_members() { members_inventory "1 2 3 4 5" && succeeds etcd && members_are 1 2 3 4 5 && unchanged etcd 1 2 3; }
nothing_more_to_do() { succeeds etcd && unchanged etcd 1 2 3 4 5; }
even_numbers_are_refused() {
  expect "exit code" 2 "$(play remove-etcd -e node=node5)" && expect_text "$work/remove-etcd.log" "so that an odd number stays" && members_are 1 2 3 4 5
}
strangers_are_refused() {
  expect "exit code" 2 "$(play remove-etcd -e node=node4,node9)" && expect_text "$work/remove-etcd.log" "there are node" && members_are 1 2 3 4 5
}
the_first_two_leave() {
  succeeds remove-etcd -e node=node1,node2 && members_inventory "3 4 5" && members_are 3 4 5 && succeeds etcd && unchanged etcd 3 4 5 &&
    expect "what is left on node1" "" "$(on 1 'ls -d /etc/etcd/pki /etc/etcd.env /var/lib/etcd/cluster 2>/dev/null; pgrep -x etcd; true')"
}
data_of_one_are_lost() {
  on 4 'systemctl stop etcd && rm -rf /var/lib/etcd/cluster' && succeeds etcd && members_are 3 4 5 && unchanged etcd 3 5
}
one_is_left() { succeeds remove-etcd -e node=node3,node5 && members_inventory "4" && members_are 4; }
they_come_back() { members_inventory "1 4 5" && succeeds etcd && members_are 1 4 5; }
backups_are_made() {
  succeeds etcd-backup && expect "owner and modes" "700 root 600 root" "$(on 4 'stat -c "%a %U" /var/backups/kube_etcd /var/backups/kube_etcd/*' | paste -sd' ')" &&
    expect "timer" "active" "$(on 4 systemctl is-active etcd-backup.timer)"
}
old_backups_go() {
  on 4 'cd /var/backups/kube_etcd && touch keep.txt && for i in 1 2 3 4 5 6; do touch etcd-2001010${i}T000000Z.db; done' && succeeds etcd-backup || return 1
  expect "backups" "etcd-20010104T000000Z.db etcd-20010105T000000Z.db etcd-20010106T000000Z.db keep.txt" \
    "$(on 4 'cd /var/backups/kube_etcd && ls | grep -v "^etcd-202"' | paste -sd' ')" && expect "new ones" 2 "$(on 4 'ls /var/backups/kube_etcd | grep -c "^etcd-20[^0]"')"
}
restore_asks() {
  expect "exit code" 2 "$(play etcd-restore)" && expect_text "$work/etcd-restore.log" "nothing was restored"
}
wrong_names_are_refused() {
  expect "exit code" 2 "$(play etcd-restore -e confirm_restore=yes -e backup=etcd-none.db)" && expect_text "$work/etcd-restore.log" "no member has the backup etcd-none.db" &&
    members_are 1 4 5
}
# The backup that node4 alone has; it is no backup, and nothing is touched.
broken_backups_are_refused() {
  local before
  before=$(started_at 4)
  expect "exit code" 2 "$(play etcd-restore -e confirm_restore=yes -e backup=etcd-20010106T000000Z.db)" && members_are 1 4 5 &&
    expect "start of the member" "$before" "$(started_at 4)"
}
the_backup_comes_back() {
  etcdctl_on 1 put ksplay no && etcdctl_on 1 put later yes && succeeds etcd-restore -e confirm_restore=yes && members_are 1 4 5 &&
    expect "what came later" "" "$(etcdctl_on 5 get later --print-value-only)" || return 1
  local i
  for i in 1 4 5; do
    expect "data of before on node$i" 1 "$(on $i 'ls -d /var/lib/etcd/cluster.before-*/member | wc -l')" || return 1
  done
  succeeds etcd && unchanged etcd 1 4 5
}
fingerprints() { on $1 'for f in server peer client; do openssl x509 -in /etc/etcd/pki/$f.pem -noout -serial -enddate; done'; }
certificates_are_renewed() {
  local before after
  before=$(fingerprints 4)
  succeeds renew-certs || return 1
  after=$(fingerprints 4)
  [ "$(comm -12 <(sort <<<"$before") <(sort <<<"$after"))" = "" ] || { echo "not renewed: $before, $after"; return 1; }
  expect "serial that is served" "$(sed -n 1p <<<"$after")" \
    "$(on 4 "echo | openssl s_client -connect $(address_of 4):2379 2>/dev/null | openssl x509 -noout -serial")" &&
    members_are 1 4 5 && succeeds etcd && unchanged etcd 1 4 5
}
authority_is_kept() {
  expect "key of the authority" "600" "$(stat -c %a "$work/kubesphere/pki/etcd/ca.key")" || return 1
  mv "$work/kubesphere" "$work/kubesphere.away"
  local code text
  code=$(play etcd)
  text=$(grep -c "has certificates of an authority whose key" "$work/etcd.log")
  rm -rf "$work/kubesphere"
  mv "$work/kubesphere.away" "$work/kubesphere"
  expect "exit code" 2 "$code" && [ "$text" -gt 0 ] && members_are 1 4 5
}

machines 5
check "one member" one_member
check "two more join, one at a time, and the first is left alone" three_members
check "two more" five_members
check "a second run changes nothing" nothing_more_to_do
check "an even number of members is refused" even_numbers_are_refused
check "names that are no members are refused" strangers_are_refused
check "the first two members leave" the_first_two_leave
check "a member that lost its data joins anew" data_of_one_are_lost
check "one member is left" one_is_left
check "members that left come back" they_come_back
check "a backup is made on every member" backups_are_made
check "only the newest backups are kept" old_backups_go
check "a restore asks first" restore_asks
check "a restore from what does not exist is refused" wrong_names_are_refused
check "a restore from what is no backup touches nothing" broken_backups_are_refused
check "a restore brings back the newest backup on all members" the_backup_comes_back
check "certificates are renewed and served" certificates_are_renewed
check "a second authority is never made" authority_is_kept
