# A dry run of all of it on bare machines: to its end, with nothing failed, nothing changed, and what rests on
# what was not done told as undecided.
trees() { local i; for i in 1 2 3; do tree_of $i >"$work/tree$i.$1"; done; }
dry_run_ends_well() {
  local i
  succeeds site --check --diff || return 1
  for i in 1 2 3; do expect_recap "$work/site.log" "node$i" failed=0 unreachable=0 || return 1; done
  expect_text "$work/site.log" "undecided: [node1]"
}
nothing_changed() {
  local i
  trees after
  for i in 1 2 3; do diff "$work/tree$i.before" "$work/tree$i.after" >"$work/trees.diff" || { head -n 30 "$work/trees.diff"; return 1; }; done
}

machines 3
inventory "1" "2 3" "1"
trees before
check "a dry run of site.yml on bare machines runs to its end" dry_run_ends_well
check "the dry run changed nothing on any machine" nothing_changed
