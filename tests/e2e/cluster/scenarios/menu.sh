# A cluster of one machine, which ksplay runs on: the first entry of the menu, without a hosts.ini.

here_it_runs() { "$lab" ssh node1 "cd installer && ANSIBLE_NOCOLOR=1 ./ksplay $*"; }

machine_gets_ksplay() {
  tar -c -C "$(dirname "$KSPLAY")" ksplay ksplay-agent -C "$work" conf |
    "$lab" ssh node1 'mkdir -p installer && tar -x -C installer && rm -f installer/conf/hosts.ini'
}
# The images of the volumes' provisioner cannot be had in the lab.
menu_installs_on_this_machine() {
  echo 1 | here_it_runs install -e local_volume_provisioner_enabled=false -e local_volume_is_default_class=false \
    >"$work/install.log" 2>&1 || { why_failed "$work/install.log"; return 1; }
  expect_text "$work/install.log" "*   1) All-in-one" && expect_text "$work/install.log" "Console: http://$(address_of 1):30880"
}
banner_is_for_root_alone() { expect "mode" 600 "$(on 1 stat -c %a installer/kubesphere/kubesphere_running)"; }
uninstall_asks() {
  echo no | here_it_runs uninstall -i conf/all-in-one.ini >"$work/uninstall.log" 2>&1 || return 1
  expect_text "$work/uninstall.log" "from node1." && expect_text "$work/uninstall.log" "Nothing was removed." && nodes_are node1
}
uninstall_goes_on_after_yes() {
  echo yes | here_it_runs uninstall -i conf/all-in-one.ini >"$work/uninstall.log" 2>&1 || { why_failed "$work/uninstall.log"; return 1; }
  expect "what is left" "" "$(on 1 'ls -d /etc/kubernetes /etc/etcd /var/lib/kubelet 2>/dev/null; true')"
}

machines 1
check "the machine gets ksplay" machine_gets_ksplay
check "the menu installs on this machine" menu_installs_on_this_machine
check "the only node is ready" nodes_are node1
check "its console answers" console_answers 1
check "its banner is for root alone" banner_is_for_root_alone
check "uninstall asks" uninstall_asks
check "uninstall goes on after yes" uninstall_goes_on_after_yes
