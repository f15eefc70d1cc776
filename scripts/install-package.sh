#!/bin/sh
# Install a package by the system's package manager where the user may; else say what to do.
# Usage: install-package.sh COMMAND PACKAGE CONSEQUENCE
set -u
command=$1 package=$2 consequence=$3
say() { echo "passk: $command is missing and $1; until it is installed, $consequence (Debian/Ubuntu: apt-get install $package; Fedora: dnf install $package; Arch: pacman -S $package). Everything else works." >&2; }
if [ "$(id -u)" = 0 ]; then root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then root="sudo -n"
else say "you may not install packages"; exit 0
fi
if command -v apt-get >/dev/null; then
    $root apt-get update -qq >/dev/null 2>&1
    $root apt-get install -y -qq "$package" >/dev/null 2>&1
elif command -v dnf >/dev/null; then $root dnf install -y -q "$package"
elif command -v pacman >/dev/null; then $root pacman -S --noconfirm "$package"
elif command -v zypper >/dev/null; then $root zypper -n -q install "$package"
elif command -v apk >/dev/null; then $root apk add -q "$package"
else say "no known package manager was found"; exit 0
fi
command -v "$command" >/dev/null || say "its installation failed"
