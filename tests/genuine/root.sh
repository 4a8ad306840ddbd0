#!/usr/bin/env bash
# Lays a Debian root with PACKAGES in it below FOLDER/NAME, over one base that all roots share; prints nothing.
# A second run finds it there. The host's own mail server is not touched: the roots are folders.
# Usage: root.sh FOLDER NAME PACKAGES...
set -euo pipefail
folder=$1 name=$2
shift 2
suite=bookworm
base=$folder/base

if [ ! -e "$base/.made" ]; then
  rm -rf "$base"
  mkdir -p "$base"
  debootstrap --variant=minbase --include=ca-certificates,libfaketime,procps "$suite" "$base" >"$folder/base.log" 2>&1
  printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d" # no service starts when its package is installed
  chmod 755 "$base/usr/sbin/policy-rc.d"
  touch "$base/.made"
fi

layer=$folder/$name
[ -e "$layer/.made" ] && exit 0
rm -rf "$layer"
mkdir -p "$layer/upper" "$layer/work" "$layer/merged"
unshare --mount bash -euo pipefail -c '
  layer=$1 base=$2
  shift 2
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" "$layer/merged"
  mount -t proc proc "$layer/merged/proc"
  mount --rbind /dev "$layer/merged/dev"
  cp -L /etc/resolv.conf /etc/hosts "$layer/merged/etc/"
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  chroot "$layer/merged" apt-get -q -o Acquire::Check-Valid-Until=false update
  chroot "$layer/merged" apt-get -q -y --no-install-recommends install "$@"
  chroot "$layer/merged" apt-get -q clean
' root "$layer" "$base" "$@" >"$layer.log" 2>&1
touch "$layer/.made"
