# shellcheck shell=bash
# clients.sh: the real clients that the emulator is tested with, each installed once into a cache of
# its own and never changed afterwards. Each function prints a folder; what it installs it says on
# stderr. A folder counts only with the mark that is set when it is complete, so that an interrupted
# install is not taken for a whole one.

AZ_VERSION=2.91.0
PY_PACKAGES=(azure-identity==1.27.0 azure-keyvault-secrets==4.12.0 azure-keyvault-certificates==4.12.0
	azure-keyvault-keys==4.11.3)
JS_PACKAGES=(@azure/identity@4.14.1 @azure/keyvault-secrets@4.12.0 @azure/keyvault-certificates@4.10.3
	@azure/keyvault-keys@4.10.2)

clients_cache=${XDG_CACHE_HOME:-$HOME/.cache}/pawl

# install_once FOLDER INSTALLER...: runs "INSTALLER... FOLDER" unless FOLDER is there
install_once() {
	local folder=$1
	shift
	if [[ ! -e $folder/.complete ]]; then
		mkdir -p "$clients_cache"
		exec {lock}>"$folder.lock"
		flock "$lock"
		if [[ ! -e $folder/.complete ]]; then
			echo "installing ${folder##*/} into ${folder%/*}" >&2
			rm -rf "$folder"
			"$@" "$folder" >&2 || { echo "cannot install ${folder##*/}" >&2; return 1; }
			touch "$folder/.complete"
		fi
		exec {lock}>&-
	fi
	echo "$folder"
}

install_venv() {
	local folder=${*: -1}
	python3 -m venv "$folder" &&
		"$folder/bin/pip" install -q --disable-pip-version-check "${@:1:$#-1}"
}
install_npm() {
	local folder=${*: -1}
	mkdir -p "$folder" && (cd "$folder" && echo '{"private":true}' >package.json &&
		npm install --silent --no-audit --no-fund "${@:1:$#-1}")
}

# The folder of a virtual environment with the Azure CLI: $(client_az)/bin/az
client_az() {
	install_once "$clients_cache/az-$AZ_VERSION" install_venv "azure-cli==$AZ_VERSION"
}
client_python() {
	install_once "$clients_cache/azure-python-${PY_PACKAGES[1]##*=}" install_venv "${PY_PACKAGES[@]}"
}
client_js() {
	install_once "$clients_cache/azure-js-${JS_PACKAGES[1]##*@}" install_npm "${JS_PACKAGES[@]}"
}
# The program in go-sdk, built; Go's own cache makes that quick the second time.
client_go() {
	local here
	here=$(dirname "${BASH_SOURCE[0]}")
	(cd "$here/go-sdk" && go build -o "$clients_cache/azure-go" . >&2) || return 1
	echo "$clients_cache/azure-go"
}
