#!/bin/sh
# Prosody on a port of this machine, from the package beside this, which is unpacked and not installed: its program is
# told where that is.
mkdir -p data
sed "s#'/usr/lib/prosody#'$PWD/package/root/usr/lib/prosody#" package/root/usr/bin/prosody > prosody.lua
PORT="$1" exec lua5.4 prosody.lua -F --config ./prosody.cfg.lua
