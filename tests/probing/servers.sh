#!/bin/sh
# Puts the servers that the checks are tried against into a folder: Debian's packages, unpacked and not installed, and two
# Python servers in an environment of their own. Nothing outside the folder changes, and no right of the superuser is needed.
# Then: MIGRATOR_SERVERS=FOLDER pytest -m slow tests/probing
set -eu
mkdir -p "$1"
cd "$1"
apt-get download -q redis-server redis-tools libjemalloc2 liblzf1 openssh-server libwrap0 dnsmasq-base \
    libnfnetlink0 libnetfilter-conntrack3 libnftnl11 libnftables1
for package in ./*.deb; do dpkg-deb -x "$package" .; rm "$package"; done
python3 -m venv venv
venv/bin/pip install -q aiosmtpd==1.4.6 grpcio==1.85.1 grpcio-health-checking==1.85.1
