# The English guide: ksplay runs on a machine of the cluster, the taskbox, as a user whose sudo asks for a password, and
# the API is reached by a load balancer outside of the cluster.

taskbox() { "$lab" ssh node1 "$@" </dev/null; }
as_user() { LAB_LOGIN=ubuntu taskbox "$@"; }

# hosts.ini as the guide has it: the taskbox by the local connection, the others by ssh.
guides_inventory() {
  local i how account="ansible_user=ubuntu  ansible_become=yes  ansible_become_user=root  ansible_become_pass=$user_password"
  echo '[all]'
  for i in 1 2 3; do
    how="ansible_host=$(address_of $i)  ansible_ssh_pass=$user_password"
    [ $i != 1 ] || how="ansible_connection=local"
    echo "node$i  $how  ip=$(address_of $i)  local_release_dir={{ansible_env.HOME}}/releases  $account"
  done
  printf '\n[kube-master]\nnode1\n\n[kube-node]\nnode2\nnode3\n\n[etcd]\nnode1\n\n[k8s-cluster:children]\nkube-node\nkube-master\n'
}
taskbox_gets_ksplay() {
  guides_inventory >"$work/conf/hosts.ini"
  local programs
  programs=$(dirname "$KSPLAY")
  tar -c -C "$programs" ksplay ksplay-agent -C "$root" playbooks roles -C "$work" conf |
    LAB_LOGIN=ubuntu "$lab" ssh node1 'mkdir -p installer && tar -x -C installer'
}
taskbox_runs() { # NAME ARGUMENT...
  local name=$1 code=0
  shift
  as_user "cd installer && ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_NOCOLOR=1 ./ksplay -i conf/hosts.ini playbooks/$name.yml $*" >"$work/$name.log" 2>&1 || code=$?
  expect "exit code" 0 "$code" || { why_failed "$work/$name.log"; return 1; }
}
first_run_of_user() { taskbox_runs site && expect_no_text "$work/site.log" "$user_password"; }
second_run_of_user() { taskbox_runs site && unchanged site 1 2 3; }
# This machine is the load balancer.
balance() {
  printf 'loadbalancer_apiserver: { address: %s, port: 8443 }\n' "$LAB_NET.1" >>"$work/conf/vars.yml"
  serve systemd-socket-activate --listen="$LAB_NET.1:8443" /lib/systemd/systemd-socket-proxyd "$(address_of 1):6443"
}
nodes_ask_the_balancer() {
  local i
  for i in 2 3; do
    on $i "grep -q 'server: https://lb.kubesphere.local:8443' /etc/kubernetes/kubelet.conf && grep -qx '$LAB_NET.1 lb.kubesphere.local' /etc/hosts &&
      kubectl --kubeconfig /etc/kubernetes/kubelet.conf get --raw /readyz" || { echo "node$i does not"; return 1; }
  done
}
banner_belongs_to_user() { expect "owner of the banner" ubuntu "$(taskbox stat -c %U /home/ubuntu/installer/kubesphere/kubesphere_running)"; }

machines 3
balance
check "the taskbox gets ksplay" taskbox_gets_ksplay
check "a user with sudo brings up the cluster" first_run_of_user
check "all nodes of the user are ready" nodes_are "node1 node2 node3"
check "the user's console answers on every node" console_answers 1 2 3
check "the nodes ask the load balancer" nodes_ask_the_balancer
check "the banner belongs to the user" banner_belongs_to_user
check "the user's second run changes nothing" second_run_of_user
