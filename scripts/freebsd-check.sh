#!/bin/sh
# Checks on FreeBSD, as root, each thing that @chroot-exec/jail takes for granted. See docs/jail.md.
#
#   sh scripts/freebsd-check.sh
#
# Makes jails named chroot-exec-check-* with / as their root and without a network, and removes them.
# Prints a line for each assumption. The exit code is the number of those that do not hold.

# shellcheck disable=SC2016,SC2317 # What is in single quotes is for the shell in the jail; clean_up is run by a trap.
set -u
PATH=/sbin:/bin:/usr/sbin:/usr/bin
export PATH

jail="chroot-exec-check-$$"
work=$(mktemp -d /tmp/chroot-exec-check.XXXXXX) || exit 125
failures=0
count=0

clean_up() {
  jail -R "$jail" 2>/dev/null
  jail -R "$jail-e" 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

# check WHAT EXPECTED ACTUAL
check() {
  count=$((count + 1))
  if [ "$2" = "$3" ]; then
    printf 'ok %d - %s\n' "$count" "$1"
  else
    failures=$((failures + 1))
    printf 'not ok %d - %s\n#   expected: %s\n#   got:      %s\n' "$count" "$1" "$2" "$3"
  fi
}

# skip WHAT WHY
skip() {
  count=$((count + 1))
  printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"
}

# code COMMAND...: its exit code.
code() {
  "$@" >"$work/out" 2>"$work/err"
  echo $?
}

# matches PATTERN FILE
matches() {
  if grep -q -e "$1" "$2"; then echo yes; else echo no; fi
}

# The arguments that a program got, each in angle brackets.
show='printf "<%s>" "$@"'

[ "$(uname -s)" = FreeBSD ] || { echo "This is $(uname -s), not FreeBSD." >&2; exit 125; }
[ "$(id -u)" = 0 ] || { echo "Run this as root." >&2; exit 125; }
printf '# %s\n' "$(uname -srm)"

# --- programs -------------------------------------------------------------------------------------------------------
for program in /usr/sbin/jail /usr/sbin/jexec /bin/ps /bin/kill; do
  check "$program is there" yes "$(if [ -x "$program" ]; then echo yes; else echo no; fi)"
done
check "a persistent jail can be made" 0 "$(code jail -c name="$jail" path=/ persist)"

# --- jexec ----------------------------------------------------------------------------------------------------------
check "jexec passes arguments on as they are" "<-l><--><a b><a=b><><\$HOME>" \
  "$(jexec "$jail" /bin/sh -c "$show" sh -l -- 'a b' a=b '' "\$HOME")"
check "jexec inherits the environment" "<secret>" \
  "$(env CHECK=secret jexec "$jail" /bin/sh -c 'printf "<%s>" "$CHECK"')"
check "jexec passes the exit code on" 7 "$(code jexec "$jail" /bin/sh -c 'exit 7')"
check "jexec is replaced by the command" same \
  "$(sh -c 'exec jexec "$0" /bin/sh -c "[ \$\$ = $$ ] && echo same || echo other"' "$jail")"
check "jexec -U takes a user of the jail" nobody "$(jexec -U nobody "$jail" id -un)"
check "jexec says of a jail that is not there" '1 yes' \
  "$(code jexec "$jail-none" true) $(matches '"[^"]*" not found' "$work/err")"
check "jexec starts in the root" / "$(jexec "$jail" pwd)"

# --- jail -c command= -----------------------------------------------------------------------------------------------
check "command= takes the rest of the line, without a shell" "<-c><a b><a=b><><name=x><\$HOME;>" \
  "$(jail -c name="$jail-e" path=/ command=/bin/sh -c "$show" sh -c 'a b' a=b '' name=x "\$HOME;")"
check "jail prints nothing of its own when all goes well" "" \
  "$(jail -c name="$jail-e" path=/ command=/usr/bin/true 2>&1)"
check "the environment is inherited" "<secret>" \
  "$(env CHECK=secret jail -c name="$jail-e" path=/ command=/bin/sh -c 'printf "<%s>" "$CHECK"')"
check "standard input is inherited" typed \
  "$(echo typed | jail -c name="$jail-e" path=/ command=/bin/cat)"
check "any failure of the command is exit code 1" 1 \
  "$(code jail -c name="$jail-e" path=/ command=/bin/sh -c 'exit 7')"
check "jail prints the command line of a command that fails" yes "$(matches 'exit 7' "$work/err")"
check "death by a signal is exit code 1" 1 \
  "$(code jail -c name="$jail-e" path=/ command=/bin/sh -c 'kill -9 $$')"
check "the jail is gone when the command has ended" 1 "$(code jls -j "$jail-e" jid)"
check "exec.jail_user is a user of the jail" nobody \
  "$(jail -c name="$jail-e" path=/ exec.jail_user=nobody command=/usr/bin/id -un)"
check "a value may have spaces, commas, = and \$" "1 yes" \
  "$(code jail -c name="$jail-e" path="/no such, = \$x" command=/usr/bin/true) $(matches "no such, = \$x" "$work/err")"
for parameter in ip4=inherit ip6=inherit host.hostname=check.example devfs_ruleset=4 allow.raw_sockets=true \
  allow.mlock=false; do
  check "jail takes $parameter" 0 "$(code jail -c name="$jail-e" path=/ "$parameter" command=/usr/bin/true)"
done
check "jail takes vnet=new (needs a kernel with VIMAGE)" 0 \
  "$(code jail -c name="$jail-e" path=/ vnet=new command=/usr/bin/true)"
check "a name that is a number is refused" 1 "$(code jail -c name=4294967 path=/ command=/usr/bin/true)"
check "the command is in the process group of jail" yes "$(
  sh -c 'set -m; jail -c name="$0" path=/ command=/bin/sh -c "ps -o pgid= -p \$\$" & wait; echo $!' "$jail-e" \
    | tr -d ' ' | uniq -d | grep -q . && echo yes || echo no
)"

# --- jail -R --------------------------------------------------------------------------------------------------------
jail -c name="$jail-e" path=/ command=/bin/sh -c 'daemon -f sleep 4711; exit 0'
check "a daemon keeps an ephemeral jail alive" 0 "$(code jls -j "$jail-e" jid)"
check "jail -R removes it with its processes" "0 1" "$(code jail -R "$jail-e") $(code pgrep -f 'sleep 4711')"
check "jail -R says of a jail that is not there" '1 yes' \
  "$(code jail -R "$jail-e") $(matches '"[^"]*" not found' "$work/err")"

# --- finding processes by their mark --------------------------------------------------------------------------------
env CHROOT_EXEC_SPAWN=0123abcd jexec -U nobody "$jail" /bin/sh -c 'exec sleep 4712' &
sleeper=$!
sleep 1
jexec "$jail" /bin/ps -axwwe -o pid= -o ppid= -o pgid= -o sid= -o state= -o command= >"$work/ps" 2>&1
check "ps in the jail has five columns and the command" yes \
  "$(matches "^ *$sleeper  *[0-9][0-9]*  *[0-9][0-9]*  *[0-9][0-9]*  *[A-Z][^ ]*  *.*sleep 4712" "$work/ps")"
check "ps in the jail shows another user's environment to root" yes \
  "$(matches "CHROOT_EXEC_SPAWN=0123abcd .*sleep 4712" "$work/ps")"
check "ps in the jail shows no process of the host" no "$(matches '/sbin/init' "$work/ps")"
check "kill in the jail takes its pids" 0 "$(code jexec "$jail" /bin/kill -s KILL "$sleeper")"
wait "$sleeper" 2>/dev/null
check "and ends them" 1 "$(code pgrep -f 'sleep 4712')"

# --- mdo ------------------------------------------------------------------------------------------------------------
if [ -x /usr/bin/mdo ]; then
  check "mdo -u root passes arguments and environment on" "0 <secret><-u><a b>" \
    "$(env CHECK=secret mdo -u root /bin/sh -c 'id -u; printf "<%s>" "$CHECK" "$@"' sh -u 'a b' | tr '\n' ' ')"
  check "mdo is replaced by the command" same \
    "$(sh -c 'exec mdo -u root /bin/sh -c "[ \$\$ = $$ ] && echo same || echo other"')"
else
  skip "mdo" "no /usr/bin/mdo: it came with FreeBSD 14.2"
fi

printf '1..%d\n# %d of %d do not hold\n' "$count" "$failures" "$count"
exit "$failures"
