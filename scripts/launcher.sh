#!/bin/sh
':' //; client=${EVERWARM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/everwarm}/client-@VERSION@
':' //; case $1 in vitest | run) [ -x "$client" ] && exec "$client" "$@" ;; esac
':' //; path=$(readlink -f "$0" 2>/dev/null || realpath "$0"); exec node "${path%/*}/main.js" "$@"
// For a shell the lines above are all there is: the small client where one was compiled, else Node. For Node it is this line.
import('./main.js')
