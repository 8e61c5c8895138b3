# Three masters with three members of etcd, and no load balancer but the one on each machine.

via_every_balancer() { # NODE...: the API server answers the kubelet of each machine, through its own balancer
  local i
  for i; do
    on $i "kubectl --kubeconfig /etc/kubernetes/kubelet.conf get --raw /readyz" || { echo "no answer on node$i"; return 1; }
    on $i "grep -q 'server: https://lb.kubesphere.local:16443' /etc/kubernetes/kubelet.conf && grep -q '^127.0.0.1 lb.kubesphere.local' /etc/hosts" ||
      { echo "node$i asks another"; return 1; }
  done
}
pod_is_scheduled() { # NAME
  kubectl run "$1" --image=registry.lab/console:1 && kubectl wait --for=condition=Ready "pod/$1" --timeout=120s
}
a_machine_is_lost() {
  "$lab" stop 2
  # The others find out by themselves: etcd elects, the balancers leave the lost API server out.
  eventually 60 via_every_balancer 1 3 && eventually 90 nodes_are "node1 node3"
}
it_comes_back() {
  "$lab" up 3 2>>"$work/lab.log" && eventually 180 nodes_are "node1 node2 node3" && eventually 60 via_every_balancer 1 2 3
}
certificates_are_renewed() {
  # The balancers find out by themselves that the last master is back.
  succeeds renew-certs && eventually 30 via_every_balancer 1 2 3 && nodes_are "node1 node2 node3" && succeeds site && unchanged site 1 2 3
}
backup_comes_back() { # on three masters; what came after it is gone
  succeeds etcd-backup && kubectl create namespace later && succeeds etcd-restore -e confirm_restore=yes &&
    expect "namespaces that came later" "" "$(kubectl get namespace later --ignore-not-found -o name)" &&
    eventually 120 nodes_are "node1 node2 node3" && eventually 60 via_every_balancer 1 2 3 && pod_is_scheduled after-restore
}

machines 3
inventory "1 2 3" "1 2 3" "1 2 3"
check "the first run brings up three masters" first_run
check "all masters are ready" nodes_are "node1 node2 node3"
check "every machine reaches the API through its own balancer" via_every_balancer 1 2 3
check "the second run changes nothing" second_run 1 2 3
check "the API answers while a machine is lost" a_machine_is_lost
check "a new pod is scheduled meanwhile" pod_is_scheduled meanwhile
check "the machine comes back" it_comes_back
check "certificates of three masters are renewed" certificates_are_renewed
check "a backup comes back on three masters" backup_comes_back
check "reset cleans the masters" succeeds reset -e confirm_reset=yes
