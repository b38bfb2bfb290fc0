/**
 * What the idle process of a container can do, in POSIX sh. `$n` is a word that begins its answers.
 * Processes of a command are those that began after it, whatever has become of their parents, groups and sessions; but not those
 * of this process (its session), nor those of other commands that run here and of all that has come from them.
 */
const FUNCTIONS = String.raw`
nl='
'
ew_said() { printf '\n%s %s\n' "$n" "$1"; }
ew_told() { printf '\n%s %s %s\n' "$n" "$1" "$2" >&2; }

ew_mine=
ew_session() { ew_mine=$4; }
{ IFS= read -r s < /proc/$$/stat; } 2>/dev/null && ew_session \${s##*) }

ew_row() {
  case $2 in Z | X) return ;; esac
  [ "$1" = 1 ] || [ "$5" = "$ew_mine" ] || [ "\${21}" -lt "$since" ] && return
  case $others in *" $5 "*) return ;; esac
  ew_of_others "$3" && return
  found="$found $1"
  case $2 in T | t) ;; *) moving="$moving $1" ;; esac
}
ew_of_others() {
  [ "$others" = '  ' ] && return 1
  up=$1
  while [ "$up" -gt 1 ]; do
    case $others in *" $up "*) return 0 ;; esac
    { IFS= read -r line < "/proc/$up/stat"; } 2>/dev/null || return 1
    line=\${line##*) }
    line=\${line#* }
    up=\${line%% *}
  done
  return 1
}
ew_list() {
  found= moving= since=$1
  shift
  others=" $* "
  for d in /proc/[0-9]*; do
    { IFS= read -r s < "$d/stat"; } 2>/dev/null || continue
    ew_row "\${d#/proc/}" \${s##*) }
  done
}
ew_pause() {
  for round in 1 1 1 1 1 .01 .01 .05 .1 .2 .5 1 1 1; do
    ew_list "$@"
    [ -z "$moving" ] && return 0
    kill -STOP $moving 2>/dev/null
    [ $round = 1 ] || sleep $round
  done
  return 1
}
ew_resume() {
  ew_list "$@"
  [ -z "$found" ] || kill -CONT $found 2>/dev/null
  return 0
}
ew_stop() {
  tenths=$1
  shift
  ew_list "$@"
  [ -z "$found" ] && return 0
  if [ "$tenths" -gt 0 ]; then
    kill -TERM $found 2>/dev/null
    kill -CONT $found 2>/dev/null
    for wait in .01 .02 .03 .04; do
      sleep $wait 2>/dev/null || break
      ew_list "$@"
      [ -z "$found" ] && return 0
    done
  fi
  while [ "$tenths" -gt 1 ]; do
    sleep .1 2>/dev/null || { sleep 1 && tenths=$((tenths - 9)); } || break
    tenths=$((tenths - 1))
    ew_list "$@"
    [ -z "$found" ] && return 0
  done
  for wait in 0 0 .01 .02 .05 .1 .2 .5 1 1 1; do
    kill -KILL $found 2>/dev/null
    [ $wait = 0 ] || sleep $wait 2>/dev/null
    ew_list "$@"
    [ -z "$found" ] && return 0
  done
  return 1
}
ew_oom() {
  for f in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r $f ] && while read -r name value; do [ "$name" = oom_kill ] && printf %s "$value"; done < $f
  done
  return 0
}
ew_folders() {
  ok=0
  mkdir -p /data/repo /data/.tmp 2>/dev/null
  for f in /data /data/repo /data/.tmp "$@"; do chmod a+rwx "$f" 2>/dev/null; [ -w "$f" ] || ok=1; done
  return $ok
}
ew_read() {
  [ -f "$1" ] || { printf 'no such file'; return 1; }
  size=$(wc -c < "$1" 2>/dev/null) || { printf 'it cannot be read'; return 1; }
  [ $size -le "$2" ] || { printf 'it has %d bytes' $size; return 1; }
  cat "$1"
}
ew_small() {
  for f in "$1"/*; do
    [ -f "$f" ] && [ ! -L "$f" ] && [ -r "$f" ] || continue
    size=$(wc -c < "$f") || continue
    [ $size -le "$2" ] || continue
    printf '%s\000%d\000' "\${f##*/}" $size
    head -c $size "$f"
  done
}
ew_write() {
  [ -d "\${1%/*}/" ] || mkdir -p "\${1%/*}" 2>&1 || return 1
  { printf %b "$3" > "$1" && { [ -z "$2" ] || chmod "$2" "$1"; }; } 2>&1
}
ew_find() {
  command -v find >/dev/null || return 127
  prune=
  for name in $1; do prune="$prune -type d -name $name -prune -o"; done
  shift
  for root in "$@"; do
    [ -e "$root" ] || continue
    find -H "$root" $prune -type f -print0 2>/dev/null
    find -H "$root" $prune -type l -exec sh -c 'for f; do [ -f "$f" ] && printf "%s\000" "$f"; done' sh {} + 2>/dev/null
  done
  return 0
}
ew_tree() {
  command -v find >/dev/null || return 127
  (cd "$1" && find . -type d -exec printf 'd%s\000' {} + && find . ! -type d '(' -type f -o -type l ')' -exec printf 'f%s\000' {} +) 2>/dev/null
}
ew_empty() {
  mkdir -p "$1" 2>&1 || return 1
  (cd "$1" && rm -rf -- ./* ./.[!.]* ./..?*) 2>&1
}
`.replaceAll('\\$', '$')

/** Waits for lines and does what they say, until its input ends: then the container ends with all that is in it. */
export const IDLE_SCRIPT = `n=$1
shift
${FUNCTIONS}
cat /proc/$$/environ
printf '\\000'
ew_folders "$@"
ew_said $?
while IFS= read -r line; do eval "$line"; done`

/** The same by another user, for what the idle process may not do: program, then arguments. */
export const ONCE_SCRIPT = `${FUNCTIONS}
"$@"`

/**
 * Variables whose names no shell keeps (`discovery.type`) go past it: as texts under names of its own, from which `env` makes them.
 */
export function pastShell(env: Readonly<Record<string, string>>): Record<string, string> {
  const plain: Record<string, string> = {}
  const own: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (/^[A-Za-z_]\w*$/.test(name)) plain[name] = value
    else plain[own[own.push(`EW_ODD_${own.length}`) - 1]!] = `${name}=${value}`
  }
  if (own.length === 0) return plain
  // Options of `env` stand before all variables.
  return { ...plain, EW_ODD: [...own.map((name) => `-u ${name}`), ...own.map((name) => `"$${name}"`)].join(' ') }
}

/**
 * Says its number and when it began, then becomes the command; `!` if there is no such program.
 * @see proc_pid_stat(5): the 20th field after the name is the time of its start
 */
export const BEGIN_SCRIPT = String.raw`ew_begin() { printf '%s %s\n' $$ "\${20}"; }
IFS= read -r s < /proc/$$/stat
case $1 in
  */*) [ -f "$1" ] && [ -x "$1" ] ;;
  *) command -v "$1" >/dev/null 2>&1 ;;
esac || { echo '!'; exit 127; }
ew_begin \${s##*) }
unset -f ew_begin
[ -z "$EW_ODD" ] || eval "unset EW_ODD; exec env $EW_ODD"' "$@"'
exec "$@"`.replaceAll('\\$', '$')

/** A word of `sh` that stands for exactly this text, on one line. */
export const word = (text: string) => `'${text.replaceAll("'", `'\\''`).replaceAll('\n', `'"$nl"'`)}'`

/** For `printf %b`: bytes as they are where they are printable, else as numbers. */
export function escaped(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes)
    text += byte >= 32 && byte < 127 && byte !== 92 ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`
  return text
}
