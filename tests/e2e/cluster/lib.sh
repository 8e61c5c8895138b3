# What the scenarios have in common: machines with a mirror, runs of the bundled playbooks, questions to the cluster.

# machines N: fresh machines, the settings of the lab beside an empty inventory, and the mirror
machines() {
  stop_servers
  lab_up "$1"
  rm -rf "$work/conf" "$work/kubesphere"
  mkdir -p "$work/conf"
  cp "$here/vars.yml" "$work/conf/vars.yml"
  : >"$work/known_hosts"
  serve "$root/tests/lab/kube" serve
}
# serve COMMAND...: runs beside the checks until the next `machines`
servers=()
serve() {
  "$@" >>"$work/servers.log" 2>&1 &
  servers+=($!)
}
stop_servers() {
  local server
  for server in "${servers[@]}"; do { kill "$server" && wait "$server"; } 2>/dev/null || true; done
  servers=()
}

# inventory MASTERS NODES ETCD: hosts.ini for root by password; each is a list of numbers, as "2 3"
inventory() {
  local group i
  {
    echo '[all]'
    for i in $(printf '%s\n' $1 $2 $3 | sort -nu); do
      echo "node$i  ansible_host=$(address_of $i)  ip=$(address_of $i)  ansible_user=root  ansible_ssh_pass=$root_password"
    done
    for group in kube-master kube-node etcd; do
      printf '\n[%s]\n' $group
      printf 'node%s\n' $1
      shift
    done
    printf '\n[k8s-cluster:children]\nkube-node\nkube-master\n'
    printf '\n[all:vars]\nansible_ssh_common_args="-o UserKnownHostsFile=%s"\n' "$work/known_hosts"
  } >"$work/conf/hosts.ini"
}

play() { # NAME ARGUMENT...: runs playbooks/NAME.yml, prints the exit code; the output is in NAME.log
  local name=$1; shift
  run_play "$work/$name.log" -i "$work/conf/hosts.ini" "$root/playbooks/$name.yml" "$@"
}
succeeds() { # NAME ARGUMENT...
  local name=$1
  expect "exit code" 0 "$(play "$@")" || { why_failed "$work/$name.log"; return 1; }
}
why_failed() { grep -A12 'fatal\|ERROR\|^error' "$1" | head -n 40; } # LOG
unchanged() { # NAME NODE...
  local name=$1 i; shift
  for i; do expect_recap "$work/$name.log" "node$i" changed=0 failed=0 || { grep -B4 '^changed' "$work/$name.log"; return 1; }; done
}
# changed_tasks LOG HOST: the names of the tasks that changed the host
changed_tasks() {
  awk -v host="changed: [$2]" '/^(TASK|RUNNING HANDLER) \[/ { name = $0; sub(/^[A-Z ]*\[([^:\]]* : )?/, "", name); sub(/\] \*+$/, "", name) }
    index($0, host) == 1 { print name }' "$1" | sort -u
}

kubectl() { on 1 kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
ready_nodes() { kubectl get nodes --no-headers | awk '$2 == "Ready" { print $1 }' | sort | paste -sd' '; }
nodes_are() { expect "ready nodes" "$1" "$(ready_nodes)"; }
# eventually SECONDS COMMAND...: until it succeeds
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >"$work/eventually" 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { cat "$work/eventually"; return 1; }
    sleep 2
  done
}

first_run() { # NODE...
  local begin=$SECONDS
  succeeds site || return 1
  echo "# first run: $((SECONDS - begin)) s" >&3
}
second_run() { # NODE...
  local begin=$SECONDS
  succeeds site && unchanged site "$@" || return 1
  echo "# second run: $((SECONDS - begin)) s" >&3
}
console_answers() { # NODE...
  local i
  for i; do
    curl -fsS --max-time 10 "http://$(address_of $i):30880/" | grep -q '<h1>console</h1>' || { echo "no page on node$i"; return 1; }
  done
}
