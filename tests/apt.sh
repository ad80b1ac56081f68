#!/usr/bin/env bash
# Debian packages that the tests marked `apt` need: SLURM, LaTeX, Chromium. Run as root or with sudo.
set -euo pipefail
packages=(slurmctld slurmd slurm-client munge texlive-latex-base texlive-latex-recommended
  texlive-science poppler-utils chromium)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing+=("$package")
done
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
# Packages whose text is read are downloaded and not installed: apt only has to know of them.
apt-cache show dict-gcide libreoffice-help-de >/dev/null 2>&1 || $sudo apt-get update -qq
[ ${#missing[@]} = 0 ] && exit 0
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"
