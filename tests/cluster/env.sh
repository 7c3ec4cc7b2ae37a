# shellcheck shell=bash disable=SC2034 # read by the other scripts: the settings and their defaults
: "${CLUSTER_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/pawl/cluster}" # what is built, kept between runs
: "${CLUSTER_STATE:=$CLUSTER_CACHE/state}"                    # one running cluster
: "${CLUSTER_PORT:=16443}"                                    # API server; etcd takes the next two
: "${CLUSTER_ISSUER:=https://127.0.0.1:$CLUSTER_PORT}"        # iss of service account tokens
: "${CLUSTER_SNAPSHOTTER:=overlayfs}"                         # "native" where overlayfs is missing
bin=$CLUSTER_CACHE/bin

say() { echo "$*" >&2; }
die() { say "$*"; exit 1; }

# need PROGRAM=PACKAGE...: install the Debian packages whose program is missing
need() {
	local pair missing=()
	for pair; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	((${#missing[@]} == 0)) && return
	say "installing ${missing[*]}"
	apt-get update -qq >&2
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
