/**
 * How a command runs in a container, whose connections may break at any time, in POSIX sh.
 *
 * Its two streams are FIFOs. For each a pump writes what comes into files of at most 64 KiB, numbered; of those at most 16 are there,
 * then it waits, and so does the command: a command takes at most 2.2 MB of disk. A follower, one for each connection, says the files
 * in their order, and the engine says which ones it has (`o 3 7`), which are deleted then. Who comes again says what it has, and gets
 * the rest: no byte is lost or doubled.
 *
 * A file counts once its size is in `<file>.s`. `t` wakes the follower, `k.o` and `k.e` hold one line for each file that is gone.
 * After a small file a pump waits a moment, so that a line at a time does not cost processes for each; the first ones go at once.
 *
 * Behind the last byte of a command comes its mark (end-mark.ts), in either stream: what it has left running may hold them for long.
 */
const PUMP = `
pump() {
  n=0
  while :; do
    [ "$n" -lt 16 ] || read -r _ <&4
    dd bs=65536 count=1 of="$d/$1.$n" 2>/dev/null <&3
    s=$(wc -c 2>/dev/null <"$d/$1.$n") 2>/dev/null || break
    s=$((s))
    [ "$s" -gt 0 ] || break
    echo "$s" >"$d/$1.$n.s"
    echo >&5
    n=$((n+1))
    [ "$s" -ge 32768 ] || [ "$n" -lt 9 ] || sleep 0.04
  done 2>/dev/null
  [ -d "$d" ] && : >"$d/$1.end" && echo >&5
  exec cat <&3 >/dev/null
}`

const SUPERVISE = `
ooms() { { while read -r k v; do [ "$k" = oom_kill ] && echo "$v"; done < /sys/fs/cgroup/memory.events || \
while read -r k v; do [ "$k" = oom_kill ] && echo "$v"; done < /sys/fs/cgroup/memory/memory.oom_control; } 2>/dev/null; }
supervise() {
  before=$(ooms)
  # Its own beginning: that of a short command cannot be read any more.
  read -r row </proc/self/stat
  set -- \${row##*) }
  began=\${20}
  exec 7<>"$d/o" 8<>"$d/e"
  exec 3<"$d/o" 4<"$d/e" 5>"$d/o" 6>"$d/e" 7<&- 8<&-
  ( exec 4<&- 5>&- 6>&-; exec 4<>"$d/k.o" 5<>"$d/t"; pump o ) &
  ( exec 3<&4 5>&- 6>&-; exec 4<>"$d/k.e" 5<>"$d/t"; pump e ) &
  ( umask "$mask"; exec 3<&- 4<&- </dev/null >&5 2>&6; exec 5>&- 6>&-; set -- run; eval "$spec" ) &
  child=$!
  exec 3<&- 4<&- 9<>"$d/t"
  echo "$child $began" >"$d/pid"
  echo >&9
  wait "$child"
  code=$?
  why=
  [ "$code" = 137 ] && [ "$(ooms)" != "$before" ] && why=OOMKilled
  echo "$code $why" >"$d/code"
  echo >&9
  ( exec 6>&- 9>&-; printf '\\036%s' "$mark" >&5 ) &
  ( exec 5>&- 9>&-; printf '\\036%s' "$mark" >&6 ) &
}`

const FOLLOW = `
acks() {
  exec 6<>"$d/k.o" 7<>"$d/k.e" 8<>"$d/t"
  while read -r w i x <&3; do
    case $w in
    o|e)
      gone=
      while [ "$i" -le "$x" ]; do
        if [ -e "$d/$w.$i.s" ]; then
          gone="$gone $d/$w.$i $d/$w.$i.s"
          if [ "$w" = o ]; then echo >&6; else echo >&7; fi
        fi
        i=$((i+1))
      done
      [ -z "$gone" ] || rm -f $gone ;;
    p) : >"$d/ping"; echo >&8 ;;
    q) rm -rf "$d"; break ;;
    esac
  done
  kill -KILL $$
}
said() {
  at=$2 i=0
  while [ "$i" -lt 8 ] && [ -s "$d/$1.$at.s" ]; do
    read -r s <"$d/$1.$at.s"
    echo "$1 $at $s"
    cat "$d/$1.$at"
    at=$((at+1)) i=$((i+1)) more=1
  done
}
follow() {
  if [ -s "$d/f" ]; then read -r a b <"$d/f"; kill -KILL $a $b 2>/dev/null; fi
  exec 5<>"$d/t"
  acks &
  echo "$$ $!" >"$d/f"
  on=$1 en=$2 has_p= has_o= has_e= has_m=
  while :; do
    more= is_p= is_o= is_e= is_m=
    [ -z "$has_p" ] && [ -s "$d/pid" ] && is_p=1
    [ -z "$has_m" ] && [ -s "$d/code" ] && is_m=1
    [ -z "$has_o" ] && [ -e "$d/o.end" ] && is_o=1
    [ -z "$has_e" ] && [ -e "$d/e.end" ] && is_e=1
    [ -z "$is_p" ] || { read -r x <"$d/pid"; echo "p $x"; has_p=1; }
    said o "$on"; on=$at
    said e "$en"; en=$at
    [ -z "$is_m" ] || { read -r x <"$d/code"; echo "m $x"; has_m=1; }
    [ -z "$more" ] || continue
    [ -z "$is_o" ] || { echo O; has_o=1; }
    [ -z "$is_e" ] || { echo E; has_e=1; }
    [ ! -e "$d/ping" ] || { rm -f "$d/ping"; echo .; }
    read -r _ <&5 || exit 1
  done
}`

const BEGIN = `
d=$1 mark=$5 mask=$(umask)
umask 077
exec 3<&0 </dev/null
if [ "$2" -gt 0 ]; then
  spec=$(head -c "$2" <&3)
  if mkdir "$d" 2>/dev/null; then
    ( set -- check; eval "$spec" ) >/dev/null 2>&1
    code=$?
    if [ "$code" != 0 ]; then echo "x $code"; rm -rf "$d"; exit 0; fi
    mkfifo "$d/o" "$d/e" "$d/t" "$d/k.o" "$d/k.e" || { echo 'x 120'; rm -rf "$d"; exit 0; }
    supervise 3<&- >/dev/null 2>&1 &
  fi
  spec=
fi
[ -p "$d/k.e" ] || { echo 'x lost'; exit 0; }
follow "$3" "$4"`

export const COMMAND_SCRIPT = [PUMP, SUPERVISE, FOLLOW, BEGIN].join('\n')

/**
 * @param folder of the command, internal
 * @param specBytes of the lines that are sent first; 0: it runs already
 * @param next numbers of the files that come next
 * @param mark what no command says; of the first connection
 */
export const commandArgv = (folder: string, specBytes: number, next: { o: number; e: number }, mark: string): string[] => [
  'sh',
  '-c',
  COMMAND_SCRIPT,
  'everwarm',
  folder,
  String(specBytes),
  String(next.o),
  String(next.e),
  mark,
]
