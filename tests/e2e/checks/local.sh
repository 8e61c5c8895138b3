# What needs no machine: the program itself and the examples.

agent_is_static() {
  local agent=${KSPLAY%/*}/ksplay-agent said
  said=$(ldd "$agent" 2>&1)
  case $said in *"not a dynamic executable"* | *"statically linked"*) ;; *) echo "$said"; return 1 ;; esac
}

agent_is_small() {
  local size
  size=$(stat -c %s "${KSPLAY%/*}/ksplay-agent")
  [ "$size" -le $((4 * 1024 * 1024)) ] || { echo "ksplay-agent has $size bytes"; return 1; }
}

# An example runs, and a second run has nothing left to do.
example_runs() { # PLAYBOOK
  local log=$work/example.log
  # Examples may write beside themselves, so a copy is run.
  rm -rf "$work/example" && cp -r "$root/examples/${1%%/*}" "$work/example"
  rm -rf "$work/example/hello" # what the example made where somebody ran it in this clone
  expect "exit code" 0 "$(run_play "$log" "$work/example/${1#*/}")" || { tail -n 30 "$log"; return 1; }
  expect_recap "$log" localhost failed=0 unreachable=0 || return 1
  [ "$(recap "$log" localhost changed)" -ge 1 ] || { echo "the first run changed nothing"; return 1; }
  expect "exit code of the second run" 0 "$(run_play "$log" "$work/example/${1#*/}")" || return 1
  expect_recap "$log" localhost failed=0 changed=0
}

check agent_is_static agent_is_static
case $KSPLAY in
  */release/*) check agent_has_at_most_four_megabytes agent_is_small ;;
  *) left_out agent_has_at_most_four_megabytes "this is not a release build" ;;
esac
check example_hello_runs_twice example_runs hello/hello.yml
check example_custom_role_runs_twice example_runs custom-role/site.yml
check example_own_module_runs_twice example_runs own-module/site.yml
