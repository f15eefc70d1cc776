#!/bin/sh
# Install bubblewrap by the system's package manager where the user may; else say what to do.
set -u
say() { echo "passk: bubblewrap is missing and $1; programs of the code domain cannot be judged until it is installed (Debian/Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap; Arch: pacman -S bubblewrap). Everything else works." >&2; }
if [ "$(id -u)" = 0 ]; then root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root="sudo -n"
else say "you may not install packages"; exit 0
fi
if command -v apt-get >/dev/null; then
    $root apt-get update -qq >/dev/null 2>&1
    $root apt-get install -y -qq bubblewrap >/dev/null 2>&1
elif command -v dnf >/dev/null; then $root dnf install -y -q bubblewrap
elif command -v pacman >/dev/null; then $root pacman -S --noconfirm bubblewrap
elif command -v zypper >/dev/null; then $root zypper -n -q install bubblewrap
elif command -v apk >/dev/null; then $root apk add -q bubblewrap
else say "no known package manager was found"; exit 0
fi
command -v bwrap >/dev/null || say "its installation failed"
