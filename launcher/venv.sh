# Sourced by bin/run, bin/manage and bin/test: makes .venv and installs a lock into it, once. Not run by itself.
# Usage: make_venv run|test      Afterwards $python is the interpreter of .venv.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
python="$root/.venv/bin/python"

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# The first Python from 3.11 on.
find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

# Debian keeps ensurepip in a package of its own; a bare machine may lack Python too.
need_python() {
    if base=$(find_python) && "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv with apt-get…"
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3 python3-venv; } >"$log" 2>&1 \
            || fail "apt-get could not install python3-venv:
$(tail -n 5 "$log")"
        base=$(find_python) && "$base" -c 'import ensurepip, venv' 2>/dev/null && return
    fi
    if [ -n "${base:-}" ]; then
        fail "Python is here, but not its module venv. Install it, then start again:

    sudo apt-get install python3-venv"
    fi
    fail "Python 3.11 or later is needed. Install it, then start again:

    sudo apt-get install python3 python3-venv"
}

# pip's own lines, as a counter on a terminal and as nothing elsewhere.
count_packages() {
    local total=$1 line seen=0
    while IFS= read -r line; do
        case $line in
        Collecting\ * | Requirement\ already\ satisfied:*)
            seen=$((seen + 1))
            [ -t 1 ] && printf '\r  %3d of %d packages' "$((seen < total ? seen : total))" "$total"
            ;;
        Installing\ collected*)
            [ -t 1 ] && printf '\r  unpacking %d packages…   ' "$total"
            ;;
        esac
    done
    [ -t 1 ] && printf '\r%40s\r' ''
    return 0
}

make_venv() {
    local lock="$root/requirements/$1.txt" stamp="$root/.venv/installed-$1" wanted
    wanted=$(sha256sum <"$lock")
    if [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$python" -c '' 2>/dev/null; then
        return
    fi
    exec 9<"$root/requirements"
    flock 9 # two launchers of one clone: the second finds it done
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || ! "$python" -c '' 2>/dev/null; then
        log=$(mktemp)
        if ! "$python" -c 'import pip' 2>/dev/null; then
            need_python
            "$base" -m venv --clear "$root/.venv" >"$log" 2>&1 || fail "The virtual environment could not be made:
$(tail -n 5 "$log")"
        fi
        local total
        total=$(grep -c '^[a-z0-9].*==' "$lock")
        echo "Installing $total packages into .venv (first time: about a minute)…"
        PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip install --no-input --progress-bar off --require-hashes -r "$lock" 2>"$log" \
            | count_packages "$total"
        [ "${PIPESTATUS[0]}" = 0 ] || fail "The packages could not be installed:
$(grep -v '^WARNING' "$log" | tail -n 8)
Is this machine connected to the package registry? Start again when it is."
        printf '%s' "$wanted" >"$stamp"
        rm -f "$log"
    fi
    exec 9<&-
}
