#!/bin/sh
# Boots systemd as the first process of namespaces that booted.py has made, in a copy of this system: what it changes is
# forgotten. $1: an empty folder to work in; $2: a folder to be seen inside as /site; $3: an Envoy for /usr/local/bin.
set -eu
folder=$1 site=$2 envoy=$3
mount --make-rprivate /

mount -t tmpfs -o mode=0755,size=1G tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root"
cd "$folder/root"
mkdir -p site proc sys dev run tmp etc/systemd old
mount --bind "$site" site
touch usr/local/bin/envoy
mount --bind "$envoy" usr/local/bin/envoy
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp

# Settings of the kernel are everybody's, but for those of the network.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t proc proc old
mount --bind old/sys/net proc/sys/net
umount old
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=0755 tmpfs dev
for device in full null random tty urandom zero; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr

# Nothing of this system starts but the journal.
rm -rf lib/systemd/system-generators/* lib/systemd/system/*.wants lib/systemd/system/*.requires
rm -rf etc/fstab var/log/journal
# Nor is a site of this host there.
rm -rf etc/egc etc/letsencrypt opt/egc usr/local/bin/egc-site var/lib/egc
mount -t tmpfs -o mode=0755 tmpfs etc/systemd
mkdir -p etc/systemd/system/sysinit.target.wants
ln -s /lib/systemd/system/systemd-journald.service etc/systemd/system/sysinit.target.wants/
tr -d - < /proc/sys/kernel/random/uuid > etc/machine-id

ip link set lo up
pivot_root . old
umount -l old
exec env -i container=egc-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --show-status=no
