# What a cluster needs later: members of etcd come and go, backups, a restore, new certificates, storage.

pods_run() { kubectl wait --for=condition=Ready pod --all -n default --timeout=120s && console_answers 1 2; }
endpoints_are() { # NODE...: the members that the API server asks
  local i wanted=
  for i; do wanted+=,https://$(address_of $i):2379; done
  expect "members that the API server asks" "${wanted#,}" \
    "$(on 1 "ps ax -o args= | sed -n 's/^kube-apiserver .*--etcd-servers=\([^ ]*\).*/\1/p'")"
}
members_join() {
  inventory 1 "1 2" "1 2 3" && succeeds add-etcd && endpoints_are 1 2 3 && nodes_are "node1 node2" && succeeds site && unchanged site 1 2 3
}
members_leave() {
  succeeds remove-etcd -e node=node2,node3 && endpoints_are 1 && inventory 1 "1 2" 1 && nodes_are "node1 node2" && succeeds site && succeeds site && unchanged site 1 2
}
# A namespace with a ConfigMap is backed up, deleted, and restored on all members; what came after the backup is gone.
namespace_comes_back() {
  kubectl create namespace kept && kubectl -n kept create configmap it --from-literal=a=b && succeeds etcd-backup || return 1
  kubectl delete namespace kept && kubectl create namespace later || return 1
  succeeds etcd-restore -e confirm_restore=yes || return 1
  expect "what was stored" b "$(kubectl -n kept get configmap it -o 'jsonpath={.data.a}')" &&
    expect "namespaces that came later" "" "$(kubectl get namespace later --ignore-not-found -o name)" &&
    nodes_are "node1 node2" && eventually 120 pods_run
}
# The cluster works: a pod is made, runs, and is deleted.
cluster_works() {
  kubectl run "$1" --image=registry.lab/console:1 && kubectl wait --for=condition=Ready "pod/$1" --timeout=120s &&
    kubectl delete pod "$1" --timeout=120s
}
dates() { # of all certificates of the first master and its etcd
  on 1 'for f in /etc/etcd/pki/*.pem /etc/kubernetes/pki/*.crt; do
      case $f in */ca.pem | */ca.crt | */front-proxy-ca.crt) ;; *) echo "$f $(openssl x509 -in $f -noout -enddate)" ;; esac
    done
    for f in admin controller-manager scheduler; do
      echo "$f $(sed -n "s/.*client-certificate-data: //p" /etc/kubernetes/$f.conf | base64 -d | openssl x509 -noout -enddate)"
    done' | sort
}
certificates_are_renewed() {
  local before after same pods served
  before=$(dates)
  pods=$(kubectl get pods -n default -o 'jsonpath={.items[*].metadata.uid}')
  succeeds renew-certs || return 1
  after=$(dates)
  same=$(comm -12 <(echo "$before") <(echo "$after"))
  [ "$(wc -l <<<"$after")" -ge 9 ] && [ -z "$same" ] || { printf 'not renewed:\n%s\nof\n%s\n' "$same" "$after"; return 1; }
  served=$(on 1 "echo | openssl s_client -connect $(address_of 1):6443 2>/dev/null | openssl x509 -noout -enddate")
  expect "certificate that the API server shows" "$(sed -n 's/^.*apiserver.crt //p' <<<"$after")" "$served" &&
    expect "pods" "$pods" "$(kubectl get pods -n default -o 'jsonpath={.items[*].metadata.uid}')" && pods_run &&
    cluster_works after-renewal && succeeds site && unchanged site 1 2
}
storage_is_accepted() { # the classes are applied, and exactly one is the default
  succeeds site --tags csi -e @"$here/storage.yml" || return 1
  expect "classes" "csi-neonsan csi-qingcloud glusterfs nfs-client rbd" \
    "$(kubectl get storageclass -o custom-columns=N:.metadata.name --no-headers | sort | paste -sd' ')" &&
    expect "default class" rbd "$(kubectl get storageclass --no-headers | awk '/\(default\)/ { print $1 }')"
}
storage_secrets_are_hidden() {
  local secret
  for secret in QVFBPT0= HEKETIKEY QINGCLOUDKEY; do
    succeeds site --tags csi --diff -vvv -e @"$here/storage.yml" && expect_no_text "$work/site.log" "$secret" &&
      expect_no_text "$work/site.log" "$(printf %s "$secret" | base64)" || return 1
  done
}

machines 3
inventory 1 "1 2" 1
check "the first run brings up the cluster" first_run
kubectl create deployment web --image=registry.lab/console:1 --replicas=2 >/dev/null
check "pods run" eventually 120 pods_run
check "members of etcd join, and the API server asks them" members_join
check "a backup brings a namespace back on three members" namespace_comes_back
check "the restored cluster works" cluster_works after-restore
check "members leave again" members_leave
check "certificates are renewed while pods run on" certificates_are_renewed
check "all storage classes are accepted, one is the default" storage_is_accepted
check "secrets of storage are in no output" storage_secrets_are_hidden
