# Shared by packaging/run and packaging/test; sourced, not run. Installs what is missing and says what it does.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VIDEODESK_VENV:-$root/.venv}

say() { printf '\033[1m── %s\033[0m\n' "$*" >&2; }
fail() { printf 'videodesk: %s\n' "$*" >&2; exit 1; }

# need_debian FILE…: the Debian packages named in these lists.
need_debian() {
  local wanted missing=()
  mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]*$//' "$@" | grep -v '^$')
  if ! command -v dpkg-query >/dev/null; then
    say "This is not a Debian-like system. Please install what these Debian packages hold, where it is missing: ${wanted[*]}"
    return 0
  fi
  for package in "${wanted[@]}"; do
    # A tool that is on the PATH already (a newer Node.js, say) need not come from Debian.
    case $package in
      nodejs) if command -v node >/dev/null; then continue; fi ;;
      npm | chromium) if command -v "$package" >/dev/null; then continue; fi ;;
      python3 | python3-venv) if command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null; then continue; fi ;;
    esac
    # Newer Debian and Ubuntu call some libraries …t64.
    # One of the two names is unknown to dpkg, which makes it exit with 1.
    if [[ $(dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null || true) != *"install ok installed"* ]]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    fail "these packages are missing. Install them and start again:
    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null
  local names=()
  for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then names+=("$package"); else names+=("${package}t64"); fi
  done
  apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null || fail "apt-get could not install: ${names[*]}"
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  fail "Python 3.11 or newer is needed (Debian 12 and Ubuntu 24.04 have it)."
}

# need_python LOCK: a virtual environment with exactly what LOCK names, and videodesk itself in it.
need_python() {
  local lock=$root/packaging/$1 stamp=$venv/.$1.sha256 sum
  sum=$(cat "$lock" "$root/pyproject.toml" | sha256sum | cut -d' ' -f1)
  if [ -x "$venv/bin/videodesk" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then return 0; fi
  say "Installing the Python packages of $1 into ${venv/#$root\//}"
  [ -x "$venv/bin/python" ] || "$(find_python)" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e "$root"
  echo "$sum" >"$stamp"
}
