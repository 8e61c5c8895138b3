# A cluster of one machine, with volumes on its own disk.

# `on` closes the input of its command, so the text travels in the command itself.
apply_volume() { kubectl apply -f - "<<'YAML'
$(cat "$here/volume.yaml")
YAML"; }
volume_is_written() {
  apply_volume && kubectl wait --for=condition=Ready pod/writer --timeout=120s || return 1
  local volume
  volume=$(kubectl get pvc data -o 'jsonpath={.spec.volumeName}')
  expect "what lies on the disk" written "$(on 1 "cat /mnt/disks/${volume#local-node1-}/file")" || return 1
  # What a pod wrote is there for the next one.
  kubectl delete pod writer --timeout=60s && apply_volume &&
    kubectl wait --for=condition=Ready pod/writer --timeout=120s && expect "lines" 2 "$(on 1 "wc -l </mnt/disks/${volume#local-node1-}/lines")"
}
settings_that_cannot_be() { # two default classes, a missing setting: nothing is touched
  expect "exit code" 2 "$(play site -e nfs_client_enable=true -e nfs_client_is_default_class=true -e ceph_rbd_enabled=true)" || return 1
  local text
  for text in 'Local Volume and NFS are both the default storage class' 'NFS needs nfs_server' 'NFS needs nfs_path' 'Ceph RBD needs ceph_rbd_monitors'; do
    expect_text "$work/site.log" "$text" || return 1
  done
  expect "changes" "" "$(grep '^changed' "$work/site.log")"
}

machines 1
inventory 1 1 1
cat >>"$work/conf/vars.yml" <<'VARS'
local_volume_provisioner_enabled: true
local_volume_is_default_class: true
local_volume_static: [volume1, volume2]
local_volume_static_capacity: 100Mi
VARS
check "settings of storage that cannot be are refused" settings_that_cannot_be
check "the first run brings up a cluster of one machine" first_run
check "a pod writes to a volume on the disk" volume_is_written
check "the second run changes nothing" second_run 1
