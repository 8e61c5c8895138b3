# Running ksplay. It gets a home and a directory for temporary files of its own, so that what it leaves
# there can be looked through.

prepare_ksplay() {
  mkdir -p "$work"/{home,tmp,conf}
  : >"$work/known_hosts"
  export ANSIBLE_HOST_KEY_CHECKING=False ANSIBLE_NOCOLOR=1
  unset ANSIBLE_CONFIG ANSIBLE_INVENTORY
}

ksplay() { HOME=$work/home TMPDIR=$work/tmp "$KSPLAY" "$@"; }

# run_play LOG ARGUMENT...: what it prints goes to the log, its exit code is printed
run_play() {
  local log=$1 code=0
  shift
  ksplay "$@" >"$log" 2>&1 </dev/null || code=$?
  echo "$code"
}

# The groups of the guide's hosts.ini, with all machines as members of etcd.
groups_of_hosts() {
  printf '\n[kube-master]\nnode1\n\n[kube-node]\nnode2\nnode3\n\n[etcd]\nnode1\nnode2\nnode3\n'
  printf '\n[k8s-cluster:children]\nkube-node\nkube-master\n'
  printf '\n[all:vars]\nansible_ssh_common_args="-o UserKnownHostsFile=%s"\n' "$work/known_hosts"
}

# The guide's hosts.ini for root, who connects with a password.
write_root_inventory() {
  : >"$work/known_hosts"
  {
    echo '[all]'
    for i in 1 2 3; do
      echo "node$i  ansible_host=$(address_of $i)  ip=$(address_of $i)  ansible_user=root  ansible_ssh_pass=$root_password"
    done
    groups_of_hosts
  } >"$work/conf/hosts.ini"
}

# The guide's hosts.ini for another user, whose sudo asks for a password; one value is a template.
write_user_inventory() {
  local sudo_password=${1:-$user_password} ssh_password=${2:-$user_password}
  : >"$work/known_hosts"
  {
    echo '[all]'
    for i in 1 2 3; do
      echo "node$i  ansible_host=$(address_of $i)  ip=$(address_of $i)  local_release_dir={{ansible_env.HOME}}/releases" \
        "ansible_user=ubuntu  ansible_ssh_pass=$ssh_password  ansible_become=yes  ansible_become_user=root  ansible_become_pass=$sudo_password"
    done
    groups_of_hosts
  } >"$work/conf/hosts.ini"
}

# recap LOG HOST COUNT: a number of the recap, as `changed`
recap() { sed -n "s/^$2 .*[: ]$3=\([0-9]*\).*/\1/p" "$1" | tail -n 1; }

# expect_recap LOG HOST COUNT=NUMBER...
expect_recap() {
  local log=$1 host=$2 pair
  shift 2
  for pair; do
    expect "$host: ${pair%=*}" "${pair#*=}" "$(recap "$log" "$host" "${pair%=*}")" || { tail -n 30 "$log"; return 1; }
  done
}
