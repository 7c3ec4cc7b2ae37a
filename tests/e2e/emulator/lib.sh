# shellcheck shell=bash disable=SC2034,SC2119,SC2120 # what is set and defined here, scripts use
# lib.sh: what the scripts of this suite share: the emulator on port 443 in a network of its own, where
# the names of Azure lead to it, checks that count themselves, and the clients.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
pawl=${PAWL:-$root/build/pawl}
# shellcheck source=tests/e2e/emulator/clients.sh
. "$here/clients.sh"

tenant=72f988bf-0000-4000-8000-2d7cd011db47
operator=0a9b4c00-0000-4000-8000-000000000001
operator_secret=operator~secret-of-the-test
reader=0a9b4c00-0000-4000-8000-000000000002
reader_secret=reader~secret-of-the-test
nobody=0a9b4c00-0000-4000-8000-000000000003
nobody_secret=nobody~secret-of-the-test
identity=1b7d8e00-0000-4000-8000-000000000002
vault=my-key-vault
names="login.microsoftonline.com login.windows.net management.azure.com graph.microsoft.com
	$vault.vault.azure.net old-vault.vault.azure.net"

passed=0 failed=0

# check NAME COMMAND...: one test; its output is shown only if it fails.
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n%s\n' "$name" "$(tail -30 <<<"$out" | sed 's/^/    /')"
	fi
}
# says TEXT COMMAND...: the command succeeds and prints exactly the text.
says() {
	local wanted=$1 out
	shift
	out=$("$@") || { echo "exit status $?"; return 1; }
	[[ $out == "$wanted" ]] || { printf 'wanted: %s\ngot:    %s\n' "$wanted" "$out"; return 1; }
}
# refuses TEXT COMMAND...: the command fails and its output has the text.
refuses() {
	local wanted=$1 out
	shift
	out=$("$@" 2>&1) && { printf 'succeeded: %s\n' "$out"; return 1; }
	[[ $out == *"$wanted"* ]] || { printf 'wanted: %s\ngot:    %s\n' "$wanted" "$out"; return 1; }
}
# The closing line; false if a check failed.
finish() {
	echo "$passed passed, $failed failed"
	((failed == 0))
}

# enter SCRIPT ARGS...: runs this script again in a network and mount namespace of its own (once), where
# the names of Azure and the address of the metadata service are this machine.
enter() {
	[[ -n ${EMULATOR_INSIDE-} ]] && return
	local as_root=()
	((EUID == 0)) || as_root=(--map-root-user)
	EMULATOR_INSIDE=1 exec unshare "${as_root[@]}" --net --mount --fork --kill-child "$@"
}
prepare_namespace() {
	state=$(mktemp -d)
	trap leave EXIT
	trap 'exit 143' TERM INT
	ip link set lo up
	ip address add 169.254.169.254/32 dev lo
	{ cat /etc/hosts && for name in $names; do echo "127.0.0.1 $name"; done; } >"$state/hosts"
	mount --bind "$state/hosts" /etc/hosts
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=operator -days 30 -keyout "$state/operator.key" \
		-out "$state/operator.crt" 2>/dev/null
	cat "$state/operator.key" "$state/operator.crt" >"$state/operator.pem"
	cp "$here/seed.yaml" "$state/seed.yaml"
	"$here/issuer" make "$state"
	export HOME=$state/home no_proxy='*'
	unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
	mkdir "$HOME"
}
leave() {
	[[ -n ${emulator-} ]] && kill "$emulator" 2>/dev/null
	wait
	rm -rf "$state"
}

# start_emulator FLAGS...: waits until it is ready
start_emulator() {
	"$pawl" emulator --listen 127.0.0.1:443 --msi-listen 169.254.169.254:80 --admin-listen 127.0.0.1:8444 \
		--data "$state/data" --seed "$state/seed.yaml" "$@" 2>>"$state/emulator.log" &
	emulator=$!
	for _ in {1..100}; do
		if curl -sf -o /dev/null http://127.0.0.1:8444/healthz; then
			ca=$state/data/ca.crt
			return
		fi
		kill -0 "$emulator" 2>/dev/null || break
		sleep 0.05
	done
	cat "$state/emulator.log" >&2
	echo "the emulator does not start" >&2
	exit 1
}
stop_emulator() {
	kill "${1:--TERM}" "$emulator"
	wait "$emulator" 2>/dev/null
	local status=$?
	emulator=
	return $status
}
# admin METHOD PATH [BODY]
admin() { curl -sS --fail-with-body -X "$1" "http://127.0.0.1:8444$2" ${3:+--data "$3"}; }
# What the programs of the SDKs need to know.
sdk_environment() {
	printf %s "$("$here/issuer" token "$state")" >"$state/token" # as the kubelet writes it: no newline
	export EMU_TENANT=$tenant EMU_OPERATOR=$operator EMU_OPERATOR_SECRET=$operator_secret EMU_NOBODY=$nobody \
		EMU_NOBODY_SECRET=$nobody_secret EMU_IDENTITY=$identity EMU_STATE=$state EMU_TOKEN_FILE=$state/token \
		EMU_CERTIFICATE=$state/operator.pem EMU_VAULT=https://$vault.vault.azure.net EMU_ADMIN=http://127.0.0.1:8444
	openssl pkcs12 -export -in "$state/operator.pem" -passout pass:pw -out "$state/operator.pfx"
}
