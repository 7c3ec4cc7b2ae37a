# shellcheck shell=bash disable=SC2034 # what is set here, scripts use
# lib.sh: what the demo's scripts share: where things are, how a step is shown, and `az` in a mount
# namespace of its own, where the names of Azure lead to the emulator.

demo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
demo_state=$demo_root/build/demo
demo_cluster=${XDG_CACHE_HOME:-$HOME/.cache}/pawl/demo
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

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain"; }
die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# show COMMAND...: prints the command as a person would type it, runs it, shows what it answers.
show() {
	printf '%s$ %s%s\n' "$bold" "$(words "$@")" "$plain"
	"$@" 2>&1 | sed 's/^/   /'
}

# The words of a command, quoted only where a shell needs it.
words() {
	local word out=()
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]] && out+=("$word") || out+=("'${word//\'/\'\\\'\'}'")
	done
	echo "${out[*]}"
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || die "$what did not happen within the time"
		sleep 0.1
	done
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# az ARG...: the real Azure CLI. Its names lead to the emulator: by an /etc/hosts of its own, and in the
# network of the demo's cluster or through a port-forward.
# shellcheck disable=SC2016,SC2154 # the inner shell's variables; az_program is a setting of the demo
az() {
	local enter=()
	[[ -s $demo_state/netns ]] && enter=(nsenter --net="$(<"$demo_state/netns")")
	AZURE_CONFIG_DIR=$demo_state/azure REQUESTS_CA_BUNDLE=$demo_state/ca-bundle.pem \
		AZURE_CORE_COLLECT_TELEMETRY=false AZURE_CORE_NO_COLOR=true \
		"${enter[@]}" unshare --mount -- sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' \
		"$demo_state/hosts" "$az_program" "$@"
}
