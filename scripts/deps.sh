#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# deps.sh - install what building, testing and showing the firewall needs, from Debian's own packages.
#
# Responsible for: the list of packages, and installing the ones that are missing.  When nothing is missing
# it says nothing and takes a fraction of a second, so that every make target can call it.
# Not responsible for: anything that is not a Debian package; removing packages; configuring services.
#
# Services that come with a package (nginx, rsyslog) are kept from starting during the installation: the tests
# start their own copies in namespaces.  A policy-rc.d that is there already is left as it is.
# Exit status: 0 everything is there (or --check found it so), 1 something is missing and could not be installed.
#
# Use: scripts/deps.sh [--check | --list]

set -u

required=(
	# compiler and libraries
	bash gcc make pkg-config clang llvm libclang-rt-14-dev libbpf-dev libxdp-dev libelf-dev libcunit1-dev
	liburcu-dev libjson-c-dev libedit-dev libmnl-dev libcap-ng-dev libsystemd-dev libc-ares-dev linux-libc-dev
	# what the tests, the bench and the demo run
	bpftool iproute2 iputils-ping iputils-tracepath procps util-linux iperf3 nginx-light curl rsyslog nftables tcpdump tshark
	python3 python3-scapy ethtool conntrack netcat-openbsd man-db dnsmasq-base
)
# Better with them, complete without them.
optional=(clang-19 clang-format clang-tidy)

# => prints the packages of its arguments that are not installed
deps_missing() {
	local p

	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

deps_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
		</dev/null >>"$log" 2>&1
}

case "${1:-}" in
--list)
	printf '%s\n' "${required[@]}"
	exit 0
	;;
--check | '') ;;
*)
	echo "usage: $0 [--check | --list]" >&2
	exit 2
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "deps.sh: this is not a Debian system (no dpkg-query); install by hand: ${required[*]}" >&2
	exit 1
fi

mapfile -t missing < <(deps_missing "${required[@]}")
if [ "${1:-}" = --check ]; then
	[ ${#missing[@]} -eq 0 ] && exit 0
	echo "deps.sh: missing packages: ${missing[*]}" >&2
	exit 1
fi
mapfile -t extra < <(deps_missing "${optional[@]}")
# An optional package that this release does not have stays missing for good: one try, then a note keeps the
# next call quick.
note=/var/cache/asa-deps-optional
if [ ${#missing[@]} -eq 0 ] && { [ ${#extra[@]} -eq 0 ] || [ -e "$note" ]; }; then
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	[ ${#missing[@]} -eq 0 ] && exit 0
	echo "deps.sh: missing packages, and only root can install them: apt-get install ${missing[*]}" >&2
	exit 1
fi

log=$(mktemp /tmp/asa-deps.XXXXXX.log)
policy=
# => undoes the policy file that this run made, and only that one
deps_clean() {
	[ -n "$policy" ] && rm -f "$policy"
}
trap deps_clean EXIT
if [ ! -e /usr/sbin/policy-rc.d ]; then
	policy=/usr/sbin/policy-rc.d
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

echo "deps.sh: installing ${missing[*]} ${extra[*]} ..."
if ! apt-get update -q </dev/null >>"$log" 2>&1; then
	echo "deps.sh: apt-get update failed; trying with the package lists that are there (see $log)" >&2
fi
if [ ${#missing[@]} -gt 0 ] && ! deps_install "${missing[@]}"; then
	echo "deps.sh: apt-get install failed, last lines of $log:" >&2
	tail -n 8 "$log" >&2
	exit 1
fi
for p in "${extra[@]}"; do
	deps_install "$p" || echo "deps.sh: optional package $p is not available here; going on without it"
done
: >"$note" 2>/dev/null
rm -f "$log"
echo "deps.sh: done"
