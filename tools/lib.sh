# Sourced by the scripts of this folder: where the project is, how they speak, how they become root.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# One line about what happens next.
say() { printf '== %s\n' "$*"; }

# Ends the script; the text says what to do.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or by sudo where there is one.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root to run '$*': run make as root, or install sudo"
  fi
}
