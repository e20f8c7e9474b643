#!/bin/sh
# NATS on a port of this machine, from the package beside this, which is unpacked and not installed.
PORT="$1" exec package/root/usr/sbin/nats-server --config nats.conf
