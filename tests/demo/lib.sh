# shellcheck shell=bash disable=SC2034 # what is set here, the scripts that read this file use
# lib.sh: what the demo's scripts share: where things are, how a step is shown, how a promise of the guide
# is checked.

demo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
demo_state=${DEMO_STATE:-${XDG_CACHE_HOME:-$HOME/.cache}/pawl/demo} # all that a demo leaves; gone after demo/down
demo_port=${DEMO_PORT:-16643}                                       # of its API server; etcd takes the next two
cluster_bin=${CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pawl/cluster}/bin
namespaces=(azure-eso-test azure-eso-test-sp)
vault=my-key-vault
azure_names="login.microsoftonline.com management.azure.com graph.microsoft.com $vault.vault.azure.net"

# Ids as Azure would have given them out.
tenant=72f988bf-0000-4000-8000-2d7cd011db47
subscription=5e1f2a00-0000-4000-8000-00000000d3e0
operator_app=0a9b4c00-0000-4000-8000-000000000001
operator_secret=operator~secret-of-the-demo
identity_client_id=1b7d8e00-0000-4000-8000-000000000002
app_id=2c6e9f00-0000-4000-8000-000000000003
client_secret=eso~secret-of-the-demo

if [[ -t 1 ]]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' dim='' plain=''
fi

step() { printf '\n%s== %s%s%s  (at %d s)%s\n' "$bold" "$*" "$plain" "$dim" "$SECONDS" "$plain"; }
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain"; }
die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

indent() { awk '{ print "   " $0; fflush() }'; }

# show COMMAND...: prints the command as a person would type it, runs it, shows what it answers.
show() {
	printf '%s$ %s%s\n' "$bold" "$(words "$@")" "$plain"
	"$@" 2>&1 | indent
}
# show_line LINE: the same for a line of the shell.
show_line() {
	printf '%s$ %s%s\n' "$bold" "$1" "$plain"
	eval "$1" 2>&1 | indent
}

# The words of a command, quoted only where a shell needs it.
words() {
	local word out=()
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] && out+=("$word") || out+=("'${word//\'/\'\\\'\'}'")
	done
	echo "${out[*]}"
}

# long WHAT COMMAND...: a command that may take minutes and says little: shows, on stderr, that it goes on.
long() {
	local what=$1 status=0 running
	shift
	note "$what" >&2
	exec {running}> >(still_at_it "$what" >&2) # it ends when we close that, or end
	"$@" {running}>&- || status=$?
	exec {running}>&-
	return $status
}
still_at_it() {
	local status=0
	while :; do
		read -rt 15 || status=$?
		((status > 128)) || break
		note "$1: still at it, $SECONDS s"
	done
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || die "not within the time: $what"
		sleep 0.1
	done
}

# promise WHAT COMMAND...: something that the guide promises; the demo stops where it is not true.
promise() {
	local what=$1
	shift
	"$@" || die "not true: $what"
	note "ok: $what"
}
