# One master with etcd and two nodes, as root with passwords: the cluster comes up, its nodes change, and it goes.

dry_run_finds_nothing_to_change() { succeeds site --check --diff && unchanged site 1 2 3; }
# What is wrong with the settings and what is wrong with one machine, all in one report, and nothing is touched.
preflight_says_all() {
  on 2 /usr/sbin/sshd -p 10250 -o PidFile=/run/in-the-way.pid
  local text code
  code=$(play site -e kube_version=v1.12.0 -e kube_network_plugin=none -e console_port=30180 \
    -e kube_pods_subnet=10.77.0.0/16 -e preflight_min_cores=1000 -e nfs_client_enable=true)
  on 2 'kill $(cat /run/in-the-way.pid)'
  expect "exit code" 2 "$code" || return 1
  for text in 'kube_version is v1.12.0' 'kube_network_plugin is none' 'console_port is 30180' 'lies in kube_pods_subnet' \
    '1000 are needed' 'NFS needs nfs_server' 'is the default storage class, one must be' 'port 10250 is in use'; do
    expect_text "$work/site.log" "$text" || return 1
  done
  expect "failed hosts" 3 "$(grep -c 'failed=1' "$work/site.log")" && expect "changes" "" "$(grep '^changed' "$work/site.log")"
}
banner_is_kept() {
  expect_text "$work/kubesphere/kubesphere_running" "Console: http://$(address_of 1):30880" &&
    expect_text "$work/kubesphere/kubesphere_running" "Account: admin" && expect_text "$work/site.log" "Password: "
}
# Pods on two nodes: one asks the other by its address and by the Service.
pods_reach_each_other() {
  kubectl create deployment web --image=registry.lab/console:1 --replicas=4 &&
    kubectl expose deployment web --port 80 --target-port 8000 &&
    kubectl rollout status deployment/web --timeout=120s || return 1
  local pods from to address service name
  pods=$(kubectl get pods -l app=web -o custom-columns=NODE:.spec.nodeName,NAME:.metadata.name,IP:.status.podIP --no-headers | sort)
  read -r _ from _ <<<"$(head -n 1 <<<"$pods")"
  read -r _ to address <<<"$(tail -n 1 <<<"$pods")"
  expect "nodes with pods" 2 "$(awk '{ print $1 }' <<<"$pods" | sort -u | wc -l)" || return 1
  expect "pod that answers" "$to" "$(kubectl exec "$from" -- timeout 5 wget -qO- "http://$address:8000/hostname")" || return 1
  service=$(kubectl get service web -o 'jsonpath={.spec.clusterIP}')
  name=$(kubectl exec "$from" -- timeout 5 wget -qO- "http://$service/hostname")
  grep -qw "$name" <<<"$pods" || { echo "the Service answered '$name'"; return 1; }
  kubectl delete deployment,service web
}
# addon_is_accepted TAG MANIFEST OBJECT VARIABLE...: the role brings its manifest to the real API server. Its images
# cannot be had here, so nothing of it runs, and it is taken away again.
addon_is_accepted() {
  local tag=$1 manifest=/etc/kubernetes/addons/$2.yaml object=$3
  shift 3
  succeeds site --tags "$tag" "${@/#/-e}" && kubectl --namespace kube-system get "$object" &&
    kubectl delete --wait=false --filename "$manifest" && on 1 rm "$manifest"
}
coredns_is_accepted() { # it is kubeadm that brings it
  on 1 kubeadm init phase addon coredns --config /etc/kubernetes/kubeadm.yaml &&
    kubectl --namespace kube-system get deployment/coredns &&
    kubectl --namespace kube-system delete deployment/coredns service/kube-dns configmap/coredns
}
node_leaves() {
  succeeds remove-node -e node=node3 && nodes_are "node1 node2" || return 1
  on 3 'ls -d /etc/kubernetes /var/lib/kubelet /etc/containerd 2>/dev/null' && { echo "something is left"; return 1; }
  expect "routes to node3" "" "$(on 1 "ip route | grep 'via $(address_of 3) ' || true")"
}
node_comes_back() { succeeds add-nodes && nodes_are "node1 node2 node3"; }
# The others learn its name and the route to its pods. Joining and labelling it is the work of the first master.
fourth_node_touches_no_other() {
  local i known="Write down the names of all machines
Write the unit of the routes
Reload systemd for the routes
Set the routes anew
Make a token for the machines that join
Label the nodes"
  inventory 1 "2 3 4" 1
  succeeds add-nodes && nodes_are "node1 node2 node3 node4" || return 1
  for i in 1 2 3; do
    expect "other changes of node$i" "" "$(changed_tasks "$work/add-nodes.log" node$i | grep -vxF "$known")" || return 1
  done
  [ "$(changed_tasks "$work/add-nodes.log" node4 | wc -l)" -gt 10 ] || { echo "the changes of node4 were not seen"; return 1; }
}
same_version_restarts() {
  local before after
  before=$(on 2 systemctl show -p MainPID kubelet)
  succeeds upgrade -e upgrade_restart=true && nodes_are "node1 node2 node3 node4" || return 1
  after=$(on 2 systemctl show -p MainPID kubelet)
  [ "$before" != "$after" ] || { echo "the kubelet of node2 was not restarted"; return 1; }
  expect "nodes without pods" "" "$(kubectl get nodes -o 'jsonpath={.items[?(@.spec.unschedulable)].metadata.name}')"
}

packages_of() { on "$1" "dpkg-query -W -f '\${Package}\n'" | sort; }
# Files and units of a machine, but for caches, logs and what the system keeps for itself.
likeness_of() { # N
  on "$1" systemctl is-system-running --wait >"$work/state" || { cat "$work/state"; return 1; }
  tree_of "$1" | grep -v '[ /]var/\(cache\|log\|lib/dpkg\|lib/apt\|lib/ucf\|backups\)\|[ ]/tmp/\|/etc/ld.so.cache\|/etc/\(passwd\|group\|shadow\|gshadow\)-$'
  on "$1" 'systemctl list-unit-files --no-legend --no-pager | sort'
}
keep_likenesses() {
  local i
  for i in 1 2 3; do
    likeness_of $i >"$work/before-$i" && packages_of $i >"$work/packages-$i" || return 1
    [ "$(wc -l <"$work/before-$i")" -gt 1000 ] || { echo "node$i was not looked at"; return 1; }
  done
}
reset_asks() {
  expect "exit code" 2 "$(play reset)" && expect_text "$work/reset.log" "nothing was removed" && nodes_are "node1 node2 node3 node4"
}
reset_removes() {
  succeeds reset -e confirm_reset=yes || return 1
  local i
  for i in 1 2 3 4; do
    expect "what is left on node$i" "" "$(on $i '
      ls -d /etc/kubernetes /etc/etcd /var/lib/etcd /var/lib/kubelet /etc/containerd /opt/kubernetes/releases 2>/dev/null
      ps ax -o comm= | grep "^kube\|^etcd\|^containerd"; iptables-save 2>/dev/null | grep KUBE | head -n 3; true')" || return 1
  done
}
# The packages that stay are those that docs/cluster.md names, with what these depend on. All else is as before.
machines_are_as_before() {
  local i stayed
  for i in 1 2 3; do
    stayed=$(packages_of $i | comm -13 "$work/packages-$i" - | paste -sd' ')
    expect "packages that stayed" "conntrack ebtables ethtool ipset iptables libip6tc2 libipset13 libnetfilter-conntrack3 libnfnetlink0 libnftnl11 netbase socat" "$stayed" || return 1
    # Their files, which lie below /usr under whichever name the package gives them, and what their installation writes.
    on $i "dpkg -L $stayed; ls -d /etc/alternatives/*tables*; echo /etc/networks" | sed 's#^/\(lib\|s\?bin\)/#/usr/&#; s#//#/#g' | sort -u >"$work/brought"
    likeness_of $i | awk 'NR == FNR { brought[$1]; next }
      { path = length($1) == 64 ? $2 : $5 } !(path in brought) && !(path ~ /^\/usr\/sbin\/.*tables/ && $6 ~ /^\/etc\/alternatives/)' "$work/brought" - >"$work/after-$i"
    awk 'NR == FNR { brought[$1]; next } { path = length($1) == 64 ? $2 : $5 } !(path in brought)' "$work/brought" "$work/before-$i" |
      diff - "$work/after-$i" || return 1
  done
}
reset_again_changes_nothing() { succeeds reset -e confirm_reset=yes && unchanged reset 1 2 3 4; }

machines 4
inventory 1 "2 3" 1
check "the machines can be compared later" keep_likenesses
check "preflight reports all that is wrong at once" preflight_says_all
check "the first run brings up the cluster" first_run
check "all nodes are ready" nodes_are "node1 node2 node3"
check "the console answers on every node" console_answers 1 2 3
check "the banner is shown and kept" banner_is_kept
check "pods on different nodes reach each other and a Service" pods_reach_each_other
check "the second run changes nothing" second_run 1 2 3
check "a dry run on the cluster finds nothing to change" dry_run_finds_nothing_to_change
check "the API server accepts calico" addon_is_accepted network network-calico daemonset/calico-node kube_network_plugin=calico
check "the API server accepts flannel" addon_is_accepted network network-flannel daemonset/flannel kube_network_plugin=flannel
check "the API server accepts the cache of names" addon_is_accepted nodelocaldns nodelocaldns daemonset/nodelocaldns coredns_enabled=true
check "the API server accepts CoreDNS" coredns_is_accepted
check "a node leaves" node_leaves
check "a node comes back" node_comes_back
check "a fourth node touches the others no more than it must" fourth_node_touches_no_other
check "an upgrade to the same version restarts every machine" same_version_restarts
check "reset asks first" reset_asks
check "reset cleans the machines" reset_removes
check "the machines are as before" machines_are_as_before
check "a second reset changes nothing" reset_again_changes_nothing
