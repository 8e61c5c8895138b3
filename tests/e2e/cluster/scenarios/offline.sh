# From a bundle, with no mirror running, by the commands of the installer.

bundle=$work/cluster.bundle

bundle_is_made() {
  ksplay bundle create -e @"$work/conf/vars.yml" "$bundle" >"$work/bundle.log" 2>&1 || { cat "$work/bundle.log"; return 1; }
}
mirror_is_gone() { ! curl -fs --max-time 2 "http://$LAB_NET.1:8077/" >/dev/null || { echo "the mirror still runs"; return 1; }; }
bundle_is_extracted() { ksplay bundle extract "$bundle" "$work/releases"; }

installs_from_the_folder() {
  local begin=$SECONDS
  expect "exit code" 0 "$(run_play "$work/site.log" install --multi-node --yes -i "$work/conf/hosts.ini" \
    -e download_run_once=true -e download_dir="$work/releases")" || { why_failed "$work/site.log"; return 1; }
  echo "# installation from the bundle: $((SECONDS - begin)) s" >&3
}
phases_and_banner_are_told() {
  expect_text "$work/site.log" "] Start the control plane (after " &&
    expect_text "$work/site.log" "Console: http://$(address_of 1):30880" &&
    expect_no_text "$work/site.log" "TASK [" && expect_text "$work/kubesphere/install.log" "TASK ["
}
# A machine that lost files gets them from `bundle serve`; those that lost nothing do nothing.
served_files_are_taken() {
  local lost=/opt/kubernetes/releases/v1.20.2/amd64
  on 2 rm "$lost/kubectl" "$lost/pause-3.2.tar"
  succeeds site --tags download -e download_base_url="http://$LAB_NET.1:5080" || return 1
  expect_recap "$work/site.log" node1 changed=0 && expect_recap "$work/site.log" node2 changed=1 &&
    expect "kubectl" "$(on 1 sha256sum $lost/kubectl)" "$(on 2 sha256sum $lost/kubectl)" &&
    expect_text "$work/servers.log" "$(address_of 2) GET /v1.20.2/amd64/pause-3.2.tar 200 OK"
}
uninstalls() {
  expect "exit code" 0 "$(run_play "$work/uninstall.log" uninstall --yes -i "$work/conf/hosts.ini")" ||
    { why_failed "$work/uninstall.log"; return 1; }
  local i
  for i in 1 2; do
    expect "what is left on node$i" "" "$(on $i 'ls -d /etc/kubernetes /etc/etcd /var/lib/kubelet /opt/kubernetes/releases 2>/dev/null; true')" || return 1
  done
}

machines 2
inventory 1 2 1
check "a bundle is made from the mirror" bundle_is_made
stop_servers
check "the mirror goes away" mirror_is_gone
check "the bundle is extracted" bundle_is_extracted
check "ksplay install brings up the cluster without a mirror" installs_from_the_folder
check "phases and banner are told, the rest is in the log" phases_and_banner_are_told
check "all nodes of the bundle are ready" nodes_are "node1 node2"
check "the console of the bundle answers" console_answers 1 2
serve "$KSPLAY" bundle serve --listen "$LAB_NET.1:5080" "$bundle"
check "lost files come from a server of the bundle" served_files_are_taken
check "ksplay uninstall removes the cluster" uninstalls
