# What is said about checks. A check is a function that returns 0, or says why not and returns 1.

passed=0 failed=0

# check NAME FUNCTION [ARGUMENT...]
check() {
  local name=$1 said
  shift
  # `set -e` does not reach into a condition, so a check ends at the first `|| return 1` of its own.
  if said=$("$@" 2>&1); then
    echo "ok $name"
    passed=$((passed + 1))
  else
    echo "FAIL $name"
    printf '%s\n' "$said" | tail -n 40 | sed 's/^/    /'
    failed=$((failed + 1))
  fi
}

left_out() { echo "left out $1: $2"; }

# expect WHAT WANTED FOUND: one value equals another
expect() {
  [ "$2" = "$3" ] && return
  printf '%s is %s, not %s\n' "$1" "$3" "$2"
  return 1
}

# expect_text FILE TEXT: the file holds the text
expect_text() {
  grep -qF -- "$2" "$1" && return
  printf 'not found: %s\n' "$2"
  tail -n 30 "$1"
  return 1
}

# expect_no_text FILE TEXT
expect_no_text() {
  ! grep -qF -- "$2" "$1" && return
  printf 'found, and should not be there: %s\n' "$2"
  return 1
}

summary() {
  echo
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
