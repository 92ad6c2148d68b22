# shellcheck shell=bash
# Sourced by run, test and bench: brings this computer and .venv to what the lists beside this file say.
# Speaks on stderr only: stdout belongs to the program that is started afterwards.
# Ends with 69 (EX_UNAVAILABLE of sysexits.h, none of diskchain's own codes) when it cannot set up.

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
checkout=$(dirname -- "$here")
venv=$checkout/.venv

say() { printf '%s\n' "$*" >&2; }

give_up() {
    say "$@"
    exit 69
}

# logged COMMAND...: runs it silently; when it fails, shows the end of what it printed.
logged() {
    local log code=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || code=$?
    [ "$code" = 0 ] || tail -n 40 "$log" >&2
    rm -f -- "$log"
    return "$code"
}

# as_root COMMAND...: asks for a password only where there is someone to ask.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi
}

# missing_packages LIST...: the lines of these lists of which nothing is installed.
missing_packages() {
    local line name installed names=()
    while read -r line; do
        for name in ${line//|/ }; do names+=("$name"); done
    done < <(sed 's/#.*//' -- "$@")
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "${names[@]}" 2>/dev/null || true)"
    while read -r line; do
        [ -n "$line" ] || continue
        for name in ${line//|/ }; do
            case $installed in *" installed=$name "*) continue 2 ;; esac
        done
        printf '%s\n' "$line"
    done < <(sed 's/#.*//' -- "$@")
}

# install_packages LIST...: asks apt for what is missing, and for nothing when nothing is.
install_packages() {
    local line name missing=() chosen=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian system: install what ${*##*/} in packaging/ names (QEMU, graphviz, Qt's libraries) yourself."
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    say "Installing Debian packages: ${missing[*]##*| }"
    if [ "$(id -u)" != 0 ] && ! { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v >&2; }; }; }; then
        give_up "That needs root, and sudo did not give it. Nothing was changed. Install them yourself (sudo apt install ${missing[*]##*| }), then run this again."
    fi
    logged as_root apt-get -q update || give_up "apt-get update failed (see above). Nothing was changed. Mend the package sources or the network, then run this again."
    for line in "${missing[@]}"; do
        for name in ${line//|/ }; do
            if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then break; fi
        done
        chosen+=("$name")
    done
    logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${chosen[@]}" ||
        give_up "apt-get could not install them (see above). What it had installed before stays. Mend what it names, then run this again."
}

# system_python: the path of a Python 3.11 or newer that can make virtual environments.
system_python() {
    local candidate
    for candidate in ${DISKCHAIN_PYTHON:-/usr/bin/python3 python3}; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

# venv_works: is there a .venv made at this very path, with a Python that is still there and new enough?
venv_works() {
    [ -x "$venv/bin/python" ] && grep -qsF "$venv/bin/python" "$venv/bin/pip" &&
        "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# fingerprint LOCK: changes with everything that .venv was made from.
fingerprint() {
    { "$venv/bin/python" -V && printf '%s\n' "$venv" && cat -- "$1" "$checkout/pyproject.toml"; } 2>/dev/null | sha256sum
}

# venv_is LOCK...: was .venv made from one of these, and from nothing that has changed since?
venv_is() {
    local lock stamp
    for lock in "$@"; do
        stamp=$venv/$(basename -- "$lock").stamp
        if [ -f "$stamp" ] && [ "$(<"$stamp")" = "$(fingerprint "$lock")" ]; then return; fi
    done
    return 1
}

# pip_install ARGS...: exactly what ARGS name: nothing is resolved, and nothing is built but the checkout itself.
pip_install() {
    logged "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --no-deps "$@"
}

# compile_sources: byte code for the checkout, as pip makes it for the libraries: without it (PYTHONDONTWRITEBYTECODE is set in
# many containers) every start takes half again as long. Nothing is lost where it cannot be written.
compile_sources() {
    "$venv/bin/python" -m compileall -q "$checkout/gui" >/dev/null 2>&1 || true
}

# fill_venv LOCK: makes .venv where there is none that works, and installs the lock file and the checkout into it.
fill_venv() {
    local python
    if ! venv_works; then
        python=$(system_python) || give_up "No Python 3.11 or newer with its venv module was found. Nothing was changed. Name one in DISKCHAIN_PYTHON, then run this again."
        say "Making .venv with $("$python" -V)"
        logged "$python" -m venv --clear "$venv" || give_up "The virtual environment $venv could not be made (see above). It is incomplete. Mend what is named, then run this again."
    fi
    say "Installing the Python libraries of packaging/$(basename -- "$1") into .venv"
    rm -f -- "$venv"/*.stamp
    if ! pip_install --only-binary :all: --require-hashes --requirement "$1" || ! pip_install --no-index --no-build-isolation --editable "$checkout"; then
        give_up "pip failed (see above). The virtual environment is incomplete; nothing else was changed. Mend what is named, then run this again."
    fi
    compile_sources
    fingerprint "$1" >"$venv/$(basename -- "$1").stamp"
}

# make_venv LOCK [LOCK...]: brings .venv to the first lock file, unless it already is what one of them says. Others at the same work wait.
make_venv() {
    if venv_is "$@"; then return; fi
    exec 9<"$here"
    flock 9
    venv_is "$@" || fill_venv "$1"
    exec 9<&-
}
